//! Calls of a store: their time limit, their errors, and callers that leave.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::grant::StoreError;

/// The time limit for one call.
const PATIENCE: Duration = Duration::from_secs(10);
/// The number of concurrent calls in a race.
pub(super) const RACERS: usize = 50;
/// The number of awaits of a call at which it is cancelled.
pub(super) const AWAITS: u32 = 12;
/// The number of times that a store is asked for the state after a cancelled call.
pub(super) const SETTLING: u32 = 50;

/// A failure of a call that should not fail.
pub(super) type Checked = Result<(), String>;

/// Runs a call within the time limit, and describes its error.
pub(super) async fn ended<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    timeout(PATIENCE, call).await.map_err(|_| "a call did not end in time".to_owned())?.map_err(described)
}

/// Runs calls at once, each in a task, and returns their outcomes.
pub(super) async fn together<T: Send + 'static, F>(
    calls: impl IntoIterator<Item = F>,
) -> Result<Vec<T>, String>
where
    F: Future<Output = Result<T, String>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for call in calls {
        tasks.spawn(call);
    }
    let mut outcomes = Vec::new();
    while let Some(done) = tasks.join_next().await {
        outcomes.push(done.map_err(|_| "a call panicked".to_owned())??);
    }
    Ok(outcomes)
}

/// Polls a call this often, and drops it.
pub(super) async fn left<F: Future>(call: F, polls: u32) {
    let mut call = pin!(call);
    for _ in 0..polls {
        let done = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
        if done {
            return;
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

pub(super) fn is_unavailable<T>(outcome: Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable(_)))
}

pub(super) fn described(error: impl Into<Failure>) -> String {
    match error.into() {
        Failure::Store(error) => format!("a call failed: {error}"),
        Failure::Random(error) => format!("no randomness: {error}"),
    }
}

/// A failure beside an outcome.
pub(super) enum Failure {
    Store(StoreError),
    Random(io::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Random(error)
    }
}
