//! Members of an answer, with their types.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Check, Denial, Json};

/// Returns true if the audience (a text or a list of texts) has this name.
pub(super) fn is_for(claims: &Json<'_>, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Json::Text(one)) => one == audience,
        Some(several) => several.texts().is_some_and(|several| several.contains(&audience)),
        None => false,
    }
}

/// Returns a text, or `None` if the claim is absent, `null` or empty.
pub(super) fn text_of<'c>(claims: &'c Json<'_>, name: &'static str) -> Result<Option<&'c str>, Denial<'c>> {
    match claims.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => {
            let text = value.text().ok_or_else(|| wrong_type(name))?;
            Ok(Some(text).filter(|text| !text.is_empty()))
        }
    }
}

/// Returns a `NumericDate` (RFC 7519 section 2).
pub(super) fn time_of<'c>(
    claims: &'c Json<'_>,
    name: &'static str,
) -> Result<Option<SystemTime>, Denial<'c>> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.number().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let time = seconds.and_then(|since| UNIX_EPOCH.checked_add(since));
    time.map(Some).ok_or_else(|| wrong_type(name))
}

fn wrong_type(name: &'static str) -> Denial<'static> {
    Denial::new(Check::Claims, "a claim of the wrong type").received(name)
}
