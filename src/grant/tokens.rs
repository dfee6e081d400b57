//! Digests of tokens, as stores receive them.

use std::time::Duration;

use super::{GrantId, Lifetime};
use crate::credential::Digest;
use crate::principal::Scopes;

/// Authorization code that a store offers for a grant.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::grant::{GrantId, NewCode, TokenShape};
///
/// let code = TokenShape::prefixed("acme").code(&GrantId::random()?)?;
/// let offered = NewCode::new(code.digest, Duration::from_secs(60))
///     .redirect_uri("https://viewer.example/callback")
///     .challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// # let _ = offered;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NewCode {
    /// Digest of the code.
    pub digest: Digest,
    /// Time for which the code can be redeemed; from the call of
    /// [`Grants::offer`](super::Grants::offer).
    pub lifetime: Duration,
    /// Redirect URI of the authorization request; `None` if that request had none.
    pub redirect_uri: Option<String>,
    /// S256 challenge of the authorization request; `None` if that request had none.
    pub challenge: Option<String>,
}

/// Tokens that a store records for a grant, and their lifetimes.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{
///     GrantId, Lifetime, NextRefresh, NextTokens, TokenShape,
/// };
///
/// const SHAPE: TokenShape = TokenShape::prefixed("acme");
///
/// let id = GrantId::random()?;
/// let (access, refresh) = (SHAPE.access(&id, None)?, SHAPE.refresh(&id)?);
/// let next = NextTokens::new(access.digest, Lifetime::seconds(3600)).refresh(
///     NextRefresh::new(refresh.digests, Lifetime::seconds(30 * 24 * 3600)),
/// );
/// # let _ = next;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NextTokens {
    /// Digest of the access token. For a JWT it is [random](Digest::random), because a JWT is
    /// signed after the store has answered.
    pub access: Digest,
    /// Lifetime of the access token. It never exceeds the grant's.
    pub lifetime: Lifetime,
    /// Refresh token. For [`Grants::renew`](super::Grants::renew), `None` leaves the presented
    /// refresh token in force, with its end.
    pub refresh: Option<NextRefresh>,
    /// Scopes of the access token; `None` for all scopes of the grant. The caller must have checked
    /// that the grant has them.
    pub scopes: Option<Scopes>,
    /// Audience of the access token; `None` or an empty list for the whole audience of the grant.
    /// The caller must have checked that the grant has it.
    pub audience: Option<Vec<String>>,
}

/// Refresh token that a store records.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{GrantId, Lifetime, NextRefresh, TokenShape};
///
/// let refresh = TokenShape::prefixed("acme").refresh(&GrantId::random()?)?;
/// let month = Lifetime::seconds(30 * 24 * 3600);
/// assert_eq!(NextRefresh::new(refresh.digests, month).idle, month);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct NextRefresh {
    /// Digests of the token. In a renewal the family is that of the presented token.
    pub digests: RefreshDigests,
    /// Time after which the token ends if it is not used. It never exceeds the grant's lifetime.
    pub idle: Lifetime,
}

/// Digests of a refresh token and of its constant part.
///
/// All refresh tokens of a grant share the random family part. A caller that shows it held a token
/// of this grant, so a store tells reuse from a guess without a history of tokens.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{GrantId, TokenShape};
///
/// const SHAPE: TokenShape = TokenShape::prefixed("acme");
/// let first = SHAPE.refresh(&GrantId::random()?)?;
/// let presented = SHAPE.read_refresh(&first.secret);
/// assert_eq!(presented, Some(first.digests));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshDigests {
    /// Digest of the constant part.
    pub family: Digest,
    /// Digest of the whole token.
    pub token: Digest,
}

/// Token or id by which a grant is found.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use tower_principal::Secret;
/// use tower_principal::grant::{Grants, MemoryGrants, Presented, TokenShape};
///
/// // The token of an introspection request (RFC 7662):
/// let token = Secret::borrowed("acmea_7Gk2_made-up");
/// let digest = TokenShape::digest_of_access(&token, None);
/// let found = MemoryGrants::new().find(&Presented::Access(digest)).await?;
/// assert!(found.is_none()); // `{"active": false}`
///
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// Access token: the current one of its grant, or the one before it until that expires.
    Access(Digest),
    /// Refresh token: only the current one of its grant.
    Refresh(RefreshDigests),
    /// Authorization code that was not redeemed.
    Code(Digest),
    /// JWT of a grant: of its current generation, or of the one before it until that token expires.
    Jwt {
        /// Grant of the JWT.
        grant: GrantId,
        /// Generation of the JWT, from 1 on.
        generation: u64,
    },
    /// Id of a grant.
    Grant(GrantId),
}

impl NewCode {
    /// Returns a code with this digest and lifetime, for a request without a redirect URI and a
    /// challenge.
    pub const fn new(digest: Digest, lifetime: Duration) -> Self {
        Self { digest, lifetime, redirect_uri: None, challenge: None }
    }

    /// Sets the redirect URI, which the token request must repeat byte for byte.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// Sets the S256 code challenge: base64url without padding.
    pub fn challenge(mut self, challenge: impl Into<String>) -> Self {
        self.challenge = Some(challenge.into());
        self
    }
}

impl NextTokens {
    /// Returns an access token with all scopes of its grant, and no refresh token.
    pub const fn new(access: Digest, lifetime: Lifetime) -> Self {
        Self { access, lifetime, refresh: None, scopes: None, audience: None }
    }

    /// Adds a refresh token.
    pub const fn refresh(mut self, refresh: NextRefresh) -> Self {
        self.refresh = Some(refresh);
        self
    }

    /// Narrows the scopes of the access token. The grant keeps all of its scopes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{GrantId, Lifetime, NextTokens, TokenShape};
    ///
    /// let access =
    ///     TokenShape::prefixed("acme").access(&GrantId::random()?, None)?;
    /// let next = NextTokens::new(access.digest, Lifetime::seconds(300))
    ///     .scopes("datasets:read".parse()?)
    ///     .audience(["https://api.example"]);
    /// assert!(next.scopes.is_some_and(|scopes| scopes.contains("datasets:read")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scopes(mut self, scopes: Scopes) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// Narrows the audience of the access token. The grant keeps its whole audience.
    pub fn audience<A: Into<String>>(mut self, audience: impl IntoIterator<Item = A>) -> Self {
        self.audience = Some(audience.into_iter().map(Into::into).collect());
        self
    }
}

impl NextRefresh {
    /// Returns a refresh token that ends if it is not used for the idle time.
    pub const fn new(digests: RefreshDigests, idle: Lifetime) -> Self {
        Self { digests, idle }
    }
}

impl Presented {
    /// Reads the [token id](super::Grant::token_id) of a JWT. Returns `None` if the text is not
    /// one.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{GrantId, Presented};
    ///
    /// let grant = GrantId::parse("7Gk2").unwrap();
    /// assert_eq!(
    ///     Presented::jwt("7Gk2.3"),
    ///     Some(Presented::Jwt { grant, generation: 3 })
    /// );
    /// assert_eq!(Presented::jwt("7Gk2.03"), None);
    /// ```
    pub fn jwt(token_id: &str) -> Option<Self> {
        let (grant, generation) = token_id.rsplit_once('.')?;
        let is_number = generation.bytes().all(|byte| byte.is_ascii_digit()) && !generation.starts_with('0');
        let generation = generation.parse().ok().filter(|_| is_number)?;
        Some(Self::Jwt { grant: GrantId::parse(grant)?, generation })
    }
}
