//! The sizes and lifetimes of a cache.

use std::sync::Arc;
use std::time::Duration;

use super::Cached;
use crate::clock::{Clock, SystemClock};
use crate::verify::Verifier;

/// The settings of a cache.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) ttl: Duration,
    pub(super) negative_ttl: Duration,
    pub(super) capacity: usize,
    pub(super) negative_capacity: usize,
    pub(super) passwords: bool,
    pub(super) deadline: Duration,
    pub(super) shared: usize,
    pub(super) clock: Arc<dyn Clock>,
}

/// The longest lifetime of an answer, whatever the settings.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(30),
            negative_ttl: Duration::from_secs(5),
            capacity: 100_000,
            negative_capacity: 50_000,
            passwords: false,
            deadline: Duration::from_secs(2),
            shared: 4_096,
            clock: Arc::new(SystemClock),
        }
    }
}

impl<V: Verifier> Cached<V> {
    /// Sets how long good answers are kept. Defaults to 30 s; at most a day. A revocation elsewhere
    /// may go unnoticed for this time. Zero keeps none. This and all other settings empty the
    /// cache.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Cached;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let remote = issuer.introspection().build()?;
    /// // A token that was revoked elsewhere is accepted for up to 10 s.
    /// let verifier = Cached::new(remote)?.ttl(Duration::from_secs(10));
    ///
    /// let text = issuer.token("otto").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// verifier.verify(&token, &VerifyContext::default()).await?;
    /// verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert_eq!(issuer.fetches(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        self.set(|settings| settings.ttl = ttl.min(LONGEST))
    }

    /// Sets how long refusals are kept. Defaults to 5 s; at most a day. A credential that was just
    /// issued or enabled may be refused for this time. Zero keeps none.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Cached;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let remote = issuer.introspection().build()?;
    /// // A token that is issued now is accepted at once, also after a guess of it.
    /// let verifier = Cached::new(remote)?.negative_ttl(Duration::ZERO);
    /// let token = Credential::AccessToken(Secret::borrowed("not-yet-issued"));
    /// for _ in 0..2 {
    ///     assert!(
    ///         verifier.verify(&token, &VerifyContext::default()).await.is_err()
    ///     );
    /// }
    /// assert_eq!(issuer.fetches(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn negative_ttl(self, ttl: Duration) -> Self {
        self.set(|settings| settings.negative_ttl = ttl.min(LONGEST))
    }

    /// Sets roughly how many good answers are kept. Defaults to 100,000. The least used are evicted
    /// first.
    ///
    /// An answer of more than 2 KiB ([`Principal::bytes`](crate::Principal::bytes)) counts as
    /// several, one for each 2 KiB. So 100,000 answers hold at most 250 MB, whatever tokens and
    /// authorization servers contain. The claims of your own verifier count only if it declares
    /// their size. An answer that is larger than a part of the cache is not kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{Cached, MemoryVerifier};
    ///
    /// // For a service with some hundred clients:
    /// let verifier = Cached::new(MemoryVerifier::builder().build()?)?
    ///     .capacity(2_000)
    ///     .negative_capacity(1_000);
    /// assert_eq!(verifier.stored(), (0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capacity(self, answers: usize) -> Self {
        self.set(|settings| settings.capacity = answers)
    }

    /// Sets roughly how many refusals are kept. Defaults to 50,000.
    #[must_use]
    pub fn negative_capacity(self, answers: usize) -> Self {
        self.set(|settings| settings.negative_capacity = answers)
    }

    /// Also keeps correct passwords. Defaults to no passwords. A password hash is slow on purpose,
    /// and clients of Basic send the password with every request.
    ///
    /// This is optional for two reasons. An old password remains valid for some seconds after a
    /// change. An attacker that can read the process's memory can try passwords against a fast
    /// fingerprint instead of a slow hash.
    ///
    /// Wrong passwords are never kept, because a throttle has to see each of them.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::{Cached, MemoryVerifier};
    /// use tower_principal::{
    ///     BasicUser, Credential, Pair, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let users = MemoryVerifier::builder()
    ///     .user("alice", "correct horse", BasicUser::new("alice"))
    ///     .build()?;
    /// let verifier = Cached::new(users)?.cache_passwords();
    /// let pair =
    ///     Pair::new(Secret::borrowed("alice"), Secret::borrowed("correct horse"));
    /// let password = Credential::Password(pair);
    /// verifier.verify(&password, &VerifyContext::default()).await?;
    /// // The next request needs no hash.
    /// assert!(
    ///     verifier.verify_now(&password, &VerifyContext::default()).is_some()
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cache_passwords(self) -> Self {
        self.set(|settings| settings.passwords = true)
    }

    /// Sets the deadline of a verification. Defaults to 2 s; give the layer the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::verify::{self, Cached};
    /// use tower_principal::{
    ///     Credential, OAuthUser, Secret, Verifier, VerifyContext, VerifyError,
    /// };
    ///
    /// let silent = verify::from_fn(|_, _| {
    ///     std::future::pending::<Result<OAuthUser, VerifyError>>()
    /// });
    /// let verifier = Cached::new(silent)?.deadline(Duration::from_millis(20));
    /// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
    /// let answer = verifier.verify(&token, &VerifyContext::default()).await;
    /// assert!(matches!(answer, Err(VerifyError::Unavailable(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        self.set(|settings| settings.deadline = deadline)
    }

    /// Sets how many verifications run on their own tasks at a time. Defaults to 4,096. Beyond
    /// that, each request verifies its own credential and does not share the answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{Cached, MemoryVerifier};
    ///
    /// // A database with ten connections gains nothing from more.
    /// let verifier = Cached::new(MemoryVerifier::builder().build()?)?
    ///     .shared_verifications(64);
    /// assert_eq!(verifier.in_flight(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn shared_verifications(self, limit: usize) -> Self {
        self.set(|settings| settings.shared = limit)
    }

    /// Sets the clock that expiry is judged by. Defaults to the operating system's. Whatever this
    /// clock shows, no answer is kept longer than a steady clock allows.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::{Issuer, TestClock};
    /// use tower_principal::verify::Cached;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let (issuer, clock) =
    ///     (Issuer::new("https://login.example")?, TestClock::default());
    /// let remote = issuer.introspection().build()?;
    /// let verifier = Cached::new(remote)?.clock(clock.clone());
    /// let text = issuer.token("otto").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// verifier.verify(&token, &VerifyContext::default()).await?;
    /// clock.advance(Duration::from_secs(31));
    /// verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert_eq!(issuer.fetches(), 2); // the answer was 30 s old
    ///
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        self.set(|settings| settings.clock = Arc::new(clock))
    }
}
