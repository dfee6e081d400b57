//! Makes JWT verifiers.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::{Audience, Denylist, JwtVerifier, Keys, Mapping, Rules, TokenUse, is_known};
use crate::clock::{Clock, SystemClock};
use crate::permission::InvalidPermission;

/// Builds [`JwtVerifier`]s.
#[derive(Clone, Debug)]
#[must_use]
pub struct JwtVerifierBuilder {
    issuer: String,
    audiences: Vec<Box<str>>,
    clients: Vec<Box<str>>,
    uses: Vec<TokenUse>,
    access_words: Vec<Box<str>>,
    leeway: Duration,
    lifetime: Duration,
    keys: Option<Keys>,
    mapping: Mapping,
    invalid: Option<InvalidPermission>,
    denylist: Option<Denylist>,
    clock: Arc<dyn Clock>,
}

/// A JWT verifier lacks something, or was told something impossible.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JwtVerifierError {
    /// The issuer is empty.
    #[error("the issuer is empty")]
    NoIssuer,
    /// No audience was named, or an empty one.
    #[error("no audience was named, or an empty one")]
    NoAudience,
    /// No keys were given.
    #[error("no keys were given, or a set without any")]
    NoKeys,
    /// No use of tokens is accepted.
    #[error("no use of tokens is accepted")]
    NoUse,
    /// Identity tokens are accepted and no client is named, or an empty one.
    #[error("no `identity_client` is named for identity tokens, or an empty one")]
    NoClient,
    /// An access word is empty, or has a meaning of its own.
    #[error("`{0}` is no word to name access tokens with: it is empty or has a meaning of its own")]
    AccessWord(Box<str>),
    /// The leeway is over 30 seconds, or the longest life of a token is 0 or over 24 hours.
    #[error("the leeway is over 30 seconds, or the longest life of a token is 0 or over 24 hours")]
    Times,
    /// A permission of a group is not in the grammar of [`Permission`](crate::Permission).
    #[error("a permission of a group is none: {0}")]
    Permission(#[from] InvalidPermission),
    /// The operating system has no randomness to give.
    #[error("no randomness: {0}")]
    Randomness(#[from] io::Error),
}

impl JwtVerifierBuilder {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            issuer,
            audiences: Vec::new(),
            clients: Vec::new(),
            uses: vec![TokenUse::AccessToken],
            access_words: Vec::new(),
            leeway: LEEWAY,
            lifetime: LIFETIME,
            keys: None,
            mapping: Mapping::new(&["sub"], false),
            invalid: None,
            denylist: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// A name of this service that a token's `aud` has to have, the very same; several are alternatives.
    /// At least one is needed.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into().into_boxed_str());
        self
    }

    /// What signatures are verified with: a [`KeySet`](crate::KeySet), or [`Jwks`](crate::Jwks) that are fetched. Needed.
    pub fn keys(mut self, keys: impl Into<Keys>) -> Self {
        self.keys = Some(keys.into());
        self
    }

    /// What tokens have to be for; [`TokenUse::AccessToken`] alone unless said. Replaces what was said before.
    pub fn accept(mut self, uses: impl IntoIterator<Item = TokenUse>) -> Self {
        self.uses = uses.into_iter().collect();
        self
    }

    /// Accepts identity tokens (OpenID Connect Core 1.0 section 2) of this client like access tokens, which
    /// adds [`TokenUse::IdentityToken`]. `aud` has to be this client's id; of several names in `aud`, `azp`
    /// has to be this client's id, too. Called again it adds a client.
    ///
    /// An identity token tells a client who has logged in. A service that accepts it trusts the client not
    /// to send it elsewhere, and gets no scopes. Accept [access tokens](TokenUse::AccessToken) if the
    /// issuer has them.
    pub fn identity_client(mut self, client: impl Into<String>) -> Self {
        self.clients.push(client.into().into_boxed_str());
        self
    }

    /// A word that names access tokens in the claims that name the kind of a token (`typ`, `type`,
    /// `token_use`, `token_type`), beside [the usual ones](TokenUse). It is compared without regard to
    /// case. Called again it adds a word. Every word that is not known refuses a token.
    pub fn access_word(mut self, word: impl Into<String>) -> Self {
        self.access_words.push(word.into().into_boxed_str());
        self
    }

    /// By how much the issuer's clock may be ahead or behind: 10 s unless said, and at most 30 s.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// The longest life of a token, from `iat` (or from now, where it has none) to `exp`: 24 h unless said,
    /// and at most.
    pub const fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The claim that makes the principal's id: `sub` unless said. Here and in the methods below a claim is
    /// named, or pointed to by a JSON Pointer (`/realm_access/roles`) where it is inside another.
    pub fn id_claim(mut self, claim: &str) -> Self {
        self.mapping.set_id(claim);
        self
    }

    /// The claim that makes the principal's organization; none unless said.
    pub fn org_claim(mut self, claim: &str) -> Self {
        self.mapping.set_org(claim);
        self
    }

    /// The claim that makes the principal's application; none unless said.
    pub fn app_claim(mut self, claim: &str) -> Self {
        self.mapping.set_app(claim);
        self
    }

    /// The claims that make the principal's scopes, each a text of names or a list of texts: `scope` and
    /// `scp` unless said. Groups that are listed here become scopes, too.
    pub fn scope_claims<'c>(mut self, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.mapping.set_scopes(claims);
        self
    }

    /// The claims that [`Claims::groups`](crate::verify::Claims::groups) lists: `groups`, `roles`, `cognito:groups` and
    /// `/realm_access/roles` unless said.
    pub fn group_claims<'c>(mut self, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.mapping.set_groups(claims);
        self
    }

    /// What whoever is of this group or role may do, in the grammar of [`Permission`](crate::Permission): these become
    /// the principal's [permissions](crate::Principal::permissions), which [`policy::permission`](crate::policy::permission())
    /// and [`policy::application`](crate::policy::application()) ask for. Groups are the ones that
    /// [`Claims::groups`](crate::verify::Claims::groups) lists, compared as they stand. Called again it adds; a group
    /// that is named nowhere gives nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{Algorithm, KeySet};
    /// use tower_principal::{JwtVerifier, RequireLayer, policy};
    ///
    /// let keys = KeySet::from_secret(Algorithm::Hs256, b"a secret of 32 random bytes, not this")?;
    /// let verifier = JwtVerifier::builder("https://login.example/realms/city")
    ///     .audience("https://api.example")
    ///     .keys(keys)
    ///     .group_claims(["/realm_access/roles"])
    ///     .permissions_of("editor", ["get,put:/reports/**"])
    ///     .permissions_of("reader", ["get:/reports/**", "*:/users/${user}/**"])
    ///     .build()?;
    /// let layer = RequireLayer::new(policy::permission("put:/reports")); // editors, not readers
    /// # let _ = (verifier, layer);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn permissions_of<'p>(mut self, group: &str, permissions: impl IntoIterator<Item = &'p str>) -> Self {
        self.invalid = self.mapping.permit(group, permissions).err().or(self.invalid);
        self
    }

    /// Tokens that ended before their time; a list of its own for 100,000 unless said.
    pub fn denylist(mut self, denylist: Denylist) -> Self {
        self.denylist = Some(denylist);
        self
    }

    /// Judges dates by this clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The finished verifier.
    ///
    /// # Errors
    ///
    /// [`JwtVerifierError`] where issuer, audience or keys are missing, a time is out of its range, or a permission
    /// is none.
    pub fn build(self) -> Result<JwtVerifier, JwtVerifierError> {
        if self.issuer.is_empty() {
            return Err(JwtVerifierError::NoIssuer);
        }
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
        if needs(false) && is_blank(&self.audiences) {
            return Err(JwtVerifierError::NoAudience);
        }
        if needs(true) && is_blank(&self.clients) {
            return Err(JwtVerifierError::NoClient);
        }
        if let Some(word) = self.access_words.iter().find(|word| word.is_empty() || is_known(word)) {
            return Err(JwtVerifierError::AccessWord(word.clone()));
        }
        if self.leeway > LONGEST_LEEWAY || self.lifetime > LIFETIME || self.lifetime.is_zero() {
            return Err(JwtVerifierError::Times);
        }
        if let Some(invalid) = self.invalid {
            return Err(invalid.into());
        }
        let rules = Rules {
            issuer: self.issuer.into(),
            audiences: self.audiences,
            clients: self.clients,
            uses,
            access_words: self.access_words,
            leeway: self.leeway,
            lifetime: self.lifetime,
        };
        let denylist = self.denylist.map_or_else(|| Denylist::with_capacity(DENIED), Ok)?;
        denylist.judged_by(&self.clock);
        Ok(JwtVerifier {
            rules,
            keys: self.keys.filter(|keys| !keys.is_empty()).ok_or(JwtVerifierError::NoKeys)?,
            mapping: self.mapping,
            denylist,
            clock: self.clock,
        })
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
const LONGEST_LEEWAY: Duration = Duration::from_secs(30);
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const DENIED: usize = 100_000;
