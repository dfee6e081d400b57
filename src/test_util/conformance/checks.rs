//! The checks in their order.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::observation::{self, Observation};
use super::{Report, Rule, Suite, Violation, mutation};
use crate::credential::Credential;
use crate::deadline::{Bounded, caught, timer};
use crate::principal::Principal;
use crate::verify::{Tenancy, Verifier, VerifyContext, VerifyError};

/// The checks of one verifier.
pub(super) struct Checks<'s, V> {
    pub(super) suite: &'s Suite,
    pub(super) verifier: &'s V,
    violations: Vec<Violation>,
}

type Verification<'v> = Pin<Box<dyn Future<Output = Result<Principal, VerifyError>> + Send + 'v>>;

/// The time limit for one verification.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The number of awaits of a verification at which it is cancelled.
const AWAITS: u32 = 24;

/// The number of concurrent verifications of each good credential; low, because password checks are
/// bounded.
const TOGETHER: usize = 4;

impl<'s, V: Verifier> Checks<'s, V> {
    pub(super) const fn new(suite: &'s Suite, verifier: &'s V) -> Self {
        Self { suite, verifier, violations: Vec::new() }
    }

    pub(super) async fn run(mut self) -> Report {
        self.hold(Rule::GoodIsShown, !self.suite.good.is_empty(), || "no good credential given".to_owned());
        self.outage_at_first().await;
        self.good_and_bad().await;
        self.nearly_good().await;
        self.odd_text().await;
        self.other_tenants().await;
        self.identities().await;
        self.callers_that_leave().await;
        self.together().await;
        self.outage_later().await;
        self.endings().await;
        if self.suite.revokes {
            self.revoking().await;
        }
        Report { subject: "verifier", violations: self.violations, unchecked: self.suite.unchecked() }
    }

    async fn good_and_bad(&mut self) {
        let suite = self.suite;
        for (good, makes) in &suite.good {
            let what = format!("a good credential of kind {}", good.kind());
            let seen = self.ask(&what, good, &suite.context()).await;
            let holds = matches!(&seen, Observation::Good(kind, _) if kind == makes);
            self.hold(Rule::GoodIsKnown, holds, || {
                format!("{what} {}, not one of kind {makes}", seen.describe())
            });
        }
        for unknown in &suite.unknown {
            let what = format!("an unknown credential of kind {}", unknown.kind());
            let seen = self.ask(&what, unknown, &suite.context()).await;
            self.hold(Rule::UnknownIsDenied, seen.is_refused(), || format!("{what} {}", seen.describe()));
        }
        for (how, ended) in &suite.ended {
            let what = format!("{how} credential of kind {}", ended.kind());
            let seen = self.ask(&what, ended, &suite.context()).await;
            self.hold(Rule::EndedIsDenied, seen.is_denied(), || format!("{what} {}", seen.describe()));
        }
    }

    async fn nearly_good(&mut self) {
        let suite = self.suite;
        for (good, _) in &suite.good {
            let nearly = mutation::near_misses(good)
                .into_iter()
                .map(|mutation| (Rule::WrongHalvesAreDenied, mutation));
            let others =
                mutation::as_other_kinds(good).into_iter().map(|mutation| (Rule::KindsDoNotLeak, mutation));
            for (rule, (how, mutation)) in nearly.chain(others) {
                if suite.is_good(&mutation) {
                    continue;
                }
                let what = format!("a good credential of kind {}, {how},", good.kind());
                let seen = self.ask(&what, &mutation, &suite.context()).await;
                self.hold(rule, !seen.is_good(), || format!("{what} {}", seen.describe()));
                self.hold(Rule::OddTextIsNoOutage, seen != Observation::Unavailable, || {
                    what.clone() + " is an outage"
                });
            }
        }
    }

    async fn odd_text(&mut self) {
        for (how, odd) in mutation::odd_texts().into_iter().filter(|(_, odd)| !self.suite.is_good(odd)) {
            let (id, secret) = mutation::texts(&odd);
            let lengths = (id.map(str::len), secret.expose_secret().len());
            let what = format!("odd text {how}, of lengths {lengths:?},");
            let seen = self.ask(&what, &odd, &self.suite.context()).await;
            self.hold(Rule::OddTextIsNoOutage, seen.is_refused(), || format!("{what} {}", seen.describe()));
        }
    }

