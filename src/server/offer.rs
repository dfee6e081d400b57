//! Authorization codes that a service offers itself.

use std::io;
use std::time::SystemTime;

use thiserror::Error;

use super::authorization_server::AuthorizationServer;
use super::stores::Stores;
use super::{audience, challenge, scopes};
use crate::credential::Secret;
use crate::grant::{GrantId, GrantType, NewCode, NewGrant, StoreError};
use crate::principal::Scopes;

/// Draft of an authorization code: a user has allowed a client to act.
///
/// # Examples
///
/// ```
/// use tower_principal::server::CodeOffer;
///
/// let offer = CodeOffer::new("viewer", "alice")
///     .redirect_uri("https://viewer.example/callback")
///     .challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
///     .scopes(["datasets:read"]);
/// # let _ = offer;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CodeOffer {
    client: String,
    user: String,
    uuid: Option<String>,
    scopes: Option<Scopes>,
    audience: Vec<String>,
    redirect_uri: Option<String>,
    challenge: Option<String>,
    session: Option<String>,
    authenticated_at: Option<SystemTime>,
}

/// Error for a code that cannot be offered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OfferError {
    /// The client is not registered, or its profile is not one of the server.
    #[error("the client is not registered")]
    Client,
    /// The client may not use codes.
    #[error("the client may not use authorization codes")]
    GrantType,
    /// The redirect URI is not one of the client, byte for byte. [`RedirectRule`] does not apply
    /// here.
    ///
    /// [`RedirectRule`]: crate::grant::RedirectRule
    #[error("the redirect URI is not registered")]
    RedirectUri,
    /// A challenge is missing, or is not 43 characters of base64url (RFC 7636 section 4.2).
    #[error("the code challenge is missing or malformed")]
    Challenge,
    /// A scope is beyond the client's.
    #[error("a scope is beyond those of the client")]
    Scope,
    /// A resource is not registered for the client or, if the client has no list, for the server.
    #[error("a resource is beyond those of the client")]
    Resource,
    /// The user has the name of the client, so services could take one for the other.
    #[error("the user has the name of the client")]
    User,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] io::Error),
}

impl CodeOffer {
    /// Returns the draft of a code for this client and this user, with all scopes of the client.
    pub fn new(client: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            client: client.into(),
            user: user.into(),
            uuid: None,
            scopes: None,
            audience: Vec::new(),
            redirect_uri: None,
            challenge: None,
            session: None,
            authenticated_at: None,
        }
    }

    /// Sets the UUID of the user.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// Sets the granted scopes. Names that are not scope tokens are left out, and an empty list
    /// grants none. Without this call, the grant has all scopes of the client.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().collect());
        self
    }

    /// Sets the granted audience (RFC 8707). An empty list is the default, which is that of the
    /// application.
    pub fn audience<A: Into<String>>(mut self, audience: impl IntoIterator<Item = A>) -> Self {
        self.audience = audience.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the redirect URI of the authorization request.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// Sets the S256 code challenge of the authorization request.
    pub fn challenge(mut self, challenge: impl Into<String>) -> Self {
        self.challenge = Some(challenge.into());
        self
    }

    /// Sets the browser session of the user.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Sets the time at which the user proved the identity.
    pub const fn authenticated_at(mut self, at: SystemTime) -> Self {
        self.authenticated_at = Some(at);
        self
    }
}

impl AuthorizationServer {
    /// Returns a code that the client redeems at the token endpoint, once.
    ///
    /// The caller has authenticated the user and has the user's consent. The code lasts as long as
    /// the profile of the application allows.
    ///
    /// # Errors
    ///
    /// [`OfferError`] if the client may not have what the offer names, or the store failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::grant::{
    ///     Application, GrantType, MemoryApplications, MemoryGrants,
    /// };
    /// use tower_principal::server::{AuthorizationServer, CodeOffer};
    /// use tower_principal::transport;
    ///
    /// let viewer = Application::public("viewer")
    ///     .redirect("https://viewer.example/callback")
    ///     .grants([GrantType::AuthorizationCode]);
    /// let server = AuthorizationServer::builder(
    ///     "https://login.example",
    ///     (MemoryGrants::new(), MemoryApplications::new().with(viewer)),
    ///     transport::from_acceptor(),
    /// )
    /// .build()?;
    /// let offer = CodeOffer::new("viewer", "alice")
    ///     .redirect_uri("https://viewer.example/callback")
    ///     .challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    /// let code = server.offer(offer).await?;
    /// # let _ = code;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn offer(&self, offer: CodeOffer) -> Result<Secret<'static>, OfferError> {
        self.offer_in(&self.state.stores.clone(), offer).await
    }

    /// Returns a code in the stores of a tenant; see [`offer`](Self::offer).
    ///
    /// # Errors
    ///
    /// As [`offer`](Self::offer).
    pub async fn offer_in(&self, stores: &Stores, offer: CodeOffer) -> Result<Secret<'static>, OfferError> {
        let application = stores.applications.find_dyn(&offer.client).await?.ok_or(OfferError::Client)?;
        let ways = self.state.ways_of(&application).ok_or(OfferError::Client)?;
        let of_profile = ways.grants.contains(&GrantType::AuthorizationCode);
        if !of_profile || !application.allows(GrantType::AuthorizationCode) {
            return Err(OfferError::GrantType);
        }
        if offer.redirect_uri.as_ref().is_some_and(|uri| !application.redirects.contains(uri)) {
            return Err(OfferError::RedirectUri);
        }
        if !challenge::is_accepted(offer.challenge.as_deref(), ways, &application) {
            return Err(OfferError::Challenge);
        }
        if !offer.audience.iter().all(|uri| audience::is_known(&self.state, &application, uri)) {
            return Err(OfferError::Resource);
        }
        let id = GrantId::random()?;
        let mut grant = NewGrant::new(id.clone(), offer.client).user(offer.user);
        grant.scopes = scopes::new(offer.scopes, &application.scopes).map_err(|_| OfferError::Scope)?;
        grant.audience = if offer.audience.is_empty() { application.audiences } else { offer.audience };
        grant.uuid = offer.uuid;
        grant.org = application.org;
        grant.app = application.app;
        grant.session = offer.session;
        grant.authenticated_at = offer.authenticated_at;
        grant.lifetime = application.lifetimes.grant.unwrap_or(ways.grant_lifetime).limit();
        let signer = self.state.signer.as_deref().filter(|_| ways.access.jwt);
        if signer.is_some_and(|signer| !signer.can_sign(&grant)) {
            return Err(OfferError::User);
        }
        let code = ways.codes.shape.code(&id)?;
        let mut new = NewCode::new(code.digest, ways.codes.lifetime);
        new.redirect_uri = offer.redirect_uri;
        new.challenge = offer.challenge;
        stores.grants.offer_dyn(&grant, &new).await?;
        Ok(code.secret)
    }
}
