//! Names and times, as the database holds them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::SqlError;
use crate::credential::TokenFormat;

/// Maximum length of a name in bytes.
const LONGEST: usize = 255;

/// Returns `true` if a text can be a name in the database. PostgreSQL returns an error, and no
/// answer, for a NUL.
pub(super) fn is_name(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Returns the text if it is a name that may be bound.
pub(super) fn name(text: &str) -> Result<&str, SqlError> {
    if is_name(text) { Ok(text) } else { Err(SqlError::InvalidName) }
}

/// Returns a name that may be bound, or `None` for `None`.
pub(super) fn optional(text: Option<&str>) -> Result<Option<String>, SqlError> {
    text.map(|text| name(text).map(str::to_owned)).transpose()
}

/// Returns the text if it is a public id that may be bound.
pub(super) fn id(text: &str) -> Result<&str, SqlError> {
    if TokenFormat::is_id(text) { Ok(text) } else { Err(SqlError::InvalidName) }
}

/// Returns a tenant as its column holds it; `None` if the text cannot be one.
pub(super) fn tenant(tenant: Option<&str>) -> Option<&str> {
    match tenant {
        None => Some(""),
        Some(tenant) => is_name(tenant).then_some(tenant),
    }
}

/// Returns a time in milliseconds since 1970, limited to the range of the column.
pub(super) fn millis(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, i64::wrapping_neg),
    }
}

/// Returns the time of these milliseconds since 1970, or 1970 if the system cannot represent it.
pub(super) fn time(millis: i64) -> SystemTime {
    let distance = Duration::from_millis(millis.unsigned_abs());
    let time = if millis < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn req_19_what_the_database_cannot_hold_is_no_name() {
        for bad in ["", "a\0", "\n", "a\u{7f}", "a\u{85}", &"x".repeat(256)] {
            assert!(!is_name(bad) && name(bad).is_err() && tenant(Some(bad)).is_none(), "{bad:?}");
        }
        for good in ["a", "alice@example.org", "ü é", "'; DROP TABLE users; --", &"x".repeat(255)] {
            assert!(is_name(good), "{good:?}");
        }
        assert_eq!((tenant(None), tenant(Some("acme"))), (Some(""), Some("acme")));
    }

    #[test]
    fn times_come_back() {
        let at = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        assert_eq!(time(millis(at)), at);
        let before = UNIX_EPOCH - Duration::from_millis(5);
        assert_eq!((millis(before), time(millis(before))), (-5, before));
    }
}
