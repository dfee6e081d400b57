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
//! # Ok::<(), tower_principal::MemoryVerifierError>(())
//! # }).unwrap();
//! ```

use std::fmt;

use self::checks::Checks;
use crate::credential::{Credential, CredentialKind};
use crate::principal::PrincipalKind;
use crate::verify::{Context, Verifier};

mod checks;
mod rule;
mod seen;
mod twist;

pub use self::rule::Rule;

/// Credentials that a verifier knows or does not know, and how it is checked with them.
///
/// The more there are, the more is checked: one good credential of each kind that the verifier takes, one that
/// nobody holds, one of each that ended. It asks some hundred times for each good one, at most a few at
/// a time; let a store of passwords hash cheaply. Needs a tokio runtime where the verifier does.
#[derive(Default)]
#[must_use]
pub struct Suite {
    tenant: Option<String>,
    good: Vec<(Credential<'static>, PrincipalKind)>,
    unknown: Vec<Credential<'static>>,
    ended: Vec<(&'static str, Credential<'static>)>,
    revokes: bool,
}

/// What a verifier does not hold, if anything.
#[derive(Clone, Debug)]
#[must_use]
pub struct Report(Vec<Violation>);

/// A rule that is not held, and where that was seen. It quotes no credential.
#[derive(Clone, Debug)]
pub struct Violation {
    rule: Rule,
    seen: String,
}

impl Suite {
    /// Without any credential; what can be checked with odd text alone is checked even so.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tenant whom the good and the ended credentials belong to. With it, they have to open nothing at
    /// another tenant or without one.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// One that is good, and the kind of principal it makes.
    pub fn good(mut self, credential: Credential<'_>, makes: PrincipalKind) -> Self {
        self.good.push((credential.into_owned(), makes));
        self
    }

    /// One that is well-formed and that nobody holds.
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
    /// denied from then on.
    pub const fn revokes(mut self) -> Self {
        self.revokes = true;
        self
    }

    /// Checks a verifier.
    pub async fn check<V: Verifier>(&self, verifier: &V) -> Report {
        Report(Checks::new(self, verifier).run().await)
    }

    fn ended(mut self, how: &'static str, credential: Credential<'_>) -> Self {
        self.ended.push((how, credential.into_owned()));
        self
    }

    fn context(&self) -> Context<'_> {
        match &self.tenant {
            Some(tenant) => Context::default().with_tenant(tenant.as_str()),
            None => Context::default(),
        }
    }

    fn is_good(&self, credential: &Credential<'_>) -> bool {
        self.good.iter().any(|(good, _)| twist::same(good, credential))
    }
}

impl Report {
    /// Whether every rule is held.
    pub const fn holds(&self) -> bool {
        self.0.is_empty()
    }

    /// What is not held, in the order it was found.
    pub fn violations(&self) -> &[Violation] {
        &self.0
    }

    /// Fails a test where a rule is not held, and names every one.
    ///
    /// # Panics
    ///
    /// When there is one.
    #[allow(clippy::panic, reason = "for tests, which a panic fails")]
    pub fn assert_holds(&self) {
        if !self.holds() {
            panic!("{self}");
        }
    }
}

impl Violation {
    /// The rule.
    pub const fn rule(&self) -> Rule {
        self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.seen)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.holds() {
            return f.write_str("the verifier holds every rule");
        }
        f.write_str("the verifier breaks rules:")?;
        self.0.iter().try_for_each(|violation| write!(f, "\n  {violation}"))
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<CredentialKind> = self.good.iter().map(|(good, _)| good.kind()).collect();
        f.debug_struct("Suite").field("tenant", &self.tenant).field("good", &kinds).finish_non_exhaustive()
    }
}
