//! When credentials were last used, written when there is time for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use super::Database;

/// Notes uses beside the requests: at most once a minute for each credential, whatever the number of
/// nodes, and never while a request waits for it. Where no connection is free the next use is noted.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses(Arc<Mutex<BTreeSet<i64>>>);

/// In milliseconds.
const MINUTE: i64 = 60_000;
/// How many may be on their way at once.
const PENDING: usize = 256;
const NOTE: &str = "UPDATE {p}credentials SET last_used_at = $2
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3) RETURNING id";

impl Uses {
    pub(super) fn note(&self, database: &Database, row: i64, last: Option<i64>, now: i64) {
        let before = now.saturating_sub(MINUTE);
        if last.is_some_and(|last| last > before) || !self.begin(row) {
            return;
        }
        let (uses, database) = (self.clone(), database.clone());
        let work = async move {
            let values = vec![row.into(), now.into(), before.into()];
            let _ = database.write_at_leisure(database.statement(NOTE), values).await;
            uses.end(row);
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(work)),
            Err(_) => self.end(row),
        }
    }

    /// Whether nobody else is writing this one.
    fn begin(&self, row: i64) -> bool {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.len() < PENDING && pending.insert(row)
    }

    fn end(&self, row: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&row);
    }
}
