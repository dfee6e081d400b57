//! Checks a verifier against the rules that every verifier has to hold.
//!
//! # Examples
//!
//! ```
//! use tower_principal::test_util::conformance::Suite;
//! use tower_principal::{Credential, MemoryVerifier, OAuthUser, PrincipalKind, Secret};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let token = |text| Credential::AccessToken(Secret::borrowed(text));
//! let verifier = MemoryVerifier::builder()
//!     .access_token("9kxoTUYvSxnAiMpv008NBqRiqk5xWt", OAuthUser::builder("otto").build())
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

mod checks;
mod ending;
mod identity;
mod outage;
mod report;
mod revoking;
mod rule;
mod seen;
mod twist;

pub use self::report::{Report, Violation};
pub use self::rule::Rule;

/// Credentials that a verifier knows or does not know, and how it is checked with them.
///
/// The more there are, the more is checked: one good credential of each kind that the verifier takes, one that
/// nobody holds, one of each that ended. A suite without a good one fails, whatever the verifier; what else it had
/// nothing for is in [`Report::unchecked`]. It asks some hundred times for each good one, at most a few at
/// a time; let a store of passwords hash cheaply. Needs a tokio runtime where the verifier does.
#[derive(Default)]
#[must_use]
pub struct Suite {
    tenant: Option<String>,
    good: Vec<(Credential<'static>, PrincipalKind)>,
    unknown: Vec<Credential<'static>>,
    ended: Vec<(&'static str, Credential<'static>)>,
    /// Credentials of identities, each with the number of its identity.
    identities: Vec<(usize, Credential<'static>)>,
    clients: Vec<Credential<'static>>,
    revokes: bool,
    outage: Option<Switch>,
    endings: Vec<(&'static str, Credential<'static>, Ending)>,
}

type Ending = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

type Switch = Box<dyn Fn(bool) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

impl Suite {
    /// Without any credential; it needs a good one at least.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tenant whom the good and the ended credentials belong to. With it, they have to open nothing at
    /// another tenant or without one.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// One that is good by the system's clock, and the kind of principal it makes. Where the verifier takes passwords, one of more than 72
    /// bytes beside a short one shows whether they are cut, as bcrypt does.
    pub fn good(mut self, credential: Credential<'_>, makes: PrincipalKind) -> Self {
        self.good.push((credential.into_owned(), makes));
        self
    }

    /// Good credentials of one identity: a user's password and token, for instance, or two tokens of one
    /// user. They have one [key](crate::Principal::key), and no other identity of the suite has it. Give
    /// identities that are easy to confuse: one name at two issuers, a user and a client of one name.
    pub fn identity<'c>(mut self, credentials: impl IntoIterator<Item = Credential<'c>>) -> Self {
        let number = self.identities.last().map_or(0, |(number, _)| number + 1);
        self.identities.extend(credentials.into_iter().map(|one| (number, one.into_owned())));
        self
    }

    /// A good credential of a client that acts for itself: its principal
    /// [is a client](crate::Principal::is_client), and that of any identity that is not also given here is
    /// none.
    pub fn client(mut self, credential: Credential<'_>) -> Self {
        self.clients.push(credential.into_owned());
        self
    }

    /// One that is well-formed and that nobody holds. Where the verifier sees by itself that some cannot be its own, by
    /// a checksum, say, one that it has to ask about: in an outage that must not be a denial.
    pub fn unknown(mut self, credential: Credential<'_>) -> Self {
        self.unknown.push(credential.into_owned());
        self
    }

    /// One whose time is over.
    pub fn expired(self, credential: Credential<'_>) -> Self {
        self.ended("an expired", credential)
    }

    /// One that was revoked.
    pub fn revoked(self, credential: Credential<'_>) -> Self {
        self.ended("a revoked", credential)
    }

    /// One that is disabled, or whose user is.
    pub fn disabled(self, credential: Credential<'_>) -> Self {
        self.ended("a disabled", credential)
    }

    /// The verifier can revoke: in the end every good credential but passwords is revoked, and has to be
    /// denied from then on. Before that much is revoked that is not good, and the passwords, which must end nothing.
    pub const fn revokes(mut self) -> Self {
        self.revokes = true;
        self
    }

    /// Something that takes down what the verifier asks (`true`) and brings it back (`false`), and is ready when
    /// that is done: a database, an issuer, a file. A plain closure answers by [`std::future::ready`].
    ///
    /// While it is down, what the verifier cannot tell has to be unavailable, never good and never denied. That is
    /// checked before anything else, so the verifier must know nothing by heart yet; and again in the end, when it may
    /// answer from what it keeps. Once it is back everything has to be good again: wait for a cooldown there. Where
    /// several verifiers are joined, show credentials of the one that is taken down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::ready;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use tower_principal::test_util::conformance::Suite;
    /// use tower_principal::{Credential, OAuthUser, PrincipalKind, Secret, VerifyError, verify};
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let down = Arc::new(AtomicBool::new(false));
    /// let seen = Arc::clone(&down);
    /// let verifier = verify::from_fn(move |credential, _| {
    ///     ready(match credential {
    ///         Credential::AccessToken(_) if seen.load(Ordering::SeqCst) => Err(VerifyError::unavailable("down")),
    ///         Credential::AccessToken(token) if token.ct_eq(&Secret::borrowed("9kxoTUYvSxnAiMpv008N")) => {
    ///             Ok(OAuthUser::builder("otto").build().into())
    ///         }
    ///         Credential::AccessToken(_) => Err(VerifyError::UNKNOWN),
    ///         _ => Err(VerifyError::Unsupported),
    ///     })
    /// });
    /// Suite::new()
    ///     .good(Credential::AccessToken(Secret::borrowed("9kxoTUYvSxnAiMpv008N")), PrincipalKind::OAuthUser)
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

    /// A credential that is good, and something that ends it: its client is revoked, its client's owner disabled, the
    /// row changed by another process. `how` completes the sentence "a credential, ..".
    ///
    /// The credential is shown three times, so that caches keep the answer. When `end` is done, it has to be denied
    /// within a second. This is checked after everything but revoking: do not declare the credential
    /// [good](Self::good) as well if the suite [revokes](Self::revokes).
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

    /// What cannot be checked with what was given.
    fn unchecked(&self) -> Vec<&'static str> {
        let is_password = |good: &Credential<'_>| matches!(good, Credential::Password(_));
        let mut passwords =
            self.good.iter().map(|(good, _)| good).filter(|good| is_password(good)).peekable();
        let cut = passwords.peek().is_some() && passwords.all(|password| twist::cut(password).is_empty());
        let missing = [
            (self.unknown.is_empty(), "what nobody holds: no unknown credential was given"),
            (self.ended.is_empty(), "what has ended: no expired, revoked or disabled credential was given"),
            (cut, "whether passwords are cut at 72 bytes: no good one is longer"),
            (self.tenant.is_none(), "tenants: none was given"),
            (
                self.identities.last().is_none_or(|(last, _)| *last == 0),
                "identities: fewer than two were given",
            ),
            (self.outage.is_none(), "outages: no switch was given"),
            (!self.revokes, "revoking: `revokes` was not said"),
        ];
        missing.into_iter().filter_map(|(is_missing, what)| is_missing.then_some(what)).collect()
    }

    fn is_good(&self, credential: &Credential<'_>) -> bool {
        self.good.iter().any(|(good, _)| twist::same(good, credential))
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<CredentialKind> = self.good.iter().map(|(good, _)| good.kind()).collect();
        f.debug_struct("Suite").field("tenant", &self.tenant).field("good", &kinds).finish_non_exhaustive()
    }
}
