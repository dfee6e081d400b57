//! Checks of ends, windows, and clocks that jump.

use std::time::Duration;

use super::GrantRule;
use super::checks::{Checked, Checks, described, ended};
use super::fixture::{ACCESS, CLIENT, CODE, IDLE, WHOLE, proof};
use super::refreshing::strict;
use crate::grant::{Ending, Grants, Lifetime, Presented, Redemption, RefreshRule, Renewal};
use crate::test_util::TestClock;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

impl<G: Grants + Clone> Checks<'_, G> {
    pub(super) async fn time(&mut self) -> Checked {
        let Some(clock) = self.suite.clock.clone() else { return Ok(()) };
        self.ends(&clock).await?;
        self.end_of_a_grant(&clock).await?;
        self.unlimited_tokens(&clock).await?;
        self.windows(&clock).await?;
        self.clocks_that_jump_back(&clock).await?;
        self.purges(&clock).await
    }

    async fn ends(&mut self, clock: &TestClock) -> Checked {
        let rule = GrantRule::ExpiryIsChecked;
        let (code, grant, tokens) = self.offered().await?;
        clock.advance(CODE);
        let outcome = ended(self.grants.redeem(&code, &proof(), &tokens.next())).await?;
        let expired = matches!(outcome, Redemption::Unknown);
        let expired = expired && self.found(Presented::Code(code)).await?.is_none();
        self.hold(rule, expired, "an expired code is redeemed");
        let _ = grant;
        let (grant, tokens) = self.issued().await?;
        clock.advance(ACCESS - SECOND);
        let live = self.in_force(&tokens).await? == (true, true);
        self.hold(rule, live, "a token ends early");
        clock.advance(SECOND);
        let no_jwt = self.jwts_in_force(&grant.id).await? == [false; 4];
        let only_refresh = no_jwt && self.in_force(&tokens).await? == (false, true);
        self.hold(rule, only_refresh, "an access token outlives its lifetime");
        let (renewal, next) = self.renewed(&tokens, &strict()).await?;
        let renewed = matches!(renewal, Renewal::Renewed(_)) && !self.in_force(&tokens).await?.0;
        self.hold(rule, renewed, "a renewal revived an expired access token");
        clock.advance(IDLE);
        let (renewal, _) = self.renewed(&next, &strict()).await?;
        let expired = matches!(renewal, Renewal::Ended(_)) && self.in_force(&next).await? == (false, false);
        self.hold(rule, expired, "an idle refresh token renews");
        Ok(())
    }

    /// The end of a grant caps the ends of its tokens, and no renewal moves it.
    async fn end_of_a_grant(&mut self, clock: &TestClock) -> Checked {
        let (_, mut tokens) = self.issued().await?;
        let mut left = WHOLE;
        while left > IDLE {
            clock.advance(IDLE - SECOND);
            left -= IDLE - SECOND;
            let (renewal, next) = self.renewed(&tokens, &strict()).await?;
            let renewed = matches!(renewal, Renewal::Renewed(_));
            self.hold(GrantRule::ExpiryIsChecked, renewed, "a used refresh token ends early");
            tokens = next;
        }
        clock.advance(left);
        let (renewal, _) = self.renewed(&tokens, &strict()).await?;
        let over = matches!(renewal, Renewal::Ended(_)) && self.in_force(&tokens).await? == (false, false);
        self.hold(GrantRule::ExpiryIsChecked, over, "a renewal outlives the end of its grant");
        Ok(())
    }

    async fn unlimited_tokens(&mut self, clock: &TestClock) -> Checked {
        let mut grant = super::fixture::draft().map_err(described)?;
        grant.lifetime = None;
        let tokens = self.spare(&grant)?;
        let mut next = tokens.next();
        next.lifetime = Lifetime::Unlimited;
        next.refresh =
            next.refresh.map(|refresh| crate::grant::NextRefresh { idle: Lifetime::Unlimited, ..refresh });
        let issued = ended(self.grants.issue(&grant, &next)).await?;
        let none = (issued.expires_at, issued.refresh_expires_at) == (None, None);
        self.hold(GrantRule::ExpiryIsChecked, none, "an unlimited token has an end");
        clock.advance(HOUR * 24 * 365);
        let live = self.in_force(&tokens).await? == (true, true);
        self.hold(GrantRule::ExpiryIsChecked, live, "an unlimited token ends");
        let (renewal, _) = self.renewed(&tokens, &strict()).await?;
        let renewed = matches!(renewal, Renewal::Renewed(_)) && self.in_force(&tokens).await?.0;
        self.hold(GrantRule::ExpiryIsChecked, renewed, "an unlimited access token ends with a renewal");
        Ok(())
    }

    async fn windows(&mut self, clock: &TestClock) -> Checked {
        let rule = RefreshRule::new().grace(SECOND * 10);
        let (_, first) = self.issued().await?;
        let (_, second) = self.renewed(&first, &rule).await?;
        for _ in 0..3 {
            clock.advance(SECOND * 3);
            let (again, _) = self.renewed(&first, &rule).await?;
            let within = matches!(again, Renewal::Superseded(_));
            self.hold(GrantRule::WindowsAreCounted, within, "the grace window ends early");
        }
        clock.advance(SECOND * 2);
        let (late, _) = self.renewed(&first, &rule).await?;
        let over = matches!(late, Renewal::Reused(_)) && self.in_force(&second).await? == (false, false);
        self.hold(GrantRule::WindowsAreCounted, over, "a retry extended the grace window");
        let rule = strict().recover(SECOND * 10);
        let (_, first) = self.issued().await?;
        for wait in [0, 6, 3] {
            clock.advance(SECOND * wait);
            let (again, _) = self.renewed(&first, &rule).await?;
            let within = matches!(again, Renewal::Renewed(_));
            self.hold(GrantRule::WindowsAreCounted, within, "the recovery window ends early");
        }
        clock.advance(SECOND * 2);
        let (late, _) = self.renewed(&first, &rule).await?;
        let over = matches!(late, Renewal::Reused(_));
        self.hold(GrantRule::WindowsAreCounted, over, "a recovery extended its window");
        Ok(())
    }

    async fn clocks_that_jump_back(&mut self, clock: &TestClock) -> Checked {
        let rule = GrantRule::ClocksReviveNothing;
        let recovering = RefreshRule::new().recover(SECOND * 60);
        let (code, grant, tokens) = self.offered().await?;
        ended(self.grants.redeem(&code, &proof(), &tokens.next())).await.map(drop)?;
        let (_, first) = self.issued().await?;
        let (_, second) = self.renewed(&first, &recovering).await?;
        let (ended_grant, ended_tokens) = self.issued().await?;
        ended(self.grants.end(&Ending::Grant(&ended_grant.id))).await.map(drop)?;
        clock.set_back(HOUR);
        let again = ended(self.grants.redeem(&code, &proof(), &self.spare(&grant)?.next())).await?;
        let refused = !matches!(again, Redemption::Redeemed(_)) && !self.in_force(&tokens).await?.0;
        self.hold(rule, refused, "a clock that jumped back revived a code");
        let (old, _) = self.renewed(&first, &recovering).await?;
        let refused = !matches!(old, Renewal::Renewed(_)) && !self.in_force(&first).await?.1;
        self.hold(rule, refused, "a clock that jumped back revived a refresh token");
        let live = self.in_force(&ended_tokens).await? != (false, false);
        self.hold(rule, !live, "a clock that jumped back revived a grant");
        clock.advance(HOUR);
        let _ = second;
        Ok(())
    }

    async fn purges(&mut self, clock: &TestClock) -> Checked {
        let rule = GrantRule::PurgesKeepWhatCounts;
        // Those of other checks are out of the way.
        clock.advance(WHOLE * 2);
        while ended(self.grants.purge(Duration::ZERO)).await? > 0 {}
        let (_, kept) = self.issued().await?;
        let (over, over_tokens) = self.issued().await?;
        ended(self.grants.end(&Ending::Grant(&over.id))).await.map(drop)?;
        clock.advance(ACCESS + SECOND);
        let none = ended(self.grants.purge(ACCESS * 2)).await?;
        self.hold(rule, none == 0, "a grant is deleted before the retention is over");
        let one = ended(self.grants.purge(Duration::ZERO)).await?;
        self.hold(rule, one == 1, "an ended grant is not deleted");
        let live = self.in_force(&kept).await?.1;
        self.hold(rule, live, "a grant is deleted while its refresh token is in force");
        let next = over_tokens.after().map_err(described)?.next();
        let gone = ended(self.grants.renew(&over_tokens.refresh.digests, CLIENT, &strict(), &next)).await?;
        self.hold(rule, matches!(gone, Renewal::Unknown), "a deleted grant is known");
        clock.advance(IDLE);
        let one = ended(self.grants.purge(Duration::ZERO)).await?;
        self.hold(rule, one == 1, "an expired grant is not deleted");
        Ok(())
    }
}
