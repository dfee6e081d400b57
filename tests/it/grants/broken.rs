//! Stores that are broken on purpose: the suite finds the broken rule of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tower_principal::credential::Digest;
use tower_principal::grant::{
    CodeProof, Ending, Grant, Grants, MemoryGrants, NewCode, NewGrant, NextTokens, Presented, Redemption,
    RefreshDigests, RefreshRule, Renewal, StoreError,
};
use tower_principal::test_util::TestClock;
use tower_principal::test_util::conformance::{GrantRule, GrantSuite, Report};

/// The fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    ChecksBeforeItRedeems,
    ForgetsUsedCodes,
    ComparesOnlyTheClient,
    MintsForEachRacer,
    ForgetsUsedRefreshTokens,
    TakesAnyClientsRefreshToken,
    StoresAnotherAccessToken,
    LosesTheAudience,
    RecoversNothing,
    EndsNothing,
    EndsForAnyClient,
    OverwritesGrants,
    FailsForOddText,
    RedeemsInTwoSteps,
    SaysUnknownInAnOutage,
    KeepsCodesForLonger,
    ExtendsTheGrace,
    ListsOnlyTokens,
    OrdersByTheClock,
    PurgesAtOnce,
    FailsToRenew,
    ForgetsGenerations,
    KeepsJwtsOfEndedGrants,
}

#[derive(Clone)]
struct Broken {
    inner: MemoryGrants,
    fault: Fault,
    is_down: Arc<AtomicBool>,
}

impl Broken {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn up(&self) -> Result<(), StoreError> {
        if self.is_down.load(Ordering::SeqCst) { Err(StoreError::unavailable("down")) } else { Ok(()) }
    }

    async fn grant(&self, refresh: &RefreshDigests) -> Option<Grant> {
        self.inner.find(&Presented::Refresh(*refresh)).await.unwrap()
    }
}

