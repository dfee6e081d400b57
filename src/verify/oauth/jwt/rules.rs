//! The rules for a token's claims.

use std::time::{Duration, SystemTime};

use super::issuers::shown;
use super::{Audience, Check, Denial, Facts, Header, Issuers, Json, Path, Purpose, TokenUse, Value};
use crate::rejection::DenialReason;

/// The rules for a token's claims (RFC 9068 section 4, RFC 8725 section 3).
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) issuers: Issuers,
    pub(super) audiences: Vec<Box<str>>,
    /// A claim that replaces `aud`, and the values that it may have.
    pub(super) audience_claim: Option<(Path, Vec<Box<str>>)>,
    /// Clients whose identity tokens are accepted.
    pub(super) clients: Vec<Box<str>>,
    pub(super) uses: Vec<TokenUse>,
    /// Words that name an access token, beside the usual ones.
    pub(super) access_words: Vec<Box<str>>,
    pub(super) leeway: Duration,
    pub(super) lifetime: Duration,
    /// The longest token, in bytes.
    pub(super) length: usize,
    pub(super) facts: Option<&'static Facts>,
}

/// The claims that the rules have checked.
#[derive(Debug)]
pub(super) struct Claimed<'j> {
    pub(super) id: Option<&'j str>,
    pub(super) expires_at: SystemTime,
    /// The time from issue to end, if the token has the time of its issue.
    pub(super) life: Option<Duration>,
}

