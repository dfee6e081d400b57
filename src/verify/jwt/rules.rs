//! What a token has to claim.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Check, Denial, Header, Json, Marks, TokenUse, Value};
use crate::verify::Reason;

/// What a token has to claim (RFC 9068 section 4, RFC 8725 section 3).
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) issuer: Arc<str>,
    pub(super) audiences: Vec<Box<str>>,
    pub(super) uses: Vec<TokenUse>,
    pub(super) leeway: Duration,
    pub(super) lifetime: Duration,
}

/// What was claimed, by the rules.
#[derive(Debug)]
pub(super) struct Claimed<'j> {
    pub(super) id: Option<&'j str>,
    pub(super) expires_at: SystemTime,
    /// From its issue to its end, where it says when it was issued.
    pub(super) life: Option<Duration>,
}

impl Rules {
    /// Whether the token says it is this issuer's: the claim is one text, and the very same.
    pub(super) fn is_ours(&self, claims: &Json<'_>) -> bool {
        claims.get("iss").and_then(Json::text) == Some(&*self.issuer)
    }

    /// Judges everything except the signature.
    pub(super) fn judge<'j>(
        &'j self,
        header: &'j Header,
        claims: &'j Json<'j>,
        now: SystemTime,
    ) -> Result<Claimed<'j>, Denial<'j>> {
        let fits = |found: &&TokenUse| is_use(found.marks(), header, claims);
        let Some(accepted) = self.uses.iter().find(fits) else {
            let denial = Denial::new(Check::Use, "a token for another use").expected(Value::List(&self.uses));
            return Err(denial.received(header.typ()));
        };
        if claims.get("cnf").is_some() {
            return Err(Denial::new(Check::Claims, "bound to a key whose proof is not verified"));
        }
        self.judge_audience(accepted.marks(), claims).ok_or_else(|| {
            let denial = Denial::new(Check::Audience, "another audience").expected(&*self.audiences);
            denial.received(shown(claims.get("aud")))
        })?;
        if claims.get("sub").and_then(Json::text).is_none_or(str::is_empty) {
            return Err(Denial::new(Check::Claims, "no subject"));
        }
        // An empty one would be the same for every token.
        let id = optional(claims, "jti", Json::text)?.filter(|id| !id.is_empty());
        let (expires_at, life) = self.judge_times(claims, now)?;
        Ok(Claimed { id, expires_at, life })
    }

    fn judge_audience(&self, marks: &Marks, claims: &Json<'_>) -> Option<()> {
        let is_ours = |named: &str| self.audiences.iter().any(|ours| &**ours == named);
        let found = match claims.get("aud") {
            Some(Json::Text(one)) => is_ours(one),
            Some(several) => several.texts()?.into_iter().any(is_ours),
            None if marks.client_for_audience => is_ours(claims.get("client_id")?.text()?),
            None => false,
        };
        found.then_some(())
    }

    /// Dates are numbers of seconds, with or without a fraction (RFC 7519 section 2).
    fn judge_times<'j>(
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
            return Err(late("`iat` is in the future by more than the leeway", leeway, issued - now));
        }
        if let Some(begins) = date(claims, "nbf")?.filter(|begins| *begins > now + leeway) {
            return Err(late("`nbf` is in the future by more than the leeway", leeway, begins - now));
        }
        // Without a date of issue the longest life is counted from now.
        let life = expires - issued.unwrap_or(now);
        if life > self.lifetime.as_secs_f64() {
            return Err(late("the lifetime is too long", self.lifetime.as_secs_f64(), life));
        }
        if now >= expires + leeway {
            let over = late("`exp` is past by the leeway or more", leeway, now - expires);
            return Err(over.because(Reason::Expired));
        }
        let impossible = Denial::new(Check::Time, "an impossible date");
        let since = Duration::try_from_secs_f64(expires).map_err(|_| impossible)?;
        let expires_at = SystemTime::UNIX_EPOCH.checked_add(since).ok_or(impossible)?;
        let life = |issued| Duration::try_from_secs_f64(expires - issued).unwrap_or_default();
        Ok((expires_at, issued.map(life)))
    }
}

/// Whether header and claims are what this use has.
fn is_use(marks: &Marks, header: &Header, claims: &Json<'_>) -> bool {
    let token_use = claims.get("token_use");
    let is_other = |name: &&str| claims.get(name).is_some();
    marks.kinds.contains(&header.kind)
        && token_use.map(Json::text) == marks.token_use.map(Some)
        && !OTHERS.iter().any(is_other)
        && (marks.is_identity || !IDENTITY.iter().any(is_other))
        && KINDS.iter().all(|name| {
            let kind = claims.get(name);
            kind.is_none_or(|kind| {
                kind.text().is_some_and(|kind| ACCESS.iter().any(|known| known.eq_ignore_ascii_case(kind)))
            })
        })
}

/// A claim for a log line, which no personal claim may go to.
pub(super) fn shown<'j>(claim: Option<&'j Json<'j>>) -> Value<'j> {
    claim.map_or(Value::Absent, |claim| Value::Any(claim))
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

/// Claims that only identity tokens have (OpenID Connect Core 1.0, sections 2 and 3.3.2.11).
const IDENTITY: &[&str] = &["nonce", "at_hash", "c_hash", "s_hash"];

/// Claims of logout and event tokens (`events`, RFC 8417) and of DPoP proofs (RFC 9449 section 4.2).
const OTHERS: &[&str] = &["events", "htm", "htu", "ath"];

/// Claims by which issuers tell their access tokens (Keycloak's `typ`, others' `token_type`) ..
const KINDS: &[&str] = &["typ", "token_type"];

/// .. and what they say then.
const ACCESS: &[&str] = &["Bearer", "access", "access_token", "at+jwt"];

/// The first second after the year 9999.
const YEAR_9999: f64 = 253_402_300_800.0;
