//! Evicts the answers about one identity, without blocking other tasks.

use tokio::task::yield_now;

use super::Cached;
use crate::principal::{Identity, Principal};
use crate::verify::Verifier;

/// The number of answers to look at before other tasks have their turn: some 0.1 ms.
const AT_A_TIME: usize = 512;

impl<V: Verifier> Cached<V> {
    /// Evicts every good answer about one identity, for every credential, and returns their number.
    /// Takes a time in proportion to the number of all answers.
    pub fn evict_identity(&self, identity: Identity<'_>) -> usize {
        self.evict_where(|principal| principal.identity() == Some(identity))
    }

    /// Evicts like [`evict_where`](Self::evict_where), but lets other tasks on this thread run in
    /// between.
    pub(in crate::verify) async fn evict_gently(&self, matches: impl Fn(&Principal) -> bool) {
        let looked_at = self.store.evict_where(matches);
        // An answer of an earlier verification will not be stored, so no request may join one.
        self.shared.close_all();
        for (at, _) in looked_at.enumerate() {
            if at % AT_A_TIME == AT_A_TIME - 1 {
                yield_now().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::credential::Credential;
    use crate::credential::Secret;
    use crate::principal::OAuthUser;
    use crate::verify::{self, VerifyContext};

    #[tokio::test]
    async fn others_have_their_turn_and_nothing_is_left_out() {
        let verifier = verify::from_fn(|credential, _| async move {
            let Credential::AccessToken(token) = credential else {
                return Err(verify::VerifyError::Unsupported);
            };
            Ok(OAuthUser::new(token.expose_secret()))
        });
        let cached = Cached::new(verifier).unwrap();
        for at in 0..20 * AT_A_TIME {
            let token = Credential::AccessToken(Secret::owned(at.to_string()));
            cached.verify(&token, &VerifyContext::default()).await.unwrap();
        }
        let (turns, done) = (Cell::new(0), Cell::new(false));
        let evicts = async {
            cached.evict_gently(|principal| principal.id().is_some_and(|id| id.ends_with('7'))).await;
            done.set(true);
        };
        let others = async {
            while !done.get() {
                turns.set(turns.get() + 1);
                yield_now().await;
            }
        };
        tokio::join!(evicts, others);
        assert!(turns.get() >= 20, "{turns:?}");
        assert_eq!(cached.stored().0, 20 * AT_A_TIME * 9 / 10);
    }
}
