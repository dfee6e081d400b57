//! Checks of ends, and of clocks that jump.

use std::time::Duration;

use super::SessionRule;
use super::checks::{Checks, LIFETIME};
use crate::grant::Sessions;
use crate::test_util::TestClock;
use crate::test_util::conformance::calls::{Checked, ended};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

impl<S: Sessions + Clone> Checks<'_, S> {
    pub(super) async fn time(&mut self) -> Checked {
        let Some(clock) = self.suite.clock.clone() else { return Ok(()) };
        self.ends(&clock).await?;
        self.clocks_that_jump_back(&clock).await?;
        self.purges(&clock).await
    }

    async fn ends(&mut self, clock: &TestClock) -> Checked {
        let rule = SessionRule::ExpiryIsChecked;
        let session = self.created().await?;
        clock.advance(LIFETIME - SECOND);
        let live = self.is_live(&session).await?;
        self.hold(rule, live, "a session ends early");
        clock.advance(SECOND);
        let live = self.is_live(&session).await?;
        self.hold(rule, !live, "a session outlives its lifetime");
        let was_live = ended(self.sessions.end(&session.digest)).await?;
        self.hold(rule, !was_live, "an expired session was in force at its end");
        Ok(())
    }

    async fn clocks_that_jump_back(&mut self, clock: &TestClock) -> Checked {
        let rule = SessionRule::ClocksReviveNothing;
        let (one, other, expired) = (self.created().await?, self.created().await?, self.created().await?);
        ended(self.sessions.end(&one.digest)).await.map(drop)?;
        ended(self.sessions.end_all_of(&other.user)).await.map(drop)?;
        clock.advance(LIFETIME);
        // A log-out after the expiry counts as well.
        ended(self.sessions.end(&expired.digest)).await.map(drop)?;
        clock.set_back(HOUR * 2);
        for session in [&one, &other, &expired] {
            let live = self.is_live(session).await?;
            self.hold(rule, !live, "a clock that jumped back revived a session");
        }
        clock.advance(HOUR * 2);
        Ok(())
    }

    async fn purges(&mut self, clock: &TestClock) -> Checked {
        let rule = SessionRule::PurgesKeepWhatCounts;
        // Those of other checks are out of the way.
        clock.advance(LIFETIME * 2);
        while ended(self.sessions.purge(Duration::ZERO)).await? > 0 {}
        let over = self.created().await?;
        ended(self.sessions.end(&over.digest)).await.map(drop)?;
        clock.advance(LIFETIME / 2);
        let kept = self.created().await?;
        let none = ended(self.sessions.purge(LIFETIME)).await?;
        self.hold(rule, none == 0, "a session is deleted before the retention is over");
        let one = ended(self.sessions.purge(Duration::ZERO)).await?;
        self.hold(rule, one == 1, "an ended session is not deleted");
        let live = self.is_live(&kept).await?;
        self.hold(rule, live, "a session is deleted while it is in force");
        clock.advance(LIFETIME);
        let one = ended(self.sessions.purge(Duration::ZERO)).await?;
        self.hold(rule, one == 1, "an expired session is not deleted");
        Ok(())
    }
}