impl Grants for Broken {
    async fn offer(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError> {
        self.up()?;
        let mut code = code.clone();
        if self.is(Fault::ComparesOnlyTheClient) {
            (code.challenge, code.redirect_uri) = (None, None);
        }
        if self.is(Fault::KeepsCodesForLonger) {
            code.lifetime *= 2;
        }
        self.inner.offer(grant, &code).await
    }

    async fn redeem(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError> {
        self.up()?;
        let found = self.inner.find(&Presented::Code(*code)).await?;
        match self.fault {
            Fault::ChecksBeforeItRedeems => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                let outcome = self.inner.redeem(code, proof, next).await?;
                Ok(match (outcome, found) {
                    (Redemption::Replayed(_), Some(grant)) => Redemption::Redeemed(Box::new(grant)),
                    (outcome, _) => outcome,
                })
            }
            Fault::ForgetsUsedCodes if found.is_none() => Ok(Redemption::Unknown),
            Fault::ComparesOnlyTheClient => {
                self.inner.redeem(code, &CodeProof::new(proof.client()), next).await
            }
            Fault::FailsForOddText if proof.client().contains('\0') => Err(StoreError::unavailable("NUL")),
            Fault::RedeemsInTwoSteps => {
                let mut first = next.clone();
                first.access = Digest::random().unwrap();
                let outcome = self.inner.redeem(code, proof, &first).await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
                let (Redemption::Redeemed(_), Some(refresh)) = (&outcome, next.refresh) else {
                    return Ok(outcome);
                };
                let second = NextTokens::new(next.access, next.lifetime);
                let (rule, shown) = (RefreshRule::new(), refresh.digests);
                let renewed = self.inner.renew(&shown, proof.client(), &rule, &second).await?;
                let Renewal::Renewed(mut grant) = renewed else { return Ok(outcome) };
                grant.generation = 1;
                Ok(Redemption::Redeemed(grant))
            }
            _ => self.inner.redeem(code, proof, next).await,
        }
    }

    async fn renew(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError> {
        self.up()?;
        let found = self.grant(refresh).await;
        let (mut next, mut rule, mut client) = (next.clone(), *rule, client.to_owned());
        match self.fault {
            Fault::FailsToRenew => return Err(StoreError::unavailable("broken")),
            Fault::ForgetsUsedRefreshTokens if found.is_none() => return Ok(Renewal::Unknown),
            Fault::TakesAnyClientsRefreshToken => client = found.map_or(client, |grant| grant.client),
            Fault::LosesTheAudience if next.audience.is_none() => {
                next = next.audience(["https://one.example"]);
            }
            Fault::RecoversNothing => rule = rule.recover(Duration::ZERO),
            Fault::ExtendsTheGrace => rule = rule.grace(RefreshRule::LONGEST_GRACE),
            _ => {}
        }
        let outcome = self.inner.renew(refresh, &client, &rule, &next).await?;
        // Another caller may have ended the grant by now.
        if let Renewal::Superseded(id) = &outcome
            && let Some(grant) = self.inner.find(&Presented::Grant(id.clone())).await?
        {
            let is_early = grant.now < grant.created_at;
            if self.is(Fault::MintsForEachRacer) || (self.is(Fault::OrdersByTheClock) && is_early) {
                return Ok(Renewal::Renewed(Box::new(grant)));
            }
        }
        if self.is(Fault::OrdersByTheClock) && matches!(outcome, Renewal::Reused(_)) {
            let mut grant = Grant::from_draft(&super::new("conformance"), SystemTime::now());
            grant.generation = 1;
            return Ok(Renewal::Renewed(Box::new(grant)));
        }
        Ok(outcome)
    }

    async fn issue(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError> {
        self.up()?;
        let mut next = next.clone();
        if self.is(Fault::StoresAnotherAccessToken) {
            next.access = Digest::random().unwrap();
        }
        match self.inner.issue(grant, &next).await {
            Err(StoreError::Exists) if self.is(Fault::OverwritesGrants) => {
                Ok(Grant::from_draft(grant, SystemTime::now()))
            }
            outcome => outcome,
        }
    }

    async fn find(&self, token: &Presented) -> Result<Option<Grant>, StoreError> {
        if self.is(Fault::SaysUnknownInAnOutage) && self.up().is_err() {
            return Ok(None);
        }
        self.up()?;
        match token {
            Presented::Jwt { grant, .. } if self.is(Fault::ForgetsGenerations) => {
                self.inner.find(&Presented::Grant(grant.clone())).await
            }
            Presented::Jwt { .. } if self.is(Fault::KeepsJwtsOfEndedGrants) => {
                Ok(Some(Grant::from_draft(&super::new("conformance"), SystemTime::now())))
            }
            _ => self.inner.find(token).await,
        }
    }

    async fn of_user(&self, user: &str) -> Result<Vec<Grant>, StoreError> {
        self.up()?;
        let mut grants = self.inner.of_user(user).await?;
        grants.retain(|grant| !self.is(Fault::ListsOnlyTokens) || grant.generation > 0);
        Ok(grants)
    }

    async fn end(&self, what: &Ending<'_>) -> Result<usize, StoreError> {
        self.up()?;
        match *what {
            Ending::Grant(id) if self.is(Fault::EndsNothing) => {
                let found = self.inner.find(&Presented::Grant(id.clone())).await?;
                Ok(usize::from(found.is_some()))
            }
            Ending::User { user, .. } if self.is(Fault::EndsForAnyClient) => {
                self.inner.end(&Ending::User { user, client: None }).await
            }
            _ => self.inner.end(what).await,
        }
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        self.up()?;
        let retention = if self.is(Fault::PurgesAtOnce) { Duration::ZERO } else { retention };
        self.inner.purge(retention).await
    }
}

async fn check(fault: Fault) -> Report<GrantRule> {
    let clock = TestClock::default();
    let is_down = Arc::new(AtomicBool::new(false));
    let inner = MemoryGrants::new().with_clock(clock.clone());
    let grants = Broken { inner, fault, is_down: Arc::clone(&is_down) };
    let suite = GrantSuite::new().clock(clock).outage(move |down| {
        is_down.store(down, Ordering::SeqCst);
        std::future::ready(())
    });
    suite.check(&grants).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_store_is_found() {
    let sound = check(Fault::None).await;
    sound.assert_holds();
    assert!(sound.unchecked().is_empty());
    for (fault, rule) in [
        (Fault::ChecksBeforeItRedeems, GrantRule::CodesWorkOnce),
        (Fault::ForgetsUsedCodes, GrantRule::ReplayEndsTheGrant),
        (Fault::ComparesOnlyTheClient, GrantRule::ProofsAreCompared),
        (Fault::MintsForEachRacer, GrantRule::RefreshTokensWorkOnce),
        (Fault::ForgetsUsedRefreshTokens, GrantRule::ReuseEndsTheGrant),
        (Fault::TakesAnyClientsRefreshToken, GrantRule::GuessesChangeNothing),
        (Fault::StoresAnotherAccessToken, GrantRule::AnswersAreInForce),
        (Fault::LosesTheAudience, GrantRule::GrantsKeepTheirScopes),
        (Fault::RecoversNothing, GrantRule::RecoveryLeavesOneSuccessor),
        (Fault::EndsNothing, GrantRule::EndedStaysEnded),
        (Fault::EndsForAnyClient, GrantRule::EndingIsExact),
        (Fault::ListsOnlyTokens, GrantRule::GrantsAreListed),
        (Fault::OverwritesGrants, GrantRule::DigestsAreUnique),
        (Fault::FailsForOddText, GrantRule::OddTextIsUnknown),
        (Fault::RedeemsInTwoSteps, GrantRule::CallersMayLeave),
        (Fault::SaysUnknownInAnOutage, GrantRule::OutagesAreUnavailable),
        (Fault::KeepsCodesForLonger, GrantRule::ExpiryIsChecked),
        (Fault::ExtendsTheGrace, GrantRule::WindowsAreCounted),
        (Fault::OrdersByTheClock, GrantRule::ClocksReviveNothing),
        (Fault::PurgesAtOnce, GrantRule::PurgesKeepWhatCounts),
        (Fault::FailsToRenew, GrantRule::EverythingEnds),
        (Fault::ForgetsGenerations, GrantRule::AnswersAreInForce),
        (Fault::KeepsJwtsOfEndedGrants, GrantRule::EndedStaysEnded),
    ] {
        let report = check(fault).await;
        let found = report.violations().iter().any(|violation| violation.rule() == rule);
        assert!(found, "{fault:?} does not break {rule:?}: {report}");
    }
}

#[tokio::test]
async fn a_suite_without_a_clock_and_a_switch_names_what_it_did_not_check() {
    let report = GrantSuite::new().check(&MemoryGrants::new()).await;
    report.assert_holds();
    assert_eq!(report.unchecked().len(), 2);
}
