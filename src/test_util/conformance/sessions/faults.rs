//! Checks of callers that leave, and of outages.

use std::time::Duration;

use super::SessionRule;
use super::checks::{Checks, own_draft};
use crate::grant::{NewSession, Sessions};
use crate::test_util::conformance::calls::{AWAITS, Checked, SETTLING, is_unavailable, left};

impl<S: Sessions + Clone> Checks<'_, S> {
    pub(super) async fn callers_that_leave(&mut self) -> Checked {
        for polls in 0..AWAITS {
            self.leave_a_creation(polls).await?;
            self.leave_an_ending(polls).await?;
        }
        Ok(())
    }

    async fn leave_a_creation(&mut self, polls: u32) -> Checked {
        let draft = own_draft()?.uuid("uuid");
        left(self.sessions.create(&draft), polls).await;
        let mut whole = false;
        for _ in 0..SETTLING {
            whole = self.found(&draft).await?.is_none_or(|found| found.uuid == draft.uuid);
            if whole {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.hold(SessionRule::CallersMayLeave, whole, "a cancelled creation is half made");
        Ok(())
    }

    async fn leave_an_ending(&mut self, polls: u32) -> Checked {
        let first = self.created().await?;
        let second = self.created_for(&first.user).await?;
        let third = self.created_for(&first.user).await?;
        left(self.sessions.end_all_of(&first.user), polls).await;
        let all: [&NewSession; 3] = [&first, &second, &third];
        let mut whole = false;
        for _ in 0..SETTLING {
            let mut live = 0;
            for session in all {
                live += usize::from(self.is_live(session).await?);
            }
            whole = live == 0 || live == all.len();
            if whole {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.hold(SessionRule::CallersMayLeave, whole, "a cancelled ending is half made");
        Ok(())
    }

    pub(super) async fn outages(&mut self) -> Checked {
        let suite = self.suite;
        let Some(switch) = &suite.outage else { return Ok(()) };
        let (session, draft) = (self.created().await?, own_draft()?);
        switch(true).await;
        let unavailable = [
            is_unavailable(self.sessions.create(&draft).await),
            is_unavailable(self.sessions.find(&session.digest).await),
            is_unavailable(self.sessions.find(&draft.digest).await),
            is_unavailable(self.sessions.end(&session.digest).await),
            is_unavailable(self.sessions.end_all_of(&session.user).await),
            is_unavailable(self.sessions.purge(Duration::from_secs(1 << 32)).await),
        ];
        switch(false).await;
        let holds = unavailable.iter().all(|unavailable| *unavailable);
        self.hold(SessionRule::OutagesAreUnavailable, holds, "a store that is down has an outcome");
        let kept = self.is_live(&session).await?;
        self.hold(SessionRule::OutagesAreUnavailable, kept, "an outage ended a session");
        Ok(())
    }
}
