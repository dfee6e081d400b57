//! Log lines about the results of fetches.
#![cfg_attr(not(feature = "tracing"), allow(unused_variables))]

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::LeftOut;
use crate::rejection::denial::Value;
use crate::trace;

/// Logs the result of each fetch: at INFO if it differs from the previous result, at DEBUG if not.
/// A set without a usable key is logged at WARN, because every token of the issuer fails.
#[derive(Debug, Default)]
pub(in crate::verify::oauth) struct Report {
    state: RandomState,
    last: Mutex<Option<u64>>,
    failure: Mutex<Option<String>>,
}

impl Report {
    pub(in crate::verify::oauth) fn log(&self, from: Option<&str>, usable: usize, left_out: &[LeftOut]) {
        *self.failure() = None;
        let is_new = self.is_new(usable, left_out);
        for LeftOut { id, why } in left_out {
            let kid = Value::from(id.as_deref());
            match (usable, is_new) {
                (_, false) => trace::debug!(from, %kid, why, "published key ignored"),
                (0, true) => trace::warn!(from, %kid, why, "published key ignored"),
                (_, true) => trace::info!(from, %kid, why, "published key ignored"),
            }
        }
        let left_out = left_out.len();
        match (usable, is_new) {
            (_, false) => trace::debug!(from, usable, left_out, "keys fetched"),
            (0, true) => trace::warn!(from, left_out, "no published key is usable: every token fails"),
            (_, true) => trace::info!(from, usable, left_out, "keys fetched"),
        }
    }

    /// Logs the reason of a failed fetch, and keeps it.
    pub(in crate::verify::oauth) fn failed(&self, from: Option<&str>, error: &impl fmt::Display) {
        trace::warn!(from, %error, "fetching an issuer's keys failed");
        *self.failure() = Some(error.to_string());
    }

    /// Returns the reason of the last failed fetch.
    pub(in crate::verify::oauth) fn why(&self) -> String {
        let why = self.failure().clone();
        why.unwrap_or_else(|| "no published key is usable, or no fetch has completed".to_owned())
    }

    fn failure(&self) -> MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_new(&self, usable: usize, left_out: &[LeftOut]) -> bool {
        let found = self.state.hash_one((usable, left_out));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.replace(found) != Some(found)
    }
}
