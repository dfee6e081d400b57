//! Sends each case to its server, and checks the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower_principal::verify::MemoryVerifier;

use super::afterwards;
use super::answers::{self, Answers, Asked, Outcome, equal};
use super::case::{Case, Mode, PORTAL, Via};
use super::fixture::{self, Fixture};
use super::leak;
use super::pages;
use super::portal::{Portal, Said, database};
use super::route::Route;
use super::sent::{self, Sent, send};
use super::site::Site;
use super::template::Filler;
use super::wire::{self, Answer};

/// The servers that the cases are sent to.
pub(crate) struct Bench<P> {
    portals: BTreeMap<String, P>,
    accounts: Arc<MemoryVerifier>,
    answers: Answers,
    seen: Mutex<Seen>,
}

/// The number of concurrent requests of a flood.
const FLOODING: usize = 64;

/// Facts that result only from all answers together.
#[derive(Default)]
struct Seen {
    /// Every secret that was sent to a portal.
    secrets: BTreeMap<String, Vec<Vec<u8>>>,
    /// The first refusal of each kind, with its case. All other refusals of the kind must have the
    /// same bytes.
    refusals: BTreeMap<String, (String, String)>,
}

impl<P: AsRef<Site> + Send + 'static> Bench<P> {
    /// Starts the portals that these cases need.
    pub(crate) async fn start<F>(cases: &[Arc<Case>], start: fn(String) -> F) -> Self
    where
        F: Future<Output = P> + Send + 'static,
    {
        let names = cases.iter().map(|case| case.portal.as_str()).chain([PORTAL]);
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        let mut starting = JoinSet::new();
        for name in names {
            starting.spawn(async move {
                let portal = start(name.clone()).await;
                (name, portal)
            });
        }
        let accounts = tokio::task::spawn_blocking(fixture::accounts).await.unwrap();
        let portals = starting.join_all().await.into_iter().collect();
        Self { portals, accounts, answers: Answers::load(), seen: Mutex::default() }
    }

    /// Runs one case. Returns its failures.
    pub(crate) async fn judge(&self, case: &Case) -> Vec<String> {
        let mut failures = Vec::new();
        if !case.expect.is_empty() {
            let portal = self.portals[&case.portal].as_ref();
            let route = if case.via == Via::Tls { &portal.https } else { &portal.http };
            failures.extend(self.beforehand(case, portal).await);
            self.flood(case, portal).await;
            let known = match self.steps(case, route).await {
                Ok(known) => known,
                Err(failure) => return vec![failure],
            };
            let sent = send(case, Filler::new(&known, &case.id), route).await;
            failures.extend(self.failure(case, "portal", &case.expect, sent));
            failures.extend(self.afterwards(case, portal).await);
        }
        if !case.fixture.is_empty() {
            let fixture = Fixture::start(Arc::clone(&self.accounts)).await;
            let unix = || Route::Unix(fixture.unix());
            let route = if case.via == Via::Unix { unix() } else { Route::Tcp(fixture.address) };
            let sent = send(case, self.filler(case), &route).await;
            failures.extend(self.failure(case, "fixture", &case.fixture, sent));
            if let Some(lookups) = case.lookups.filter(|lookups| *lookups != fixture.lookups()) {
                let asked = fixture.lookups();
                failures.push(format!("{} (fixture): {lookups} look-ups expected, {asked} made", case.id));
            }
        }
        failures
    }

    fn filler(&self, case: &Case) -> Filler<'_> {
        Filler::new(&self.portals[&case.portal].as_ref().credentials, &case.id)
    }

    /// Runs the steps of a case. Returns the demo credentials with the answers to the steps, or the
    /// failure.
    async fn steps(&self, case: &Case, route: &Route) -> Result<Value, String> {
        let mut known = self.portals[&case.portal].as_ref().credentials.clone();
        known["step"] = Value::Array(Vec::new());
        for step in &case.steps {
            let step = case.step(step);
            let sent = send(&step, Filler::new(&known, &case.id), route).await;
            let answer = sent.answer.as_ref().ok();
            let answer = answer.map(|answer| answer.json().unwrap_or_else(|_| pages::carried(answer)));
            let answer = answer.unwrap_or_default();
            if let Some(failure) = self.failure(&step, "portal", &step.expect, sent) {
                return Err(format!("{failure} (the step {})", step.target));
            }
            known["step"].as_array_mut().unwrap().push(answer);
        }
        Ok(known)
    }

    /// Sends the flood of a case. The server must refuse all of its requests.
    async fn flood(&self, case: &Case, portal: &Site) {
        let Some(flood) = &case.flood else { return };
        let permits = Arc::new(Semaphore::new(FLOODING));
        let mut sending = JoinSet::new();
        for number in 0..flood.times {
            let mut filler = self.filler(case).numbered(number);
            let message = sent::message(case, &flood.headers, &mut filler, Vec::new());
            let (permits, route) = (Arc::clone(&permits), portal.http.clone());
            sending.spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                wire::exchange(&route, message, Mode::Http1, false).await.map(|answer| answer.status)
            });
        }
        for status in sending.join_all().await {
            assert!(matches!(status, Ok(400..500)), "{}: {status:?} in the flood", case.id);
        }
    }

    /// A credential that a case ends must be valid before.
    async fn beforehand(&self, case: &Case, portal: &Site) -> Option<String> {
        for line in &case.ends {
            let taken = afterwards::is_taken(portal, &self.filler(case).fill(line)).await;
            if taken != Ok(true) {
                return Some(format!("{}: {line} is not good for this case: {taken:?}", case.id));
            }
        }
        None
    }

    async fn afterwards(&self, case: &Case, portal: &Site) -> Option<String> {
        for line in &case.lives {
            let left = afterwards::lives(portal, &self.filler(case).fill(line)).await;
            if let Err(reason) = left {
                return Some(format!("{}: {reason}; {}", case.id, case.note));
            }
        }
        for line in &case.ends {
            let left = afterwards::ends(portal, &self.filler(case).fill(line)).await;
            if let Err(reason) = left {
                return Some(format!("{}: {reason}; {}", case.id, case.note));
            }
        }
        None
    }

    fn failure(&self, case: &Case, server: &str, expected: &str, sent: Sent) -> Option<String> {
        let judged = self.check(case, server, expected, &sent);
        if server == "portal" {
            let issued = sent.answer.as_ref().map(answers::issued).unwrap_or_default();
            let mut seen = self.seen.lock().unwrap();
            let secrets = seen.secrets.entry(case.portal.clone()).or_default();
            secrets.extend(sent.secrets.into_iter().chain(issued));
        }
        let reason = judged.err()?;
        let got = sent.answer.map_or_else(|error| error, |answer| answer.summary());
        Some(format!("{} ({server}): expected {expected}: {reason}; got {got}; {}", case.id, case.note))
    }

    fn check(&self, case: &Case, server: &str, expected: &str, sent: &Sent) -> Result<(), String> {
        let answer = sent.answer.as_ref().map_err(|error| format!("no answer: {error}"))?;
        let (name, dialect) = self.answers.dialect(case.dialect.as_deref(), case.path());
        let origin = (server == "portal").then(|| self.portals[&case.portal].as_ref().origin.as_str());
        let asked = Asked { method: case.method(), origin };
        let check = |outcome| self.answers.check(outcome, dialect, asked, answer).map(|()| outcome);
        let mut judged: Vec<_> = Outcome::all(expected).map(check).collect();
        let at = judged.iter().position(Result::is_ok).unwrap_or_default();
        let matched = judged.swap_remove(at)?;
        if let Outcome::Passes(_) | Outcome::Given(_) = matched {
            self.identity(case, sent, answer)?;
        }
        if let Some(origin) = origin.filter(|_| case.mode != Mode::Http2)
            && let Outcome::Refused(..) = matched
        {
            let kind = format!("{name} {matched:?} {}", case.method() == "HEAD");
            self.same_bytes(kind, &case.id, answer.bytes().replace(origin, "ORIGIN"))?;
        }
        equal("asked for the body", &answer.continued, &case.continues)?;
        equal("a second answer", &answer.excess, &false)?;
        let took = u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX);
        if !(case.after..=case.within).contains(&took) {
            return Err(format!("took {took} ms, not {} to {} ms", case.after, case.within));
        }
        match leak::find(&answer.whole(), &sent.secrets) {
            Some(secret) => Err(format!("a secret came back: {}", String::from_utf8_lossy(secret))),
            None => Ok(()),
        }
    }

    /// The fields that `whoami` returns beside the kind, or the answer of a token endpoint.
    fn identity(&self, case: &Case, sent: &Sent, answer: &Answer) -> Result<(), String> {
        for (key, expected) in &case.who {
            let expected = self.expected(case, key, expected, sent);
            equal(key, &answer.json()?[key], &expected)?;
        }
        Ok(())
    }

    fn expected(&self, case: &Case, key: &str, expected: &toml::Value, sent: &Sent) -> Value {
        match (key, expected) {
            ("body", _) => fixture::hash(&sent.body).into(),
            (_, toml::Value::String(text)) if text == "null" => Value::Null,
            (_, toml::Value::String(text)) => {
                let filled = self.filler(case).fill(text);
                String::from_utf8_lossy(&filled).into()
            }
            (_, other) => serde_json::to_value(other).unwrap(),
        }
    }

    /// Answers to requests that differ only in a secret are identical.
    fn same_bytes(&self, kind: String, id: &str, bytes: String) -> Result<(), String> {
        let mut seen = self.seen.lock().unwrap();
        let (first, expected) = seen.refusals.entry(kind).or_insert_with(|| (id.to_owned(), bytes.clone()));
        if *expected == bytes {
            Ok(())
        } else {
            Err(format!("{first} was refused with {expected}, this with {bytes}"))
        }
    }
}

