//! The checks in their order, and what they share.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::fixture::{CLIENT, Tokens, draft};
use super::{GrantRule, GrantSuite};
use crate::grant::{Grant, Grants, NewGrant, Presented, RefreshRule, Renewal, StoreError};
use crate::test_util::conformance::{Report, Violation};

/// The checks of one store.
pub(super) struct Checks<'s, G> {
    pub(super) suite: &'s GrantSuite,
    pub(super) grants: G,
    violations: Vec<Violation<GrantRule>>,
}

/// The time limit for one call.
const PATIENCE: Duration = Duration::from_secs(10);
/// The number of concurrent calls in a race.
pub(super) const RACERS: usize = 50;

/// A failure of a call that should not fail.
pub(super) type Checked = Result<(), String>;

impl<'s, G: Grants + Clone> Checks<'s, G> {
    pub(super) const fn new(suite: &'s GrantSuite, grants: G) -> Self {
        Self { suite, grants, violations: Vec::new() }
    }

    pub(super) async fn run(mut self) -> Report<GrantRule> {
        let done = [
            self.outages().await,
            self.codes().await,
            self.refreshing().await,
            self.ending().await,
            self.callers_that_leave().await,
            self.time().await,
        ];
        for error in done.into_iter().filter_map(Result::err) {
            self.hold(GrantRule::EverythingEnds, false, &error);
        }
        Report { subject: "store", violations: self.violations, unchecked: self.suite.unchecked() }
    }

    pub(super) fn hold(&mut self, rule: GrantRule, holds: bool, seen: &str) {
        if !holds && !self.violations.iter().any(|violation| violation.rule == rule && violation.seen == seen)
        {
            self.violations.push(Violation { rule, seen: seen.to_owned() });
        }
    }

    /// Issues a grant with tokens.
    pub(super) async fn issued(&self) -> Result<(NewGrant, Tokens), String> {
        let grant = draft().map_err(described)?;
        let tokens = Tokens::first(&grant.id).map_err(described)?;
        ended(self.grants.issue(&grant, &tokens.next())).await?;
        Ok((grant, tokens))
    }

    /// Renews a grant and returns the outcome and the tokens that were given.
    pub(super) async fn renewed(
        &self,
        with: &Tokens,
        rule: &RefreshRule,
    ) -> Result<(Renewal, Tokens), String> {
        let next = with.after().map_err(described)?;
        let tokens = next.next();
        let outcome = ended(self.grants.renew(&with.refresh.digests, CLIENT, rule, &tokens)).await?;
        Ok((outcome, next))
    }

    /// Returns the grant of a token that is in force.
    pub(super) async fn found(&self, token: Presented) -> Result<Option<Grant>, String> {
        ended(self.grants.find(&token)).await
    }

    /// Returns which of the tokens are in force: access, refresh.
    pub(super) async fn in_force(&self, tokens: &Tokens) -> Result<(bool, bool), String> {
        let access = self.found(Presented::Access(tokens.access)).await?.is_some();
        let refresh = self.found(Presented::Refresh(tokens.refresh.digests)).await?.is_some();
        Ok((access, refresh))
    }
}

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
