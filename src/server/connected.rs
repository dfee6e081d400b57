//! Connected applications, for the code of a service.

use super::allowed_application::{self as allowed, AllowedApplication};
use super::authorization_server::AuthorizationServer;
use super::stores::Stores;
use crate::grant::StoreError;

impl AuthorizationServer {
    /// Returns the applications that a user has allowed to act, the most recent first.
    ///
    /// An application is listed as long as a code, an access token or a refresh token of it is in
    /// force. The list covers the newest thousand grants of the user.
    ///
    /// Authenticate the user before this call.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if a store cannot answer now.
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
    ///     .label("Map viewer")
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
    /// server.offer(offer).await?;
    ///
    /// let connected = server.connected_applications("alice").await?;
    /// assert_eq!(connected[0].label.as_deref(), Some("Map viewer"));
    /// assert!(server.disconnect("alice", "viewer").await?);
    /// assert!(server.connected_applications("alice").await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connected_applications(&self, user: &str) -> Result<Vec<AllowedApplication>, StoreError> {
        self.connected_applications_in(&self.state.stores, user).await
    }

    /// Returns the applications of a user in the stores of a tenant; see
    /// [`connected_applications`](Self::connected_applications).
    ///
    /// # Errors
    ///
    /// As [`connected_applications`](Self::connected_applications).
    pub async fn connected_applications_in(
        &self,
        stores: &Stores,
        user: &str,
    ) -> Result<Vec<AllowedApplication>, StoreError> {
        allowed::list(stores, user).await
    }

    /// Ends all grants of a user to an application, with their tokens and with the codes that were
    /// not redeemed. Returns `true` if a grant was in force.
    ///
    /// Grants of other users and of other applications stay in force. The application stays
    /// registered, so it may ask the user again.
    ///
    /// Authenticate the user before this call.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if a store cannot answer now. Tokens may or may not have ended.
    pub async fn disconnect(&self, user: &str, client: &str) -> Result<bool, StoreError> {
        self.disconnect_in(&self.state.stores, user, client).await
    }

    /// Ends what an application may do for a user in the stores of a tenant; see
    /// [`disconnect`](Self::disconnect).
    ///
    /// # Errors
    ///
    /// As [`disconnect`](Self::disconnect).
    pub async fn disconnect_in(&self, stores: &Stores, user: &str, client: &str) -> Result<bool, StoreError> {
        allowed::end(stores, user, client).await
    }
}
