//! Checks of authorization codes.

use super::GrantRule;
use super::checks::{Checked, Checks, RACERS, described, ended, together};
use super::fixture::{CLIENT, Tokens, code, draft, proof, wrong_proofs};
use crate::credential::Digest;
use crate::grant::{CodeProof, Grants, NewGrant, NextTokens, Presented, Redemption, StoreError};

impl<G: Grants + Clone> Checks<'_, G> {
    pub(super) async fn codes(&mut self) -> Checked {
        self.racing_codes().await?;
        self.replayed_codes().await?;
        self.codes_without_refresh().await?;
        self.wrong_proofs().await?;
        self.odd_text().await?;
        self.taken_digests().await
    }

    /// Offers a code and returns its digest, its grant, and tokens for it.
    pub(super) async fn offered(&self) -> Result<(Digest, NewGrant, Tokens), String> {
        let grant = draft().map_err(described)?;
        let code = code(&grant.id).map_err(described)?;
        let tokens = Tokens::first(&grant.id).map_err(described)?;
        ended(self.grants.offer(&grant, &code)).await?;
        Ok((code.digest, grant, tokens))
    }

    async fn racing_codes(&mut self) -> Checked {
        let (code, grant, _) = self.offered().await?;
        let tokens: Result<Vec<Tokens>, _> = (0..RACERS).map(|_| Tokens::first(&grant.id)).collect();
        let nexts: Vec<_> = tokens.map_err(described)?.iter().map(Tokens::next).collect();
        let calls = nexts.into_iter().map(|next| {
            let grants = self.grants.clone();
            async move { ended(grants.redeem(&code, &proof(), &next)).await }
        });
        let outcomes = together(calls).await?;
        let won = outcomes.iter().filter(|outcome| matches!(outcome, Redemption::Redeemed(_))).count();
        self.hold(GrantRule::CodesWorkOnce, won == 1, "concurrent calls redeemed a code not exactly once");
        Ok(())
    }

    async fn replayed_codes(&mut self) -> Checked {
        let (code, grant, tokens) = self.offered().await?;
        let token = Presented::Code(code);
        let is_live = self.found(token.clone()).await?.is_some_and(|found| found.id == grant.id);
        self.hold(GrantRule::AnswersAreInForce, is_live, "an offered code is not in force");
        let first = ended(self.grants.redeem(&code, &proof(), &tokens.next())).await?;
        let is_first = matches!(&first, Redemption::Redeemed(redeemed) if redeemed.generation == 1
            && redeemed.id == grant.id && redeemed.user == grant.user && redeemed.has_refresh);
        self.hold(GrantRule::AnswersAreInForce, is_first, "a code is not redeemed with its grant");
        let live = self.in_force(&tokens).await? == (true, true);
        self.hold(GrantRule::AnswersAreInForce, live, "the tokens of a code are not in force");
        let used = self.found(token).await?.is_none();
        self.hold(GrantRule::CodesWorkOnce, used, "a redeemed code is in force");
        // A wrong client does not end it.
        let foreign =
            ended(self.grants.redeem(&code, &CodeProof::new("other"), &self.spare(&grant)?.next())).await?;
        let is_unknown = matches!(foreign, Redemption::Unknown) && self.in_force(&tokens).await?.0;
        self.hold(GrantRule::ProofsAreCompared, is_unknown, "another client used a redeemed code");
        let again = ended(self.grants.redeem(&code, &proof(), &self.spare(&grant)?.next())).await?;
        let is_replay = matches!(&again, Redemption::Replayed(id) if *id == grant.id);
        self.hold(GrantRule::ReplayEndsTheGrant, is_replay, "a second use of a code is not a replay");
        let live = self.in_force(&tokens).await? != (false, false);
        self.hold(GrantRule::ReplayEndsTheGrant, !live, "tokens outlived the second use of their code");
        Ok(())
    }

    async fn codes_without_refresh(&mut self) -> Checked {
        let (code, _, tokens) = self.offered().await?;
        let next = NextTokens { refresh: None, ..tokens.next() };
        let outcome = ended(self.grants.redeem(&code, &proof(), &next)).await?;
        let has_none = matches!(&outcome, Redemption::Redeemed(grant) if !grant.has_refresh
            && grant.refresh_expires_at.is_none() && grant.expires_at.is_some());
        self.hold(GrantRule::AnswersAreInForce, has_none, "a grant has a refresh token that was not issued");
        Ok(())
    }

    async fn wrong_proofs(&mut self) -> Checked {
        let (code, grant, tokens) = self.offered().await?;
        for (part, wrong) in wrong_proofs() {
            let outcome = ended(self.grants.redeem(&code, &wrong, &self.spare(&grant)?.next())).await?;
            let is_unknown = matches!(outcome, Redemption::Unknown);
            self.hold(GrantRule::ProofsAreCompared, is_unknown, part);
        }
        let outcome = ended(self.grants.redeem(&code, &proof(), &tokens.next())).await?;
        let redeemed = matches!(outcome, Redemption::Redeemed(_));
        self.hold(GrantRule::ProofsAreCompared, redeemed, "a wrong proof used up a code");
        // A code without a challenge refuses a verifier.
        let grant = draft().map_err(described)?;
        let mut bare = super::fixture::code(&grant.id).map_err(described)?;
        bare.challenge = None;
        ended(self.grants.offer(&grant, &bare)).await?;
        let outcome = ended(self.grants.redeem(&bare.digest, &proof(), &self.spare(&grant)?.next())).await?;
        let is_unknown = matches!(outcome, Redemption::Unknown);
        self.hold(GrantRule::ProofsAreCompared, is_unknown, "a verifier for a code without a challenge");
        Ok(())
    }

    async fn odd_text(&mut self) -> Checked {
        let (code, grant, tokens) = self.offered().await?;
        let long = "x".repeat(70_000);
        for odd in ["", "\0", "a\0b", "é\u{85}", "'; DROP TABLE grants; --", long.as_str()] {
            let next = self.spare(&grant)?.next();
            let redeemed = self.grants.redeem(&code, &CodeProof::new(odd).redirect_uri(odd), &next).await;
            let renewed = self.grants.renew(&tokens.refresh.digests, odd, &Default::default(), &next).await;
            let holds = matches!(redeemed, Ok(Redemption::Unknown))
                && matches!(renewed, Ok(crate::grant::Renewal::Unknown));
            self.hold(GrantRule::OddTextIsUnknown, holds, "an odd client id or redirect URI");
        }
        let redeemed = ended(self.grants.redeem(&code, &proof(), &tokens.next())).await?;
        let redeemed = matches!(redeemed, Redemption::Redeemed(_));
        self.hold(GrantRule::OddTextIsUnknown, redeemed, "odd text used up a code");
        Ok(())
    }

    async fn taken_digests(&mut self) -> Checked {
        let (grant, tokens) = self.issued().await?;
        let mut other = draft().map_err(described)?;
        let taken = self.grants.issue(&other, &tokens.next()).await;
        let refused = matches!(taken, Err(StoreError::Exists));
        self.hold(GrantRule::DigestsAreUnique, refused, "a second grant got the tokens of the first");
        other.id = grant.id.clone();
        let taken = self.grants.issue(&other, &self.spare(&grant)?.next()).await;
        let refused = matches!(taken, Err(StoreError::Exists));
        self.hold(GrantRule::DigestsAreUnique, refused, "a second grant got the id of the first");
        let live = self.found(Presented::Access(tokens.access)).await?;
        let kept = live.is_some_and(|found| found.user == grant.user && found.client == CLIENT);
        self.hold(GrantRule::DigestsAreUnique, kept, "a refused grant changed another one");
        Ok(())
    }

    /// Returns other tokens for a call that should fail.
    pub(super) fn spare(&self, grant: &NewGrant) -> Result<Tokens, String> {
        Tokens::first(&grant.id).map_err(described)
    }
}
