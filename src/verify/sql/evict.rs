//! Makes caches forget what changed in a database.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Changes;
use crate::verify::Verifier;
use crate::verify::cache::Cached;

impl Changes {
    /// Makes a cache forget what changes, for as long as both are there; to be spawned before the cache is asked
    /// for the first time. It does not keep the cache alive, and is cancelled by dropping it.
    ///
    /// With it on every node, what is revoked or disabled on one of them is refused on all within a second,
    /// though it was cached. Where a node does not hear of it, since its listening connection is broken, the
    /// cache's [`ttl`](Cached::ttl) ends it at the latest, and the cache is emptied once the node listens again.
    /// Refusals are not heard of: a credential that was refused and is imported, enabled or prolonged now may go on
    /// being refused for the [`negative_ttl`](Cached::negative_ttl), 5 s unless said.
    ///
    /// Whatever waits is looked for in one pass over the cache, and twenty passes are made in a second at most: a
    /// thousand revocations at once take hardly longer than one. Where more than a thousand changes wait, everything
    /// is forgotten. It needs tokio's timer.
    ///
    /// Around [`Denylisted`](super::Denylisted) a cache hears of what is denied in the same way. A denial of
    /// what has no credential id does not tell which answers it concerns, and empties the cache.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use tower_principal::verify::{Cached, sql::{NewCredential, SqlVerifier}};
    /// use tower_principal::{Credential, Verifier, VerifyContext};
    ///
    /// let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let verifier = Arc::new(Cached::new(database.clone())?);
    /// tokio::spawn(database.changes()?.evict_from(&verifier));
    /// # let tokens = database.store().access_tokens();
    /// # let issued = tokens.create(NewCredential::new().user("otto")).await?;
    /// # let token = Credential::AccessToken(issued.secret.reborrow());
    /// # verifier.verify(&token, &VerifyContext::default()).await?;
    /// # tokens.revoke(&issued.id).await?;
    /// # while verifier.verify(&token, &VerifyContext::default()).await.is_ok() { tokio::task::yield_now().await }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn evict_from<V: Verifier>(
        mut self,
        cache: &Arc<Cached<V>>,
    ) -> impl Future<Output = ()> + Send + use<V> {
        let cache = Arc::downgrade(cache);
        async move {
            while let Some(batch) = self.batch().await {
                let Some(cache) = cache.upgrade() else { return };
                if batch.is_everything() {
                    cache.evict_all();
                } else {
                    cache.evict_gently(|principal| batch.concerns(principal)).await;
                }
                drop(cache);
                sleep(PAUSE).await;
            }
        }
    }
}

/// Between two passes: changes that go on and on are looked for together, and leave most of a core to others.
const PAUSE: Duration = Duration::from_millis(50);