impl Bench<Portal> {
    /// Stops the portals, and searches for secrets in everything they logged, counted or stored.
    pub(crate) async fn finish(self) -> Vec<String> {
        let mut secrets = self.seen.into_inner().unwrap().secrets;
        let mut failures = Vec::new();
        for (name, portal) in self.portals {
            let leaked = leaked(portal, secrets.remove(&name).unwrap_or_default()).await;
            let leaked = leaked.unwrap_or_else(|failure| vec![failure]);
            failures.extend(leaked.into_iter().map(|failure| format!("the portal {name}: {failure}")));
        }
        failures
    }
}

/// Stops a portal. Returns the secrets that it logged, counted or stored.
async fn leaked(portal: Portal, secrets: Vec<Vec<u8>>) -> Result<Vec<String>, String> {
    let mut metrics = portal.ask("GET /metrics", &[]).await.body;
    let kept = database(portal.data());
    let Said { printed, mut log, data } = portal.stop().await?;
    if !printed.ends_with("\nready\n") {
        return Err("it printed more than its start".to_owned());
    }
    if log.is_empty() || metrics.is_empty() {
        return Err("it logged or counted nothing".to_owned());
    }
    log.append(&mut metrics);
    log.extend(kept.into_values().chain(database(data.path()).into_values()).flatten());
    let leaked = tokio::task::spawn_blocking(move || leak::all(&log, &secrets)).await.unwrap();
    Ok(leaked.into_iter().map(|secret| format!("its log, metrics or database hold {secret}")).collect())
}

impl Answer {
    /// Everything except the parts that depend on the connection, the route or the time, in a
    /// stable order.
    pub(crate) fn bytes(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !["allow", "connection", "date"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
            .collect();
        headers.sort();
        format!("{} {headers:?} {:?}", self.status, String::from_utf8_lossy(&self.body))
    }

    /// Returns every received byte except those of the status line.
    pub(crate) fn whole(&self) -> Vec<u8> {
        let line = |(name, value): &(String, Vec<u8>)| [name.as_bytes(), b": ", value, b"\n"].concat();
        self.headers.iter().flat_map(line).chain(self.body.iter().copied()).collect()
    }

    fn summary(&self) -> String {
        let challenges: Vec<_> = self
            .all("www-authenticate")
            .iter()
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        let body: String = String::from_utf8_lossy(&self.body).chars().take(160).collect();
        format!("{} {challenges:?} {body}", self.status)
    }
}
