//! Checks of the list of a user's grants.

use std::time::Duration;

use super::GrantRule;
use super::checks::{Checked, Checks, described, ended};
use super::fixture::{ACCESS, CODE, IDLE, Tokens, code, draft};
use crate::grant::{Ending, Grant, GrantId, Grants, NewGrant};

const SECOND: Duration = Duration::from_secs(1);

impl<G: Grants + Clone> Checks<'_, G> {
    pub(super) async fn lists(&mut self) -> Checked {
        let rule = GrantRule::GrantsAreListed;
        let (issued, tokens) = self.issued().await?;
        let user = issued.user.clone().unwrap_or_default();
        self.tick(SECOND);
        let offered = of(&user)?;
        let code = code(&offered.id).map_err(described)?;
        ended(self.grants.offer(&offered, &code)).await?;
        self.tick(SECOND);
        let renewed = of(&user)?;
        let first = Tokens::first(&renewed.id).map_err(described)?;
        ended(self.grants.issue(&renewed, &first.next())).await.map(drop)?;
        self.renewed(&first, &crate::grant::RefreshRule::new()).await.map(drop)?;
        let (stranger, _) = self.issued().await?;

        let listed = self.listed(&user).await?;
        let ids: Vec<&GrantId> = listed.iter().map(|grant| &grant.id).collect();
        let all = [&renewed.id, &offered.id, &issued.id];
        let has_all = all.iter().all(|id| ids.contains(id)) && ids.len() == all.len();
        self.hold(rule, has_all, "a list has not exactly the grants of its user");
        if self.suite.clock.is_some() {
            self.hold(rule, ids == all, "the newest grant is not the first of a list");
        }
        let generations: Vec<u64> = listed.iter().map(|grant| grant.generation).collect();
        let is_whole = generations == [2, 0, 1]
            && listed.iter().all(|grant| {
                grant.user.as_deref() == Some(&*user) && grant.granted_audience == issued.audience
            });
        self.hold(rule, is_whole || self.suite.clock.is_none(), "a list has other grants than its user");
        for odd in ["", "\0", "other", stranger.client.as_str()] {
            let none = self.listed(odd).await?.is_empty();
            self.hold(rule, none, "a name without grants has some");
        }
        // Grants that end are no longer in it.
        ended(self.grants.end(&Ending::Grant(&renewed.id))).await.map(drop)?;
        let ids = self.listed(&user).await?;
        let gone = ids.len() == 2 && ids.iter().all(|grant| grant.id != renewed.id);
        self.hold(rule, gone, "a list has a grant that ended");
        if self.suite.clock.is_some() {
            self.tick(CODE);
            let ids = self.listed(&user).await?;
            let gone = ids.len() == 1 && ids.iter().all(|grant| grant.id == issued.id);
            self.hold(rule, gone, "a list has a grant whose code expired");
            self.tick(ACCESS);
            let kept = self.listed(&user).await?.len() == 1;
            self.hold(rule, kept, "a list has not a grant whose refresh token is in force");
            self.tick(IDLE);
            let none = self.listed(&user).await?.is_empty();
            self.hold(rule, none, "a list has a grant whose tokens expired");
        }
        let _ = tokens;
        Ok(())
    }

    async fn listed(&self, user: &str) -> Result<Vec<Grant>, String> {
        ended(self.grants.of_user(user)).await
    }

    /// Advances the clock, if there is one.
    fn tick(&self, by: Duration) {
        if let Some(clock) = &self.suite.clock {
            clock.advance(by);
        }
    }
}

/// A draft of a grant of this user.
fn of(user: &str) -> Result<NewGrant, String> {
    Ok(draft().map_err(described)?.user(user))
}
