//! The checks in their order, and what they share.

use super::fixture::{CLIENT, Tokens, draft};
use super::{GrantRule, GrantSuite};
use crate::grant::{Grant, GrantId, Grants, NewGrant, Presented, RefreshRule, Renewal};
pub(super) use crate::test_util::conformance::calls::{Checked, RACERS, described, ended, together};
use crate::test_util::conformance::{Report, Violation};

/// The checks of one store.
pub(super) struct Checks<'s, G> {
    pub(super) suite: &'s GrantSuite,
    pub(super) grants: G,
    violations: Vec<Violation<GrantRule>>,
}

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
            self.lists().await,
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

    /// Returns which of the first four JWTs of a grant are in force.
    pub(super) async fn jwts_in_force(&self, id: &GrantId) -> Result<[bool; 4], String> {
        let mut live = [false; 4];
        for (generation, live) in (1..).zip(&mut live) {
            *live = self.found(Presented::Jwt { grant: id.clone(), generation }).await?.is_some();
        }
        Ok(live)
    }

    /// Returns which of the tokens are in force: access, refresh.
    pub(super) async fn in_force(&self, tokens: &Tokens) -> Result<(bool, bool), String> {
        let access = self.found(Presented::Access(tokens.access)).await?.is_some();
        let refresh = self.found(Presented::Refresh(tokens.refresh.digests)).await?.is_some();
        Ok((access, refresh))
    }
}
