//! Removes entries from the cache.

use super::Cached;
use crate::credential::Credential;
use crate::principal::{Principal, PrincipalKind};
use crate::verify::{Verifier, VerifyContext};

impl<V: Verifier> Cached<V> {
    /// Evicts the answer for one credential in such a context, of which only the tenant counts.
    /// Returns `true` if a good answer was stored.
    ///
    /// The answer is found by the credential's exact text. To evict every spelling of it, call
    /// [`evict_principal`](Self::evict_principal) with its credential id.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::{Cached, MemoryVerifier};
    /// use tower_principal::{
    ///     Credential, OAuthUser, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let tokens = MemoryVerifier::builder()
    ///     .access_token("otto-token", OAuthUser::new("otto"))
    ///     .build()?;
    /// let verifier = Cached::new(tokens)?;
    /// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
    /// let context = VerifyContext::default();
    /// verifier.verify(&token, &context).await?;
    /// assert!(verifier.evict(&token, &context));
    /// assert!(!verifier.evict(&token, &context));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evict(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> bool {
        self.forget(self.keys.of(credential, context))
    }

    /// Evicts every good answer about one principal, by its kind and [id](Principal::id) or
    /// [credential id](Principal::credential_id). Returns the number of evicted answers. Takes a
    /// time in proportion to the number of all answers.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::{Cached, MemoryVerifier};
    /// use tower_principal::{
    ///     Credential, OAuthUser, PrincipalKind, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let tokens = MemoryVerifier::builder()
    ///     .access_token("first-token", OAuthUser::new("otto"))
    ///     .access_token("second-token", OAuthUser::new("otto"))
    ///     .build()?;
    /// let verifier = Cached::new(tokens)?;
    /// for text in ["first-token", "second-token"] {
    ///     let token = Credential::AccessToken(Secret::borrowed(text));
    ///     verifier.verify(&token, &VerifyContext::default()).await?;
    /// }
    /// assert_eq!(verifier.evict_principal(PrincipalKind::OAuthUser, "otto"), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evict_principal(&self, kind: PrincipalKind, id: &str) -> usize {
        let named =
            |principal: &Principal| principal.id() == Some(id) || principal.credential_id() == Some(id);
        self.evict_where(|principal| principal.kind() == kind && named(principal))
    }

    /// Evicts every good answer about matching principals, and returns their number. Takes a time
    /// in proportion to the number of all answers.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::{Cached, MemoryVerifier};
    /// use tower_principal::{
    ///     Credential, OAuthUser, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let tokens = MemoryVerifier::builder()
    ///     .access_token("otto-token", OAuthUser::new("otto").with_org("acme"))
    ///     .build()?;
    /// let verifier = Cached::new(tokens)?;
    /// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
    /// verifier.verify(&token, &VerifyContext::default()).await?;
    /// // The organization has lost its contract:
    /// assert_eq!(verifier.evict_where(|user| user.org() == Some("acme")), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evict_where(&self, matches: impl Fn(&Principal) -> bool) -> usize {
        let evicted = self.store.evict_where(matches).filter(|evicted| *evicted).count();
        self.shared.close_all();
        evicted
    }

    /// Evicts all answers, refusals too.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::{Cached, MemoryVerifier};
    /// use tower_principal::{
    ///     Credential, OAuthUser, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let tokens = MemoryVerifier::builder()
    ///     .access_token("otto-token", OAuthUser::new("otto"))
    ///     .build()?;
    /// let verifier = Cached::new(tokens)?;
    /// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
    /// verifier.verify(&token, &VerifyContext::default()).await?;
    /// verifier.evict_all();
    /// assert_eq!(verifier.stored(), (0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evict_all(&self) {
        self.store.evict_all();
        self.shared.close_all();
    }
}
