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

/// Builds [`JwtVerifier`]s.
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
    pub(super) mapping: Mapping,
    pub(super) invalid: Option<InvalidPermission>,
    denylist: Option<Denylist>,
    pub(super) facts: Option<&'static Facts>,
    /// The reason if no token of the issuer can be verified.
    pub(super) problem: Option<&'static str>,
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

    /// Adds a name of this service that a token's `aud` must have exactly. Several names are
    /// alternatives. At least one is required.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into().into_boxed_str());
        self
    }

    /// Adds another name of the same issuer in `iss`, such as `accounts.google.com` beside
    /// `https://accounts.google.com`. Principals have the issuer's first name.
    pub fn also_issuer(mut self, name: impl Into<String>) -> Self {
        self.issuers.push(name.into());
        self
    }

    /// Sets the accepted tenants, if the issuer's name has the placeholder `{tenantid}`, as in
    /// `https://login.microsoftonline.com/{tenantid}/v2.0`. The claim `tid` must be the tenant in
    /// `iss`. Principals have the issuer's name with the tenant in it. Replaces tenants that were
    /// set before.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::JwtVerifier;
    ///
    /// let builder =
    ///     JwtVerifier::builder("https://login.microsoftonline.com/{tenantid}/v2.0")
    ///         .tenants(["72f988bf-86f1-41af-91ab-2d7cd011db47"])
    ///         .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3");
    /// # let _ = builder;
    /// ```
    pub fn tenants<T: Into<String>>(mut self, tenants: impl IntoIterator<Item = T>) -> Self {
        let tenants = tenants.into_iter().map(|tenant| tenant.into().into_boxed_str());
        self.tenants = Some(Tenants::Listed(tenants.collect()));
        self
    }

    /// Same with a predicate, which is called for every token. It must not block.
    pub fn tenants_where(mut self, is_accepted: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.tenants = Some(Tenants::Where(Arc::new(is_accepted)));
        self
    }

    /// Sets a claim that replaces `aud`, with the values that it may have: `azp` or `client_id`,
    /// for issuers that write no `aud`. The claim is a text, or a list of texts with one of the
    /// values. A token that has `aud` as well needs an [`audience`](Self::audience) in it. Replaces
    /// the claim that was set before.
    ///
    /// The claim names the client that requested the token. A service that accepts it instead of
    /// its own name accepts every token of that client, also those for other services.
    pub fn audience_claim<V: Into<String>>(
        mut self,
        claim: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.into().into_boxed_str());
        self.audience_claim = Some((Path::new(claim), values.collect()));
        self
    }

    /// Sets the keys that verify signatures: a [`KeySet`](crate::verify::KeySet), or
    /// [`Jwks`](crate::verify::Jwks) that are fetched. Required.
    pub fn keys(mut self, keys: impl Into<Keys>) -> Self {
        self.keys = Some(keys.into());
        self
    }

    /// Sets the accepted uses of tokens. Defaults to [`TokenUse::AccessToken`] alone.
    pub fn accept(mut self, uses: impl IntoIterator<Item = TokenUse>) -> Self {
        self.uses = uses.into_iter().collect();
        self
    }

    /// Accepts identity tokens (OpenID Connect Core 1.0 section 2) of this client like access
    /// tokens, and adds [`TokenUse::IdentityToken`]. `aud` must have this client's id. If `aud` has
    /// several names, `azp` must be this client's id, too. Called again it adds a client.
    ///
    /// An identity token informs a client that a user has logged in. A service that accepts it
    /// trusts the client not to send it elsewhere, and gets no scopes. Accept [access
    /// tokens](TokenUse::AccessToken) if the issuer has them.
    pub fn identity_client(mut self, client: impl Into<String>) -> Self {
        self.clients.push(client.into().into_boxed_str());
        self
    }

    /// Adds a word for access tokens in the claims that name the kind of a token (`typ`, `type`,
    /// `token_use`, `token_type`), beside [the usual ones](TokenUse). Case does not matter. A token
    /// with an unknown word is refused.
    pub fn access_word(mut self, word: impl Into<String>) -> Self {
        self.access_words.push(word.into().into_boxed_str());
        self
    }

    /// Sets how much the issuer's clock may be ahead or behind. Defaults to 10 s; at most 5 min. A
    /// token is accepted for this long after its `exp`.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the longest life of a token, from `iat` (or from now, if it has none) to `exp`.
    /// Defaults to 24 h; at most 10 years. A leaked token is good for its whole life, unless it is
    /// revoked.
    pub const fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the longest token, in bytes. Defaults to 8 KiB; at most 64 KiB. Longer tokens make
    /// every request of any client cost more, before its signature is verified. The dialect has its
    /// own limit.
    pub const fn danger_max_token_length(mut self, bytes: usize) -> Self {
        self.length = bytes;
        self
    }

    /// Sets the list of revoked tokens. Defaults to a separate list for 100,000 tokens.
    pub fn denylist(mut self, denylist: Denylist) -> Self {
        self.denylist = Some(denylist);
        self
    }

    /// Sets the clock for dates.
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
