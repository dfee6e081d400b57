//! The faults for which a token is refused before its claims are checked.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Check, Denial, Header, HeaderFlaw, Issuers, Json, Jws, Name, Rules, SignatureCheck, Value};
use crate::trace;

/// Records that a verifier has received a token that is too long.
#[derive(Debug, Default)]
pub(super) struct WasLong(AtomicBool);

impl WasLong {
    /// Logs the first one at WARN, because an issuer that writes long tokens makes each of them
    /// fail. A token that is not a JWT is not for this verifier.
    #[cold]
    pub(super) fn warn(&self, token: &str, rules: &Rules) {
        if Jws::split(token).is_some() && !self.0.swap(true, Ordering::Relaxed) {
            let (_issuer, _longest) = (rules.issuers.shown(), rules.length);
            trace::warn!(
                issuer = %_issuer,
                bytes = token.len(),
                longest = _longest,
                setting = "danger_max_token_length",
                "JWT exceeds the maximum length: every token of this length fails"
            );
        }
    }
}

/// Returns the parts of a JWT of at most this many bytes, and its payload as text.
pub(super) fn parts(token: &str, longest: usize) -> Result<(Jws<'_>, String), Denial<'static>> {
    let foreign = |why| Denial::new(Check::Format, why);
    if token.len() > longest {
        return Err(foreign("longer than the maximum length").setting("danger_max_token_length"));
    }
    let jws = Jws::split(token).ok_or_else(|| foreign("not a JWT in the compact form"))?;
    let payload = jws.payload().and_then(|bytes| String::from_utf8(bytes).ok());
    Ok((jws, payload.ok_or_else(|| foreign("a payload that is not base64url of UTF-8"))?))
}

pub(super) fn other_issuer<'j>(issuers: &'j Issuers, claims: &'j Json<'j>) -> Denial<'j> {
    let denial = Denial::new(Check::Issuer, "wrong issuer").expected(issuers.shown());
    let named = claims.get("iss").and_then(Json::text).unwrap_or_default();
    let is_part = |name: &Name| !named.is_empty() && name.to_string().contains(named);
    let denial = denial.received(match claims.get("iss") {
        None => Value::Absent,
        Some(_) if is_address(named) || issuers.names.iter().any(is_part) => Value::Sent(named),
        Some(_) => Value::Text("a text that is not a URL"),
    });
    let is_near = |name: String| name.trim_end_matches('/') == named.trim_end_matches('/');
    if issuers.names.iter().any(|name| is_near(name.to_string())) {
        return denial.setting("builder(issuer), with or without `/` as in the token");
    }
    denial
}

/// Returns true if a text is an address without credentials in it. Any other text that is sent as
/// the issuer can be a secret in the wrong place.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.contains(['@', '?', '#']))
}

pub(super) fn flawed(flaw: &HeaderFlaw) -> Denial<'_> {
    let denial = Denial::new(Check::Header, flaw.why);
    match &flaw.received {
        Some(received) => denial.received(Value::Sent(received)),
        None => denial,
    }
}

/// Translates the signature of the keys for a token.
pub(super) fn signed(header: &Header, signature: SignatureCheck) -> Result<(), Denial<'_>> {
    let (check, why) = match signature {
        SignatureCheck::Valid => return Ok(()),
        SignatureCheck::Invalid => (Check::Signature, "not signed by the key with its `kid`"),
        SignatureCheck::UnknownKey => {
            (Check::Key, "no key of the issuer fits its `kid` and `alg`, or has signed it")
        }
    };
    Err(Denial::new(check, why).received(Value::Any(header)))
}
