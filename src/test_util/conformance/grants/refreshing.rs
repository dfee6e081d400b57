//! Checks of refresh tokens.

use std::time::Duration;

use super::GrantRule;
use super::checks::{Checked, Checks, RACERS, described, ended, together};
use super::fixture::{CLIENT, Tokens};
use crate::grant::{Grants, Presented, RefreshRule, Renewal};

/// A rule without windows.
pub(super) fn strict() -> RefreshRule {
    RefreshRule::new().grace(Duration::ZERO)
}

impl<G: Grants + Clone> Checks<'_, G> {
    pub(super) async fn refreshing(&mut self) -> Checked {
        self.racing_refreshes().await?;
        self.racing_recoveries().await?;
        self.reuse().await?;
        self.guesses().await?;
        self.scopes().await?;
        self.kept_refresh_tokens().await
    }

    async fn race(&self, with: &Tokens, rule: RefreshRule) -> Result<(Vec<Renewal>, Vec<Tokens>), String> {
        let tokens: Result<Vec<Tokens>, _> = (0..RACERS).map(|_| with.after()).collect();
        let tokens = tokens.map_err(described)?;
        let shown = with.refresh.digests;
        let calls = tokens.iter().map(|next| {
            let (grants, next) = (self.grants.clone(), next.next());
            async move { ended(grants.renew(&shown, CLIENT, &rule, &next)).await }
        });
        Ok((together(calls.collect::<Vec<_>>()).await?, tokens))
    }

    /// Returns those whose access and refresh tokens are in force.
    async fn live<'t>(&self, tokens: &'t [Tokens]) -> Result<Vec<&'t Tokens>, String> {
        let mut live = Vec::new();
        for tokens in tokens {
            if self.in_force(tokens).await? != (false, false) {
                live.push(tokens);
            }
        }
        Ok(live)
    }

    async fn racing_refreshes(&mut self) -> Checked {
        let (_, first) = self.issued().await?;
        let (outcomes, tokens) = self.race(&first, RefreshRule::new()).await?;
        let won = outcomes.iter().filter(|outcome| matches!(outcome, Renewal::Renewed(_))).count();
        let lost = outcomes.iter().filter(|outcome| matches!(outcome, Renewal::Superseded(_))).count();
        let once = (won, lost) == (1, RACERS - 1);
        self.hold(GrantRule::RefreshTokensWorkOnce, once, "concurrent calls renewed not exactly once");
        let live = self.live(&tokens).await?;
        self.hold(GrantRule::RefreshTokensWorkOnce, live.len() == 1, "a race left not exactly one successor");
        if let Some(winner) = live.first() {
            let (renewal, _) = self.renewed(winner, &strict()).await?;
            let renews = matches!(renewal, Renewal::Renewed(_));
            self.hold(GrantRule::RefreshTokensWorkOnce, renews, "the winner of a race cannot renew");
        }
        // Without a window the first loser ends the grant.
        let (_, first) = self.issued().await?;
        let (outcomes, tokens) = self.race(&first, strict()).await?;
        let won = outcomes.iter().filter(|outcome| matches!(outcome, Renewal::Renewed(_))).count();
        self.hold(GrantRule::RefreshTokensWorkOnce, won == 1, "concurrent calls renewed not exactly once");
        let ended = self.live(&tokens).await?.is_empty();
        self.hold(GrantRule::ReuseEndsTheGrant, ended, "a grant outlived a race without a grace window");
        Ok(())
    }

    async fn racing_recoveries(&mut self) -> Checked {
        let rule = RefreshRule::new().recover(Duration::from_secs(60));
        let (_, first) = self.issued().await?;
        let (lost, lost_tokens) = self.renewed(&first, &rule).await?;
        let (again, tokens) = self.renewed(&first, &rule).await?;
        let both = matches!((lost, again), (Renewal::Renewed(_), Renewal::Renewed(_)));
        self.hold(GrantRule::RecoveryLeavesOneSuccessor, both, "a lost answer is not recovered");
        let live = (self.in_force(&lost_tokens).await?, self.in_force(&tokens).await?);
        let one = live == ((false, false), (true, true));
        self.hold(GrantRule::RecoveryLeavesOneSuccessor, one, "lost tokens are in force after a recovery");
        let (_, first) = self.issued().await?;
        let (_, tokens) = self.race(&first, rule).await?;
        let live = self.live(&tokens).await?;
        let one = live.len() == 1;
        self.hold(GrantRule::RecoveryLeavesOneSuccessor, one, "racing recoveries left several successors");
        // The recovered chain goes on, and the first token is then too old.
        if let Some(winner) = live.first() {
            let (renewal, _) = self.renewed(winner, &rule).await?;
            let (old, _) = self.renewed(&first, &rule).await?;
            let holds = matches!((renewal, old), (Renewal::Renewed(_), Renewal::Reused(_)));
            self.hold(
                GrantRule::RecoveryLeavesOneSuccessor,
                holds,
                "a recovery after its successor was used",
            );
        }
        Ok(())
    }

    async fn reuse(&mut self) -> Checked {
        let rule = RefreshRule::new();
        let (grant, first) = self.issued().await?;
        let live = self.in_force(&first).await? == (true, true);
        self.hold(GrantRule::AnswersAreInForce, live, "issued tokens are not in force");
        let (one, second) = self.renewed(&first, &rule).await?;
        let (two, third) = self.renewed(&second, &rule).await?;
        let generations = match (&one, &two) {
            (Renewal::Renewed(one), Renewal::Renewed(two)) => (one.generation, two.generation),
            _ => (0, 0),
        };
        self.hold(
            GrantRule::AnswersAreInForce,
            generations == (2, 3),
            "a renewal is not the next generation",
        );
        let live = [self.in_force(&third).await?, self.in_force(&second).await?];
        let holds = live == [(true, true), (true, false)];
        self.hold(GrantRule::AnswersAreInForce, holds, "the wrong tokens are in force after two renewals");
        let jwts = self.jwts_in_force(&grant.id).await?;
        let holds = jwts == [false, true, true, false];
        self.hold(GrantRule::AnswersAreInForce, holds, "the wrong JWTs are in force after two renewals");
        // The immediate predecessor is refused and ends nothing; an older one does.
        let (predecessor, _) = self.renewed(&second, &rule).await?;
        let holds = matches!(predecessor, Renewal::Superseded(_)) && self.in_force(&third).await?.1;
        self.hold(GrantRule::RefreshTokensWorkOnce, holds, "the immediate predecessor ended its grant");
        let (oldest, _) = self.renewed(&first, &rule).await?;
        let is_reuse = matches!(&oldest, Renewal::Reused(id) if *id == grant.id);
        self.hold(
            GrantRule::ReuseEndsTheGrant,
            is_reuse,
            "an old refresh token is not reuse within the grace",
        );
        let live = [self.in_force(&third).await?, self.in_force(&second).await?];
        let ended = self.jwts_in_force(&grant.id).await? == [false; 4];
        let holds = ended && live == [(false, false), (false, false)];
        self.hold(GrantRule::ReuseEndsTheGrant, holds, "tokens outlived reuse");
        let (after, tokens) = self.renewed(&third, &rule).await?;
        let holds = matches!(after, Renewal::Ended(_)) && self.in_force(&tokens).await? == (false, false);
        self.hold(GrantRule::ReuseEndsTheGrant, holds, "a grant was renewed after reuse");
        Ok(())
    }

    async fn guesses(&mut self) -> Checked {
        let (grant, first) = self.issued().await?;
        let next = first.after().map_err(described)?.next();
        let guess = self.spare(&grant)?.refresh.digests;
        let outcome = ended(self.grants.renew(&guess, CLIENT, &strict(), &next)).await?;
        let unknown = matches!(outcome, Renewal::Unknown);
        self.hold(GrantRule::GuessesChangeNothing, unknown, "a guessed refresh token is not unknown");
        let foreign = ended(self.grants.renew(&first.refresh.digests, "other", &strict(), &next)).await?;
        let unknown = matches!(foreign, Renewal::Unknown);
        self.hold(GrantRule::GuessesChangeNothing, unknown, "another client's token is not unknown");
        let live = self.in_force(&first).await? == (true, true);
        self.hold(GrantRule::GuessesChangeNothing, live, "a guess or another client ended a grant");
        Ok(())
    }

    async fn scopes(&mut self) -> Checked {
        let rule = GrantRule::GrantsKeepTheirScopes;
        let (grant, first) = self.issued().await?;
        let second = first.after().map_err(described)?;
        let narrow = second.next().scopes(["read"].iter().collect()).audience(["https://one.example"]);
        let shown = &first.refresh.digests;
        ended(self.grants.renew(shown, CLIENT, &RefreshRule::new(), &narrow)).await.map(drop)?;
        let found = self.found(Presented::Access(second.access)).await?;
        let is_narrow = found.is_some_and(|found| {
            found.scopes.as_str() == "read"
                && found.audience == ["https://one.example"]
                && found.granted_scopes.as_str() == grant.scopes.as_str()
                && found.granted_audience == grant.audience
        });
        self.hold(rule, is_narrow, "a narrowed access token has other scopes");
        let wide = self.in_force(&first).await?.0;
        self.hold(rule, !wide, "an access token changed its scopes");
        let (_, third) = self.renewed(&second, &RefreshRule::new()).await?;
        let found = self.found(Presented::Access(third.access)).await?;
        let is_whole = found.is_some_and(|found| {
            found.scopes.as_str() == grant.scopes.as_str() && found.audience == grant.audience
        });
        self.hold(rule, is_whole, "a renewal lost scopes or audience");
        let grew = self.in_force(&second).await?.0;
        self.hold(rule, !grew, "a narrowed access token got more scopes");
        Ok(())
    }

    async fn kept_refresh_tokens(&mut self) -> Checked {
        let (_, first) = self.issued().await?;
        let mut next = first.after().map_err(described)?;
        for _ in 0..2 {
            let mut kept = next.next();
            kept.refresh = None;
            let shown = &first.refresh.digests;
            let outcome = ended(self.grants.renew(shown, CLIENT, &strict(), &kept)).await?;
            let holds = matches!(outcome, Renewal::Renewed(_)) && self.in_force(&first).await?.1;
            self.hold(GrantRule::AnswersAreInForce, holds, "a refresh token without a successor is used up");
            next = next.after().map_err(described)?;
        }
        Ok(())
    }
}
