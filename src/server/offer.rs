//! Authorization codes that a service offers itself.

use std::time::SystemTime;

use super::allowed::Allowed;
use super::authorization_server::AuthorizationServer;
use super::offer_error::OfferError;
use super::stores::Stores;
use super::{audience, challenge, scopes};
use crate::credential::Secret;
use crate::grant::GrantType;
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

    /// Sets the granted audience (RFC 8707). Defaults to the audience of the application. An empty
    /// list also means this default.
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
    /// Authenticate the user and get the user's consent before this call. The code lasts as long as
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
        let scopes = scopes::new(offer.scopes, &application.scopes).map_err(|_| OfferError::Scope)?;
        let audience = if offer.audience.is_empty() { application.audiences.clone() } else { offer.audience };
        let allowed = Allowed {
            application: &application,
            ways,
            user: offer.user,
            uuid: offer.uuid,
            org: None,
            app: None,
            session: offer.session,
            authenticated_at: offer.authenticated_at,
            scopes,
            audience,
            redirect_uri: offer.redirect_uri,
            challenge: offer.challenge,
        };
        Ok(allowed.code(&self.state, stores).await?.secret)
    }
}
