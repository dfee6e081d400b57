//! Values of grants, as their columns hold them.

use std::time::{Duration, SystemTime};

use crate::credential::Digest;
use crate::grant::{Lifetime, NextTokens, StoreError};
use crate::verify::sql::{Value, names};

/// Maximum length of a redirect URI in bytes.
const LONGEST: usize = 4096;

/// Returns `true` if the database can hold a text, which may be empty.
pub(super) fn is_text(text: &str) -> bool {
    text.len() <= LONGEST && !text.chars().any(char::is_control)
}

pub(super) fn text(text: Option<&str>, what: &'static str) -> Result<Option<String>, StoreError> {
    if text.is_none_or(is_text) { Ok(text.map(str::to_owned)) } else { Err(StoreError::Invalid(what)) }
}

/// Returns the audience that an access token is narrowed to. An empty one narrows nothing, because
/// it would be that of any service.
pub(super) fn narrowed(next: &NextTokens) -> Result<Option<String>, StoreError> {
    next.audience.as_deref().filter(|names| !names.is_empty()).map(audience).transpose()
}

/// Returns an audience as its column holds it.
pub(super) fn audience(audience: &[String]) -> Result<String, StoreError> {
    let fits = |name: &String| !name.is_empty() && is_text(name) && !name.contains(' ');
    if audience.iter().all(fits) { Ok(audience.join(" ")) } else { Err(StoreError::Invalid("an audience")) }
}

pub(super) fn until(lifetime: Lifetime, now: SystemTime) -> Option<i64> {
    lifetime.from(now).map(names::millis)
}

pub(super) fn duration(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn count(generation: u64) -> i64 {
    i64::try_from(generation).unwrap_or(i64::MAX)
}

pub(super) fn bytes(digest: Option<Digest>) -> Value {
    digest.map_or(Value::Bytes(None), Value::from)
}
