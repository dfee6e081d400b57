//! The settings of JWT verifiers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Audience, Denylist, Facts, Issuers, JwtVerifier, JwtVerifierError, Keys, Mapping, Name, Path, Rules,
    Tenants, TokenUse, Word,
};
use crate::clock::{Clock, SystemClock};
use crate::principal::InvalidPermission;

mod claims;
mod names;
mod tokens;

/// Builds [`JwtVerifier`]s.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::time::Duration;
/// use tower_principal::test_util::Issuer;
/// use tower_principal::verify::{JwtVerifier, TokenUse};
///
/// let issuer = Issuer::new("https://login.example")?;
/// let verifier = JwtVerifier::builder("https://login.example")
///     .audience("https://api.example")
///     .keys(issuer.published().build()?)
///     .accept([TokenUse::AccessToken, TokenUse::PlainJwt])
///     .max_lifetime(Duration::from_secs(3600))
///     .build()?;
///
/// let token = issuer.token("otto").audience("https://api.example").sign();
/// assert!(verifier.explain(&token).await.is_accepted());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct JwtVerifierBuilder {
    issuers: Vec<String>,
    tenants: Option<Tenants>,
    audiences: Vec<Box<str>>,
    audience_claim: Option<(Path, Vec<Box<str>>)>,
    clients: Vec<Box<str>>,
    uses: Vec<TokenUse>,
    access_words: Vec<Box<str>>,
    leeway: Duration,
    lifetime: Duration,
    length: usize,
    keys: Option<Keys>,
    mapping: Mapping,
    invalid: Option<InvalidPermission>,
    denylist: Option<Denylist>,
    facts: Option<&'static Facts>,
    /// The reason if no token of the issuer can be verified.
    problem: Option<&'static str>,
    clock: Arc<dyn Clock>,
}

impl JwtVerifierBuilder {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            issuers: vec![issuer],
            tenants: None,
            audiences: Vec::new(),
            audience_claim: None,
            clients: Vec::new(),
            uses: vec![TokenUse::AccessToken],
            access_words: Vec::new(),
            leeway: LEEWAY,
            lifetime: LIFETIME,
            length: LENGTH,
            keys: None,
            mapping: Mapping::new(&["sub"], false),
            invalid: None,
            denylist: None,
            facts: None,
            problem: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets the keys that verify signatures: a [`KeySet`](crate::verify::KeySet), or
    /// [`Jwks`](crate::verify::Jwks) that are fetched. Required.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{
    ///     Algorithm, JwtVerifier, JwtVerifierError, KeySet,
    /// };
    ///
    /// let builder = JwtVerifier::builder("https://login.example")
    ///     .audience("https://api.example");
    /// let without = builder.clone().build();
    /// assert!(matches!(without, Err(JwtVerifierError::NoKeys)));
    /// let secret = b"a secret of 32 random bytes, not this";
    /// let keys = KeySet::from_secret(Algorithm::Hs256, secret)?;
    /// assert!(builder.keys(keys).build().is_ok());
    /// # Ok::<(), tower_principal::verify::InvalidKey>(())
    /// ```
    pub fn keys(mut self, keys: impl Into<Keys>) -> Self {
        self.keys = Some(keys.into());
        self
    }

