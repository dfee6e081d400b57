//! Checks of a verifier against the rules for every verifier.
//!
//! The guide has a chapter on [testing](crate::guide::testing).
//!
//! # Examples
//!
//! ```
//! use tower_principal::test_util::conformance::Suite;
//! use tower_principal::verify::MemoryVerifier;
//! use tower_principal::{Credential, OAuthUser, PrincipalKind, Secret};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let token = |text| Credential::AccessToken(Secret::borrowed(text));
//! let verifier = MemoryVerifier::builder()
//!     .access_token("9kxoTUYvSxnAiMpv008NBqRiqk5xWt", OAuthUser::new("otto"))
//!     .build()?;
//!
//! Suite::new()
//!     .good(token("9kxoTUYvSxnAiMpv008NBqRiqk5xWt"), PrincipalKind::OAuthUser)
//!     .unknown(token("jFfDUcsK9zzNMs1zwczzJxGrimPtmf"))
//!     .revokes()
//!     .check(&verifier)
//!     .await
//!     .assert_holds();
//! # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
//! # }).unwrap();
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use self::checks::Checks;
use crate::credential::{Credential, CredentialKind};
use crate::principal::PrincipalKind;
use crate::verify::{Verifier, VerifyContext};

#[cfg(feature = "server")]
mod calls;
mod checks;
mod ending;
#[cfg(feature = "server")]
mod grants;
mod identity;
mod mutation;
mod observation;
mod outage;
mod report;
mod revoking;
mod rule;
#[cfg(feature = "server")]
mod sessions;

#[cfg(feature = "server")]
pub use self::grants::{GrantRule, GrantSuite};
pub use self::report::{Report, Violation};
pub use self::rule::Rule;
#[cfg(feature = "server")]
pub use self::sessions::{SessionRule, SessionSuite};