impl Rules {
    /// Checks everything except the signature.
    pub(super) fn check_claims<'j>(
        &'j self,
        header: &'j Header,
        claims: &'j Json<'j>,
        now: SystemTime,
    ) -> Result<Claimed<'j>, Denial<'j>> {
        self.check_use(header, claims)?;
        if claims.get("cnf").is_some() {
            return Err(Denial::new(Check::Claims, "bound to a key whose proof is not verified"));
        }
        optional(claims, "sub", Json::text)?;
        // An empty one would be the same for every token.
        let id = optional(claims, "jti", Json::text)?.filter(|id| !id.is_empty());
        let (expires_at, life) = self.check_times(claims, now)?;
        Ok(Claimed { id, expires_at, life })
    }

    /// Checks the use of a token. A token that names no purpose may be of several uses; its
    /// audience decides.
    pub(super) fn check_use<'j>(
        &'j self,
        header: &'j Header,
        claims: &'j Json<'j>,
    ) -> Result<(), Denial<'j>> {
        let purpose = Purpose::read(header, claims, &self.access_words)?;
        let mut fitting = self.uses.iter().filter(|accepted| purpose.is(**accepted)).peekable();
        let Some(first) = fitting.peek().copied() else {
            let denial =
                Denial::new(Check::Use, "a token for a different use").expected(Value::List(&self.uses));
            let denial = denial.received(header.typ());
            let other = TokenUse::ALL.iter().find(|other| purpose.is(**other));
            return Err(other.map_or(denial, |other| denial.setting(other.setting())));
        };
        if !fitting.any(|accepted| self.has_audience(accepted.marks().audience, claims)) {
            return Err(self.another_audience(first.marks().audience, claims));
        }
        if first.marks().is_service_account && names_service_account(claims) != Some(true) {
            return Err(Denial::new(Check::Use, "`sub` is not the service account of `kubernetes.io`"));
        }
        self.facts.map_or(Ok(()), |facts| facts.check_claims(claims))
    }

    fn audiences(&self, wanted: Audience) -> &[Box<str>] {
        if wanted == Audience::Client { &self.clients } else { &self.audiences }
    }

    fn has_audience(&self, wanted: Audience, claims: &Json<'_>) -> bool {
        let is_ours = |named: &str| self.audiences(wanted).iter().any(|ours| &**ours == named);
        let text = |name| claims.get(name).and_then(Json::text);
        // OpenID Connect Core 1.0 section 3.1.3.7: the client requested the token, if `aud` has
        // others, too.
        let asked = |several: &[&str]| text("azp").is_some_and(|azp| is_ours(azp) && several.contains(&azp));
        let stands_for_it = wanted != Audience::Client && self.audience_claim.is_some();
        let claim = self.audience_claim.as_ref().filter(|_| stands_for_it);
        let has_claim = claim.is_none_or(|(claim, values)| {
            let is_value = |named: &str| values.iter().any(|value| &**value == named);
            match claim.in_json(claims) {
                Some(Json::Text(one)) => is_value(one),
                Some(several) => several.texts().is_some_and(|several| several.into_iter().any(is_value)),
                None => false,
            }
        });
        has_claim
            && match claims.get("aud") {
                Some(Json::Text(one)) => is_ours(one),
                Some(several) => several.texts().is_some_and(|several| match &*several {
                    [] => stands_for_it,
                    [_, _, ..] if wanted == Audience::Client => asked(&several),
                    _ => several.iter().any(|one| is_ours(one)),
                }),
                None if stands_for_it => true,
                None => wanted == Audience::ServiceOrClient && text("client_id").is_some_and(is_ours),
            }
    }

    fn another_audience<'j>(&'j self, wanted: Audience, claims: &'j Json<'j>) -> Denial<'j> {
        let denial = Denial::new(Check::Audience, "wrong audience").received(shown(claims.get("aud")));
        match (claims.get("aud"), &self.audience_claim) {
            (None, Some((claim, values))) => {
                denial.expected(&**values).received(shown(claim.in_json(claims)))
            }
            (None, None) if wanted == Audience::Service => {
                denial.expected(&*self.audiences).setting("audience_claim")
            }
            _ => {
                denial.expected(self.audiences(wanted)).setting("audience, if the token is for this service")
            }
        }
    }

    /// Checks the dates, which are numbers of seconds, with or without a fraction (RFC 7519 section
    /// 2).
    pub(super) fn check_times<'j>(
        &self,
        claims: &'j Json<'j>,
        now: SystemTime,
    ) -> Result<(SystemTime, Option<Duration>), Denial<'j>> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let leeway = self.leeway.as_secs_f64();
        let late = |why, most, by| {
            Denial::new(Check::Time, why).expected(Value::Seconds(most)).received(Value::Seconds(by))
        };
        let expires = date(claims, "exp")?.ok_or(Denial::new(Check::Time, "no `exp`"))?;
        let issued = date(claims, "iat")?;
        if let Some(issued) = issued.filter(|issued| *issued > now + leeway) {
            return Err(late("`iat` is in the future by more than the leeway", leeway, issued - now)
                .setting("leeway"));
        }
        if let Some(begins) = date(claims, "nbf")?.filter(|begins| *begins > now + leeway) {
            return Err(late("`nbf` is in the future by more than the leeway", leeway, begins - now)
                .setting("leeway"));
        }
        // If there is no date of issue, the longest life counts from now.
        let life = expires - issued.unwrap_or(now);
        if life > self.lifetime.as_secs_f64() {
            let long = late("the lifetime is too long", self.lifetime.as_secs_f64(), life);
            return Err(long.setting("max_lifetime"));
        }
        if now >= expires + leeway {
            let over = late("`exp` is past by the leeway or more", leeway, now - expires);
            return Err(over.because(DenialReason::Expired));
        }
        let impossible = Denial::new(Check::Time, "an invalid date");
        let since = Duration::try_from_secs_f64(expires).map_err(|_| impossible)?;
        let expires_at = SystemTime::UNIX_EPOCH.checked_add(since).ok_or(impossible)?;
        let life = |issued| Duration::try_from_secs_f64(expires - issued).unwrap_or_default();
        Ok((expires_at, issued.map(life)))
    }
}

/// Returns true if `sub` is the name of the service account that the claims describe.
fn names_service_account(claims: &Json<'_>) -> Option<bool> {
    let about = claims.get("kubernetes.io")?;
    let namespace = about.get("namespace")?.text()?;
    let account = about.get("serviceaccount")?.get("name")?.text()?;
    let name = claims.get("sub")?.text()?.strip_prefix("system:serviceaccount:")?;
    Some(name.split_once(':')? == (namespace, account) && !namespace.is_empty() && !account.is_empty())
}

fn optional<'j, T>(
    claims: &'j Json<'j>,
    name: &'static str,
    read: impl FnOnce(&'j Json<'j>) -> Option<T>,
) -> Result<Option<T>, Denial<'j>> {
    let wrong = || Denial::new(Check::Claims, "a claim of the wrong type").received(name);
    claims.get(name).map(|value| read(value).ok_or_else(wrong)).transpose()
}

fn date<'j>(claims: &'j Json<'j>, name: &'static str) -> Result<Option<f64>, Denial<'j>> {
    optional(claims, name, |value| value.number().filter(|date| (0.0..=YEAR_9999).contains(date)))
}

/// The first second after the year 9999.
const YEAR_9999: f64 = 253_402_300_800.0;
