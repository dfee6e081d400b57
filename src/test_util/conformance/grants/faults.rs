//! Checks of callers that leave, and of outages.

use std::time::Duration;

use super::GrantRule;
use super::checks::{Checked, Checks, described, ended};
use super::fixture::{CLIENT, proof};
use super::refreshing::strict;
use crate::grant::{Ending, Grants, Presented, Redemption};
use crate::test_util::conformance::calls::{AWAITS, SETTLING, is_unavailable, left};

impl<G: Grants + Clone> Checks<'_, G> {
    pub(super) async fn callers_that_leave(&mut self) -> Checked {
        for polls in 0..AWAITS {
            self.leave_a_redemption(polls).await?;
            self.leave_a_renewal(polls).await?;
            self.leave_an_ending(polls).await?;
        }
        Ok(())
    }

    async fn leave_a_redemption(&mut self, polls: u32) -> Checked {
        let (code, grant, tokens) = self.offered().await?;
        left(self.grants.redeem(&code, &proof(), &tokens.next()), polls).await;
        let mut whole = false;
        for _ in 0..SETTLING {
            let unused = self.found(Presented::Code(code)).await?.is_some();
            whole = self.in_force(&tokens).await? == (!unused, !unused);
            if whole {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.hold(GrantRule::CallersMayLeave, whole, "a cancelled redemption is half made");
        if self.found(Presented::Code(code)).await?.is_some() {
            let again = ended(self.grants.redeem(&code, &proof(), &self.spare(&grant)?.next())).await?;
            // The cancelled call may be made after the look-up, so that this one is a replay.
            let redeemed = matches!(again, Redemption::Redeemed(_) | Redemption::Replayed(_));
            self.hold(
                GrantRule::CallersMayLeave,
                redeemed,
                "a code cannot be redeemed after a cancelled call",
            );
        }
        Ok(())
    }

    async fn leave_a_renewal(&mut self, polls: u32) -> Checked {
        let (_, first) = self.issued().await?;
        let second = first.after().map_err(described)?;
        let shown = &first.refresh.digests;
        left(self.grants.renew(shown, CLIENT, &strict(), &second.next()), polls).await;
        let mut whole = false;
        for _ in 0..SETTLING {
            let old = self.in_force(&first).await?.1;
            whole = self.in_force(&second).await? == (!old, !old);
            if whole {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.hold(GrantRule::CallersMayLeave, whole, "a cancelled renewal is half made");
        Ok(())
    }

    async fn leave_an_ending(&mut self, polls: u32) -> Checked {
        let (grant, tokens) = self.issued().await?;
        left(self.grants.end(&Ending::Grant(&grant.id)), polls).await;
        let mut whole = false;
        for _ in 0..SETTLING {
            let (access, refresh) = self.in_force(&tokens).await?;
            whole = access == refresh;
            if whole {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.hold(GrantRule::CallersMayLeave, whole, "a cancelled ending is half made");
        Ok(())
    }

    pub(super) async fn outages(&mut self) -> Checked {
        let suite = self.suite;
        let Some(switch) = &suite.outage else { return Ok(()) };
        let (code, offered, first) = self.offered().await?;
        let (grant, tokens) = self.issued().await?;
        let next = tokens.after().map_err(described)?.next();
        let draft = super::fixture::draft().map_err(described)?;
        let spare = self.spare(&draft)?.next();
        switch(true).await;
        let unavailable = [
            is_unavailable(self.grants.redeem(&code, &proof(), &first.next()).await),
            is_unavailable(self.grants.renew(&tokens.refresh.digests, CLIENT, &strict(), &next).await),
            is_unavailable(self.grants.issue(&draft, &spare).await),
            is_unavailable(self.grants.find(&Presented::Access(tokens.access)).await),
            is_unavailable(self.grants.find(&Presented::Access(first.access)).await),
            is_unavailable(self.grants.of_user(grant.user.as_deref().unwrap_or_default()).await),
            is_unavailable(self.grants.end(&Ending::Grant(&offered.id)).await),
            is_unavailable(self.grants.purge(Duration::from_secs(1 << 32)).await),
        ];
        switch(false).await;
        let holds = unavailable.iter().all(|unavailable| *unavailable);
        self.hold(GrantRule::OutagesAreUnavailable, holds, "a store that is down has an outcome");
        let redeemed = ended(self.grants.redeem(&code, &proof(), &first.next())).await?;
        let redeemed = matches!(redeemed, Redemption::Redeemed(_));
        let live = self.in_force(&tokens).await? == (true, true);
        let by_id = self.found(Presented::Grant(grant.id)).await?.is_some();
        let holds = redeemed && live && by_id;
        self.hold(GrantRule::OutagesAreUnavailable, holds, "an outage changed a grant");
        Ok(())
    }
}