    /// Sets the list of revoked tokens. Defaults to a separate list for 100,000 tokens.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Denylist;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let (staff, customers) = (
    ///     Issuer::new("https://staff.example")?,
    ///     Issuer::new("https://shop.example")?,
    /// );
    /// // One list for both verifiers, as large as their revocations in a day.
    /// let denylist = Denylist::with_capacity(10_000)?;
    /// let audience = "https://api.example";
    /// let first = staff.verifier(audience).denylist(denylist.clone()).build()?;
    /// let second =
    ///     customers.verifier(audience).denylist(denylist.clone()).build()?;
    /// let verifier = first.or(second);
    ///
    /// let jwt = customers.token("otto").audience(audience).sign();
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// verifier.revoke(&token, &VerifyContext::default()).await?;
    /// assert_eq!(denylist.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn denylist(mut self, denylist: Denylist) -> Self {
        self.denylist = Some(denylist);
        self
    }

    /// Sets the clock for dates.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::{Issuer, TestClock};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let clock = TestClock::default();
    /// let audience = "https://api.example";
    /// let verifier = issuer.verifier(audience).clock(clock.clone()).build()?;
    ///
    /// let token = issuer.token("otto").audience(audience).sign();
    /// assert!(verifier.explain(&token).await.is_accepted());
    /// clock.advance(Duration::from_secs(24 * 3600));
    /// assert!(!verifier.explain(&token).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`JwtVerifierError`] if issuer, audience or keys are missing, a time is out of its
    /// range, or a permission is invalid.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{JwtVerifier, JwtVerifierError};
    ///
    /// // Nothing that decides about tokens has a default.
    /// let builder = JwtVerifier::builder("https://login.example");
    /// assert!(matches!(builder.build(), Err(JwtVerifierError::NoAudience)));
    /// ```
    pub fn build(self) -> Result<JwtVerifier, JwtVerifierError> {
        if let Some(problem) = self.problem {
            return Err(JwtVerifierError::Unverifiable(problem));
        }
        let is_foreign =
            |facts: &&Facts| self.audiences.iter().any(|audience| facts.foreign.contains(&&**audience));
        if let Some(facts) = self.facts.filter(is_foreign) {
            return Err(JwtVerifierError::Unverifiable(facts.why_foreign));
        }
        let issuers = issuers(&self.issuers, self.tenants)?;
        let mut uses = self.uses;
        if !self.clients.is_empty() && !uses.contains(&TokenUse::IdentityToken) {
            uses.push(TokenUse::IdentityToken);
        }
        if uses.is_empty() {
            return Err(JwtVerifierError::NoUse);
        }
        let is_blank = |names: &[Box<str>]| names.is_empty() || names.iter().any(|name| name.is_empty());
        let needs =
            |client| uses.iter().any(|wanted| (wanted.marks().audience == Audience::Client) == client);
        let has_claim = self.audience_claim.is_some();
        if needs(false) && is_blank(&self.audiences) && !(has_claim && self.audiences.is_empty()) {
            return Err(JwtVerifierError::NoAudience);
        }
        if self.audience_claim.as_ref().is_some_and(|(claim, values)| claim.is_empty() || is_blank(values)) {
            return Err(JwtVerifierError::AudienceClaim);
        }
        if needs(true) && is_blank(&self.clients) {
            return Err(JwtVerifierError::NoClient);
        }
        if let Some(word) = self.access_words.iter().find(|word| word.is_empty() || Word::of(word).is_some())
        {
            return Err(JwtVerifierError::AccessWord(word.clone()));
        }
        if self.leeway > LONGEST_LEEWAY || self.lifetime > LONGEST_LIFETIME || self.lifetime.is_zero() {
            return Err(JwtVerifierError::Times);
        }
        if !(LENGTH..=LONGEST_TOKEN).contains(&self.length) {
            return Err(JwtVerifierError::TokenLength);
        }
        if let Some(invalid) = self.invalid {
            return Err(invalid.into());
        }
        let rules = Rules {
            issuers,
            audiences: self.audiences,
            audience_claim: self.audience_claim,
            clients: self.clients,
            uses,
            access_words: self.access_words,
            leeway: self.leeway,
            lifetime: self.lifetime,
            length: self.length,
            facts: self.facts,
        };
        let denylist = self.denylist.map_or_else(|| Denylist::with_capacity(DENIED), Ok)?;
        denylist.judged_by(&self.clock, self.leeway, self.lifetime);
        Ok(JwtVerifier {
            rules: Arc::new(rules),
            keys: self.keys.filter(|keys| !keys.is_empty()).ok_or(JwtVerifierError::NoKeys)?,
            mapping: Arc::new(self.mapping),
            denylist,
            clock: self.clock,
            was_long: Arc::default(),
        })
    }
}

fn issuers(names: &[String], tenants: Option<Tenants>) -> Result<Issuers, JwtVerifierError> {
    if names.iter().any(String::is_empty) {
        return Err(JwtVerifierError::NoIssuer);
    }
    let names: Option<Vec<Name>> = names.iter().map(|name| Name::new(name)).collect();
    let names = names.ok_or(JwtVerifierError::Placeholder)?;
    let with_tenant = names.iter().filter(|name| name.has_tenant()).count();
    match &tenants {
        _ if with_tenant > 0 && with_tenant < names.len() => Err(JwtVerifierError::Placeholder),
        Some(_) if with_tenant == 0 => Err(JwtVerifierError::Tenants),
        Some(Tenants::Listed(listed)) if listed.is_empty() => Err(JwtVerifierError::NoTenants),
        None if with_tenant > 0 => Err(JwtVerifierError::NoTenants),
        _ => Ok(Issuers { names, tenants }),
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(keys) => write!(f, "{} keys", keys.len()),
            Self::Published(keys) => keys.fmt(f),
        }
    }
}

const LEEWAY: Duration = Duration::from_secs(10);
const LONGEST_LEEWAY: Duration = Duration::from_secs(5 * 60);
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_LIFETIME: Duration = Duration::from_secs(3_653 * 24 * 60 * 60);
const LENGTH: usize = 8 * 1024;
const LONGEST_TOKEN: usize = 64 * 1024;
const DENIED: usize = 100_000;