    async fn other_tenants(&mut self) {
        let Some(tenant) = &self.suite.tenant else { return };
        self.hold(Rule::TenancyIsDeclared, self.verifier.tenancy() == Tenancy::Separates, || {
            "`tenancy` does not return `Separates`".to_owned()
        });
        let others = [None, Some(String::new()), Some(format!("{tenant}x")), Some("another".to_owned())];
        for (good, _) in &self.suite.good {
            for other in &others {
                let what = format!("a good credential of kind {} at another tenant", good.kind());
                let context = match other {
                    Some(other) => VerifyContext::default().with_tenant(other.as_str()),
                    None => VerifyContext::default(),
                };
                let seen = self.ask(&what, good, &context).await;
                self.hold(Rule::TenantsAreApart, seen.is_refused(), || format!("{what} {}", seen.describe()));
            }
        }
    }

    async fn callers_that_leave(&mut self) {
        let (suite, context) = (self.suite, self.suite.context());
        let all = || suite.good.iter().map(|(good, _)| good).chain(&suite.unknown);
        for awaits in 0..AWAITS {
            for credential in all() {
                let mut work: Verification<'_> = Box::pin(self.verifier.verify(credential, &context));
                for _ in 0..awaits {
                    if poll_once(&mut work).await {
                        break;
                    }
                    pause(awaits).await;
                }
            }
        }
        for (good, _) in &suite.good {
            let what = format!("a good credential of kind {}, after cancelled verifications,", good.kind());
            let seen = self.ask(&what, good, &context).await;
            self.hold(Rule::CancellationLeavesItWorking, seen.is_good(), || {
                format!("{what} {}", seen.describe())
            });
        }
    }

    async fn together(&mut self) {
        let (suite, context) = (self.suite, self.suite.context());
        let good = suite.good.iter().flat_map(|(good, _)| [good; TOGETHER]);
        let bad = suite.unknown.iter().chain(suite.ended.iter().map(|(_, ended)| ended));
        let all: Vec<&Credential<'_>> = good.chain(bad).collect();
        let mut alone = Vec::new();
        for credential in &all {
            alone.push(Observation::of(&self.verify(credential, &context).await));
        }
        let mut running: Vec<_> = all.iter().map(|one| Box::pin(self.verify(one, &context))).collect();
        let mut answers: Vec<Option<Observation>> = vec![None; running.len()];
        poll_fn(|task| {
            for (work, answer) in running.iter_mut().zip(&mut answers).filter(|(_, answer)| answer.is_none())
            {
                if let Poll::Ready(said) = work.as_mut().poll(task) {
                    *answer = Some(Observation::of(&said));
                }
            }
            if answers.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        drop(running);
        for ((credential, alone), together) in all.iter().zip(&alone).zip(answers.into_iter().flatten()) {
            self.hold(Rule::TogetherAsAlone, *alone == together, || {
                let (kind, alone, together) = (credential.kind(), alone.describe(), together.describe());
                format!("a credential of kind {kind} {alone} alone, and {together} together with others")
            });
        }
    }

    /// Verifies in both ways, and checks the rules that apply to every answer.
    pub(super) async fn ask(
        &mut self,
        what: &str,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Observation {
        let before = caught(|| self.verifier.verify_now(credential, context)).transpose();
        let answer = self.verify(credential, context).await;
        let after = caught(|| self.verifier.verify_now(credential, context)).transpose();
        let seen = Observation::of(&answer);
        for answer in [Some(answer), before, after].into_iter().flatten() {
            for rule in observation::broken(credential, &answer) {
                self.hold(rule, false, || what.to_owned());
            }
            let now = Observation::of(&answer);
            self.hold(Rule::NowAgrees, now == seen, || {
                format!("{what} {} at once, and {} after waiting", now.describe(), seen.describe())
            });
        }
        seen
    }

    pub(super) async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Result<Principal, VerifyError>, crate::deadline::Unfinished> {
        Bounded::new(async { self.verifier.verify(credential, context).await }, PATIENCE).await
    }

    /// Records a violated rule, once for each place where it was seen.
    pub(super) fn hold(&mut self, rule: Rule, holds: bool, seen: impl FnOnce() -> String) {
        if holds {
            return;
        }
        let seen = seen();
        if !self.violations.iter().any(|known| known.rule == rule && known.seen == seen) {
            self.violations.push(Violation { rule, seen });
        }
    }
}

/// Polls once and returns true if the work is done. A panic counts as done, because another check
/// reports it.
async fn poll_once(work: &mut Verification<'_>) -> bool {
    poll_fn(|task| {
        let polled = caught(|| work.as_mut().poll(task).is_ready());
        Poll::Ready(polled.unwrap_or(true))
    })
    .await
}

/// Yields to other tasks for a moment; every second time only to those that are ready.
async fn pause(round: u32) {
    let mut polled = false;
    poll_fn(|task| {
        task.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    if let Some(timer) = timer(Duration::from_micros(u64::from(round) * 20)).filter(|_| round % 2 == 1) {
        timer.await;
    }
}