/// Credentials that a verifier accepts or denies, and the options of the checks.
///
/// More credentials allow more checks: one good credential of each kind that the verifier accepts,
/// one unknown credential, and one for each way to end. A suite without a good credential fails for
/// any verifier; [`Report::unchecked`] lists the other missing parts. The suite verifies each good
/// credential some hundred times, at most a few at a time, so let a password store hash cheaply. It
/// needs a tokio runtime if the verifier does.
///
/// # Examples
///
/// ```
/// use tower_principal::test_util::conformance::Suite;
/// use tower_principal::{Credential, PrincipalKind, Secret};
///
/// let token = |text| Credential::AccessToken(Secret::borrowed(text));
/// let suite = Suite::new()
///     .good(token("9kxoTUYvSxnAiMpv008N"), PrincipalKind::OAuthUser)
///     .expired(token("jFfDUcsK9zzNMs1zwczz"))
///     .tenant("acme");
/// # let _ = suite;
/// ```
#[derive(Default)]
#[must_use]
pub struct Suite {
    tenant: Option<String>,
    good: Vec<(Credential<'static>, PrincipalKind)>,
    unknown: Vec<Credential<'static>>,
    ended: Vec<(&'static str, Credential<'static>)>,
    /// The credentials of identities, each with the number of its identity.
    identities: Vec<(usize, Credential<'static>)>,
    clients: Vec<Credential<'static>>,
    revokes: bool,
    outage: Option<Switch>,
    endings: Vec<(&'static str, Credential<'static>, Ending)>,
}

type Ending = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

type Switch = Box<dyn Fn(bool) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

impl Suite {
    /// Creates a suite without credentials; it needs at least one good credential.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tenant of the good and the ended credentials. They must then be denied for another
    /// tenant and without a tenant.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Adds a credential that is good by the system's clock, and the kind of principal it makes. If
    /// the verifier accepts passwords, add a short one and one of more than 72 bytes. They show if
    /// passwords are truncated, as bcrypt does.
    pub fn good(mut self, credential: Credential<'_>, makes: PrincipalKind) -> Self {
        self.good.push((credential.into_owned(), makes));
        self
    }

    /// Adds good credentials of one identity, for example a user's password and token, or two
    /// tokens of one user. They have one [key](crate::Principal::key), and no other identity of the
    /// suite has it. Add identities that are easy to confuse: one name at two issuers, or a user
    /// and a client of one name.
    pub fn identity<'c>(mut self, credentials: impl IntoIterator<Item = Credential<'c>>) -> Self {
        let number = self.identities.last().map_or(0, |(number, _)| number + 1);
        self.identities.extend(credentials.into_iter().map(|one| (number, one.into_owned())));
        self
    }

    /// Adds a good credential of a client that acts for itself: its principal [is a
    /// client](crate::Principal::is_client). The principal of any identity that is not also added
    /// here must not be a client.
    pub fn client(mut self, credential: Credential<'_>) -> Self {
        self.clients.push(credential.into_owned());
        self
    }

    /// Adds a well-formed credential that is unknown. If the verifier can reject some by itself,
    /// for example by a checksum, add one that it must look up. In an outage that one must not be
    /// denied.
    pub fn unknown(mut self, credential: Credential<'_>) -> Self {
        self.unknown.push(credential.into_owned());
        self
    }

    /// Adds an expired credential.
    pub fn expired(self, credential: Credential<'_>) -> Self {
        self.ended("an expired", credential)
    }

    /// Adds a revoked credential.
    pub fn revoked(self, credential: Credential<'_>) -> Self {
        self.ended("a revoked", credential)
    }

    /// Adds a credential that is disabled, or whose user is.
    pub fn disabled(self, credential: Credential<'_>) -> Self {
        self.ended("a disabled", credential)
    }

    /// Declares that the verifier can revoke. At the end every good credential except passwords is
    /// revoked and must be denied from then on. Before that the suite revokes invalid credentials
    /// and the passwords, which must have no effect.
    pub const fn revokes(mut self) -> Self {
        self.revokes = true;
        self
    }

    /// Adds a switch that takes down (`true`) and restores (`false`) the verifier's backend: a
    /// database, an issuer, a file. Its future completes when that is done. A plain closure can
    /// return [`std::future::ready`].
    ///
    /// While the backend is down, credentials that the verifier cannot decide must be unavailable,
    /// never good or denied. This is checked first, so the verifier must have nothing cached yet.
    /// It is checked again at the end, when cached answers are allowed. After the backend is
    /// restored, every credential must be good again; if there is a cooldown, wait for it in the
    /// switch. If several verifiers are joined, add credentials of the one that is taken down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::ready;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use tower_principal::test_util::conformance::Suite;
    /// use tower_principal::{
    ///     Credential, OAuthUser, PrincipalKind, Secret, VerifyError, verify,
    /// };
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let down = Arc::new(AtomicBool::new(false));
    /// let seen = Arc::clone(&down);
    /// let verifier = verify::from_fn(move |credential, _| {
    ///     ready(match credential {
    ///         Credential::AccessToken(_) if seen.load(Ordering::SeqCst) => {
    ///             Err(VerifyError::unavailable("down"))
    ///         }
    ///         Credential::AccessToken(token)
    ///             if token.ct_eq(&Secret::borrowed("9kxoTUYvSxnAiMpv008N")) =>
    ///         {
    ///             Ok(OAuthUser::new("otto"))
    ///         }
    ///         Credential::AccessToken(_) => Err(VerifyError::UNKNOWN),
    ///         _ => Err(VerifyError::Unsupported),
    ///     })
    /// });
    /// Suite::new()
    ///     .good(
    ///         Credential::AccessToken(Secret::borrowed("9kxoTUYvSxnAiMpv008N")),
    ///         PrincipalKind::OAuthUser,
    ///     )
    ///     .outage(move |is_down| {
    ///         down.store(is_down, Ordering::SeqCst);
    ///         ready(())
    ///     })
    ///     .check(&verifier)
    ///     .await
    ///     .assert_holds();
    /// # });
    /// ```
    pub fn outage<F>(mut self, switch: impl Fn(bool) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.outage = Some(Box::new(move |is_down| Box::pin(switch(is_down))));
        self
    }

    /// Adds a good credential and an action that ends it: its client is revoked, its client's owner
    /// is disabled, or another process changes the row. `how` completes the sentence "a credential,
    /// ..".
    ///
    /// The credential is shown three times, so that caches keep the answer. After `end` completes,
    /// it must be denied within 1 s. This is checked after everything except revoking. Do not also
    /// declare the credential [good](Self::good) if the suite [revokes](Self::revokes).
    pub fn ended_by<F>(
        mut self,
        how: &'static str,
        credential: Credential<'_>,
        end: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.endings.push((how, credential.into_owned(), Box::new(move || Box::pin(end()))));
        self
    }

    /// Checks a verifier.
    pub async fn check<V: Verifier>(&self, verifier: &V) -> Report {
        Checks::new(self, verifier).run().await
    }

    fn ended(mut self, how: &'static str, credential: Credential<'_>) -> Self {
        self.ended.push((how, credential.into_owned()));
        self
    }

    fn context(&self) -> VerifyContext<'_> {
        match &self.tenant {
            Some(tenant) => VerifyContext::default().with_tenant(tenant.as_str()),
            None => VerifyContext::default(),
        }
    }

    /// Returns the checks that these inputs do not allow.
    fn unchecked(&self) -> Vec<&'static str> {
        let is_password = |good: &Credential<'_>| matches!(good, Credential::Password(_));
        let mut passwords =
            self.good.iter().map(|(good, _)| good).filter(|good| is_password(good)).peekable();
        let cut = passwords.peek().is_some()
            && passwords.all(|password| mutation::truncations(password).is_empty());
        let missing = [
            (self.unknown.is_empty(), "unknown credentials: none was given"),
            (self.ended.is_empty(), "expired, revoked and disabled credentials: none was given"),
            (cut, "truncation of passwords at 72 bytes: no good password is longer"),
            (self.tenant.is_none(), "tenants: none was given"),
            (
                self.identities.last().is_none_or(|(last, _)| *last == 0),
                "identities: fewer than two were given",
            ),
            (self.outage.is_none(), "outages: no switch was given"),
            (!self.revokes, "revoking: `revokes` was not called"),
        ];
        missing.into_iter().filter_map(|(is_missing, what)| is_missing.then_some(what)).collect()
    }

    fn is_good(&self, credential: &Credential<'_>) -> bool {
        self.good.iter().any(|(good, _)| mutation::same(good, credential))
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<CredentialKind> = self.good.iter().map(|(good, _)| good.kind()).collect();
        f.debug_struct("Suite").field("tenant", &self.tenant).field("good", &kinds).finish_non_exhaustive()
    }
}
