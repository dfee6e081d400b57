//! Checks of revocation: which credentials end and which do not.

use super::checks::{Checks, PATIENCE};
use super::{Rule, mutation};
use crate::credential::Credential;
use crate::deadline::{Bounded, Unfinished};
use crate::verify::{Verifier, VerifyError};

impl<V: Verifier> Checks<'_, V> {
    pub(super) async fn revoking(&mut self) {
        self.what_is_not_good().await;
        self.passwords().await;
        self.what_is_good().await;
    }

    /// Otherwise a caller with an id and a wrong secret could end the key of another user.
    async fn what_is_not_good(&mut self) {
        let suite = self.suite;
        for (good, _) in &suite.good {
            let what = format!(
                "a good credential of kind {}, after the revocation of a nearly equal one,",
                good.kind()
            );
            for (_, mutation) in mutation::near_misses(good).into_iter().chain(mutation::as_other_kinds(good))
            {
                if !suite.is_good(&mutation) {
                    self.revoke(&what, &mutation).await.ok();
                }
            }
            self.lives_on(Rule::OnlyWhatVerifiesIsRevoked, &what, good).await;
        }
        for bad in suite.unknown.iter().chain(suite.ended.iter().map(|(_, ended)| ended)) {
            self.revoke("the revocation of a bad credential", bad).await.ok();
        }
        for (good, _) in &suite.good {
            let what =
                format!("a good credential of kind {}, after the revocation of a bad one,", good.kind());
            self.lives_on(Rule::OnlyWhatVerifiesIsRevoked, &what, good).await;
        }
    }

    /// Regardless of the verifier's answer, the user has no other way to log in.
    async fn passwords(&mut self) {
        let suite = self.suite;
        for (good, _) in suite.good.iter().filter(|(good, _)| is_password(good)) {
            let what = "the revocation of a password";
            self.revoke(what, good).await.ok();
            self.lives_on(Rule::PasswordsStay, what, good).await;
        }
    }

    async fn what_is_good(&mut self) {
        let suite = self.suite;
        let mut good: Vec<_> = suite.good.iter().map(|(good, _)| good).collect();
        for revoked in suite.good.iter().map(|(good, _)| good).filter(|good| !is_password(good)) {
            good.retain(|other| !mutation::same(other, revoked));
            let what = format!("a credential of kind {} that was revoked", revoked.kind());
            let done = self.revoke(&what, revoked).await;
            self.hold(Rule::RevokingEndsIt, matches!(done, Ok(Ok(()))), || {
                format!("{what} is not: {done:?}")
            });
            let seen = self.ask(&what, revoked, &suite.context()).await;
            self.hold(Rule::RevokingEndsIt, seen.is_denied(), || format!("{what} {}", seen.describe()));
            for other in &good {
                let what =
                    format!("a credential of kind {}, after the revocation of another one,", other.kind());
                self.lives_on(Rule::RevokingEndsIt, &what, other).await;
            }
        }
    }

    async fn revoke(
        &mut self,
        what: &str,
        credential: &Credential<'_>,
    ) -> Result<Result<(), VerifyError>, Unfinished> {
        let context = self.suite.context();
        let done = Bounded::new(async { self.verifier.revoke(credential, &context).await }, PATIENCE).await;
        let rule = match done {
            Err(Unfinished::Panicked) => Rule::NothingPanics,
            Err(Unfinished::Late) => Rule::EverythingEnds,
            Ok(_) => return done,
        };
        self.hold(rule, false, || what.to_owned());
        done
    }

    async fn lives_on(&mut self, rule: Rule, what: &str, good: &Credential<'_>) {
        let seen = self.ask(what, good, &self.suite.context()).await;
        self.hold(rule, seen.is_good(), || format!("{what} {}", seen.describe()));
    }
}

const fn is_password(credential: &Credential<'_>) -> bool {
    matches!(credential, Credential::Password(_))
}
