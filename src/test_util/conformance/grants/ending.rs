//! Checks of endings.

use super::GrantRule;
use super::checks::{Checked, Checks, ended, together};
use super::fixture::{CLIENT, Tokens};
use crate::grant::{Ending, Grants, NewGrant, Presented, RefreshRule, Renewal};

/// The number of rounds of a renewal against an ending.
const ROUNDS: usize = 20;

impl<G: Grants + Clone> Checks<'_, G> {
    pub(super) async fn ending(&mut self) -> Checked {
        self.each_ending().await?;
        self.codes_that_end().await?;
        self.foreign_endings().await?;
        self.renewal_against_ending().await
    }

    async fn each_ending(&mut self) -> Checked {
        for how in 0..6 {
            let (grant, tokens) = self.issued().await?;
            let (other, other_tokens) = self.issued().await?;
            let count = self.end_by(how, &grant, &tokens).await?;
            self.hold(GrantRule::EndingIsExact, count == 1, "an ending did not end exactly its grant");
            let live = self.in_force(&tokens).await?;
            let by_id = self.found(Presented::Grant(grant.id.clone())).await?.is_some();
            let jwt = self.jwts_in_force(&grant.id).await? != [false; 4];
            let holds = live == (false, false) && !by_id && !jwt;
            self.hold(GrantRule::EndedStaysEnded, holds, "tokens outlived their grant");
            let (renewal, next) = self.renewed(&tokens, &RefreshRule::new()).await?;
            let holds = matches!(renewal, Renewal::Ended(_)) && self.in_force(&next).await? == (false, false);
            self.hold(GrantRule::EndedStaysEnded, holds, "an ended grant was renewed");
            let again = self.end_by(how, &grant, &tokens).await?;
            self.hold(GrantRule::EndedStaysEnded, again == 0, "a grant ended twice");
            let kept = self.in_force(&other_tokens).await? == (true, true);
            let kept = kept && self.found(Presented::Grant(other.id)).await?.is_some();
            self.hold(GrantRule::EndingIsExact, kept, "an ending ended another grant");
            // The next grant of this user works.
            let (_, next) = self.issued().await?;
            let live = self.in_force(&next).await? == (true, true);
            self.hold(GrantRule::EndingIsExact, live, "no grant can follow one that ended");
        }
        Ok(())
    }

    async fn end_by(&self, how: usize, grant: &NewGrant, tokens: &Tokens) -> Result<usize, String> {
        let access = Presented::Access(tokens.access);
        let refresh = Presented::Refresh(tokens.refresh.digests);
        let user = grant.user.as_deref().unwrap_or_default();
        let what = match how {
            0 => Ending::Token { token: &access, client: CLIENT },
            1 => Ending::Token { token: &refresh, client: CLIENT },
            2 => Ending::Grant(&grant.id),
            3 => Ending::Session(grant.session.as_deref().unwrap_or_default()),
            4 => Ending::User { user, client: None },
            _ => Ending::User { user, client: Some(CLIENT) },
        };
        ended(self.grants.end(&what)).await
    }

    async fn codes_that_end(&mut self) -> Checked {
        let (code, grant, tokens) = self.offered().await?;
        let user = grant.user.as_deref().unwrap_or_default();
        let count = ended(self.grants.end(&Ending::User { user, client: Some(CLIENT) })).await?;
        let redeemed = ended(self.grants.redeem(&code, &super::fixture::proof(), &tokens.next())).await?;
        let unknown = matches!(redeemed, crate::grant::Redemption::Unknown);
        let holds = count == 1 && unknown && self.in_force(&tokens).await? == (false, false);
        self.hold(GrantRule::EndedStaysEnded, holds, "a code outlived its grant");
        Ok(())
    }

    async fn foreign_endings(&mut self) -> Checked {
        let (grant, tokens) = self.issued().await?;
        let user = grant.user.as_deref().unwrap_or_default();
        let (access, refresh) =
            (Presented::Access(tokens.access), Presented::Refresh(tokens.refresh.digests));
        let guess = Presented::Refresh(self.spare(&grant)?.refresh.digests);
        for what in [
            Ending::Token { token: &access, client: "other" },
            Ending::Token { token: &refresh, client: "other" },
            Ending::Token { token: &guess, client: CLIENT },
            Ending::User { user, client: Some("other") },
            Ending::User { user: "other", client: None },
            Ending::Session("other"),
            Ending::Session(""),
            Ending::Session("\0"),
            Ending::Client("other"),
        ] {
            let count = ended(self.grants.end(&what)).await?;
            self.hold(GrantRule::EndingIsExact, count == 0, "an ending that names nothing ended a grant");
        }
        let live = self.in_force(&tokens).await? == (true, true);
        self.hold(GrantRule::EndingIsExact, live, "an ending of another client ended a grant");
        Ok(())
    }

    async fn renewal_against_ending(&mut self) -> Checked {
        for _ in 0..ROUNDS {
            let (grant, first) = self.issued().await?;
            let tokens: Result<Vec<Tokens>, String> =
                (0..3).map(|_| first.after().map_err(super::checks::described)).collect();
            let tokens = tokens?;
            let shown = first.refresh.digests;
            let renewals = tokens.iter().map(|next| {
                let (grants, next) = (self.grants.clone(), next.next());
                let call = async move {
                    ended(grants.renew(&shown, CLIENT, &RefreshRule::new(), &next)).await.map(drop)
                };
                Box::pin(call) as std::pin::Pin<Box<dyn Future<Output = Checked> + Send>>
            });
            let (grants, id) = (self.grants.clone(), grant.id.clone());
            let ending = async move { ended(grants.end(&Ending::Grant(&id))).await.map(drop) };
            let calls = renewals.chain([Box::pin(ending) as _]).collect::<Vec<_>>();
            together(calls).await.map(drop)?;
            for tokens in tokens.iter().chain([&first]) {
                let live = self.in_force(tokens).await? != (false, false);
                self.hold(GrantRule::EndedStaysEnded, !live, "a renewal outlived the end of its grant");
            }
        }
        Ok(())
    }
}
