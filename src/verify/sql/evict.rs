//! Eviction of changed answers from caches.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Changes;
use crate::verify::Verifier;
use crate::verify::cache::Cached;

impl Changes {
    /// Evicts from a cache the answers that a change concerns, as long as verifier and cache exist.
    ///
    /// Spawn the future before the first request to the cache. It does not keep the cache alive,
    /// and is cancelled by dropping it.
    ///
    /// If every node runs it, a credential that is revoked or disabled on one node is refused on
    /// all within a second, even if cached. A node whose listening connection is broken misses
    /// changes. Then the cache's [`ttl`](Cached::ttl) ends the answer at the latest, and the cache
    /// is cleared when the node listens again.
    ///
    /// Refusals are not evicted. A refused credential that is now imported, enabled or prolonged
    /// may still be refused for the [`negative_ttl`](Cached::negative_ttl), which defaults to 5 s.
    ///
    /// One pass over the cache handles all waiting changes, and there are at most twenty passes per
    /// second. A thousand revocations at once take hardly longer than one. If more than a thousand
    /// changes wait, the cache is cleared. It needs tokio's timer.
    ///
    /// A cache around [`Denylisted`](super::Denylisted) receives denials in the same way. A denial
    /// of a credential without a credential id does not identify the answers it concerns, and
    /// evicts every answer that does not come from a `SqlVerifier`.
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

/// Pause between two passes: continuous changes are handled together, and most of a core stays
/// free.
// `Changes::evict_from` makes a cache evict the announced changes. It is a future for the service
// to spawn, and holds the cache weakly, so that neither keeps the other alive. It handles all
// waiting changes in one pass over the answers, which other tasks may interrupt, and makes up to
// twenty passes in a second. If each change had a pass of its own, a thousand revocations would
// take a quarter of a minute. An index by user, client and credential would need no pass, but would
// add a cost to every stored answer. A hit, which is the purpose of a cache, costs nothing more
// this way.
const PAUSE: Duration = Duration::from_millis(50);
