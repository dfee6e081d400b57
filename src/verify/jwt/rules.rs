//! What a token has to claim.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Header, Json, Marks, TokenUse};

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

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Expired,
    Other(&'static str),
}

impl Rules {
    /// Whether the token says it is this issuer's: the claim is one text, and the very same.
    pub(super) fn is_ours(&self, claims: &Json<'_>) -> bool {
        claims.get("iss").and_then(Json::text) == Some(&*self.issuer)
    }

    /// Judges everything but the signature.
    pub(super) fn judge<'j>(
        &self,
        header: &Header,
        claims: &'j Json<'_>,
        now: SystemTime,
    ) -> Result<Claimed<'j>, Flaw> {
        let fits = |found: &&TokenUse| is_use(found.marks(), header, claims);
        let marks = self.uses.iter().find(fits).ok_or(Flaw::Other("not a use that is accepted"))?.marks();
        if claims.get("cnf").is_some() {
            return Err(Flaw::Other("bound to a key whose proof is not verified"));
        }
        self.judge_audience(marks, claims).ok_or(Flaw::Other("another audience"))?;
        if claims.get("sub").and_then(Json::text).is_none_or(str::is_empty) {
            return Err(Flaw::Other("no subject"));
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
    fn judge_times(
        &self,
        claims: &Json<'_>,
        now: SystemTime,
    ) -> Result<(SystemTime, Option<Duration>), Flaw> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let leeway = self.leeway.as_secs_f64();
        let expires = date(claims, "exp")?.ok_or(Flaw::Other("no end"))?;
        let issued = date(claims, "iat")?;
        if issued.is_some_and(|issued| issued > now + leeway) {
            return Err(Flaw::Other("issued in the future"));
        }
        if date(claims, "nbf")?.is_some_and(|begins| begins > now + leeway) {
            return Err(Flaw::Other("not yet valid"));
        }
        // Without a date of issue the longest life is counted from now.
        if expires - issued.unwrap_or(now) > self.lifetime.as_secs_f64() {
            return Err(Flaw::Other("a life that is too long"));
        }
        if now >= expires + leeway {
            return Err(Flaw::Expired);
        }
        let since = Duration::try_from_secs_f64(expires).map_err(|_| Flaw::Other("an impossible date"))?;
        let expires_at =
            SystemTime::UNIX_EPOCH.checked_add(since).ok_or(Flaw::Other("an impossible date"))?;
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

fn optional<'a, 'j, T>(
    claims: &'a Json<'j>,
    name: &str,
    read: impl FnOnce(&'a Json<'j>) -> Option<T>,
) -> Result<Option<T>, Flaw> {
    claims.get(name).map(|value| read(value).ok_or(Flaw::Other("a claim of the wrong type"))).transpose()
}

fn date(claims: &Json<'_>, name: &str) -> Result<Option<f64>, Flaw> {
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
