//! The error of keys that cannot be used.

use std::fmt::Write as _;

use thiserror::Error;

use super::LeftOut;
use crate::rejection::denial::Value;

/// A key cannot verify signatures, or conflicts with other keys of its set.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::{Algorithm, KeySet};
///
/// let error =
///     KeySet::from_secret(Algorithm::Hs256, b"too short").unwrap_err();
/// // The text has the reason, and never the key.
/// assert!(!error.to_string().contains("too short"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidKey(String);

impl InvalidKey {
    pub(super) fn new(why: &str) -> Self {
        Self(why.to_owned())
    }

    pub(super) fn left_out(left_out: &[LeftOut]) -> Self {
        let mut text = String::from("not a set of keys that verify signatures");
        for LeftOut { id, why } in left_out.iter().take(NAMED) {
            let _ = write!(text, "; {}: {why}", Value::from(id.as_deref()));
        }
        Self(text)
    }
}

/// The maximum number of keys that an error names.
const NAMED: usize = 5;
