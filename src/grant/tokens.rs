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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshDigests {
    /// Digest of the constant part.
    pub family: Digest,
    /// Digest of the whole token.
    pub token: Digest,
}

/// Token or id by which a grant is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// Access token: the current one of its grant, or the one before it until that expires.
    Access(Digest),
    /// Refresh token: only the current one of its grant.
    Refresh(RefreshDigests),
    /// Authorization code that was not redeemed.
    Code(Digest),
    /// Id of a grant, such as that of a JWT.
    Grant(GrantId),
}

/// Rule for the refresh token that was in force before the current one.
///
/// Any older token is reuse, and ends the grant. The default is a grace window of 10 s and no
/// recovery.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::grant::RefreshRule;
///
/// let strict = RefreshRule::new().grace(Duration::ZERO);
/// let forgiving = RefreshRule::new().recover(Duration::from_secs(60));
/// # let _ = (strict, forgiving);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct RefreshRule {
    grace: Duration,
    recover: Duration,
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

impl RefreshRule {
    /// Maximum grace window.
    pub const LONGEST_GRACE: Duration = Duration::from_secs(30);

    /// Returns the default rule.
    pub const fn new() -> Self {
        Self { grace: Duration::from_secs(10), recover: Duration::ZERO }
    }

    /// Sets the time after a rotation in which the token before it is refused without an end of the
    /// grant, because a client may have sent two requests at once. Defaults to 10 s. The maximum is
    /// 30 s; with zero any reuse ends the grant.
    pub const fn grace(mut self, grace: Duration) -> Self {
        let too_long = grace.as_secs() >= Self::LONGEST_GRACE.as_secs();
        self.grace = if too_long { Self::LONGEST_GRACE } else { grace };
        self
    }

    /// Allows the token before the current one to renew again for this time after the rotation, so
    /// that a client recovers from a lost answer. Defaults to zero: no recovery.
    ///
    /// The lost refresh and access tokens end at that moment, so there are never two live
    /// successors. It gives up the refusal of a stolen token that is used within this time. The
    /// theft is noticed when the client uses its own token.
    pub const fn recover(mut self, within: Duration) -> Self {
        self.recover = within;
        self
    }

    /// Returns the grace window.
    pub const fn grace_window(&self) -> Duration {
        self.grace
    }

    /// Returns the recovery window; zero for no recovery.
    pub const fn recovery_window(&self) -> Duration {
        self.recover
    }
}

impl Default for RefreshRule {
    fn default() -> Self {
        Self::new()
    }
}
