//! Times of the last use of credentials, written only while a connection is free.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use super::Database;

/// Recorder of uses beside the requests.
///
/// It writes at most once a minute for each credential, with any number of nodes, and never while a
/// request waits for it. If no connection is free, the next use is recorded instead.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses(Arc<Mutex<BTreeSet<i64>>>);

/// Length of a minute in milliseconds.
const MINUTE: i64 = 60_000;
/// Maximum number of writes under way at once.
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

    /// Returns `true` if no other write of this credential is under way and there is room for one.
    fn begin(&self, row: i64) -> bool {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.len() < PENDING && pending.insert(row)
    }

    fn end(&self, row: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&row);
    }
}
