//! An authorization server: the endpoints that issue tokens.
//!
//! [`AuthorizationServer`] is a [`tower::Service`](https://docs.rs/tower) over the stores of
//! [`grant`](crate::grant). It issues tokens at its token endpoint (RFC 6749 section 3.2). With the
//! feature `axum`, it is also available as a router, which you can merge into your own.
//!
//! Further endpoints revoke tokens (RFC 7009), describe tokens to services (RFC 7662), and publish
//! the keys (RFC 7517) and the metadata (RFC 8414) of the server. If a client revokes an access
//! token or a refresh token, the whole grant of the token ends. A *service* is a client that
//! accepts tokens of this server and may introspect them. Register it with
//! [`Application::serves`](crate::grant::Application::serves).
//!
//! Mount the server at the path of its issuer. The path of the metadata is
//! `/.well-known/oauth-authorization-server`, followed by the path of the issuer. If the issuer has
//! a path, route this path to the server as well.
//!
//! A [`Profile`] describes as data how a platform issues tokens. Its [`Door`] has the settings that
//! apply before the client is known: paths, and the carriers of parameters. Its [`Ways`] are the
//! settings that apply afterwards: grant types, formats and lifetimes of tokens, and the fields of
//! an answer.
//!
//! The guide has a chapter on [issuing tokens](crate::guide::issue_tokens).
//!
//! # Examples
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, StatusCode};
//! use tower_principal::grant::{
//!     Application, GrantType, MemoryApplications, MemoryGrants,
//! };
//! use tower_principal::server::{AnswerBody, AuthorizationServer};
//! use tower_principal::{Secret, transport};
//! use tower_service::Service as _;
//!
//! let secret = Secret::borrowed("6b3ab0e3f1c94b7a9d2c");
//! let weather = Application::confidential("weather")
//!     .grants([GrantType::ClientCredentials])
//!     .scopes(["datasets:read"]);
//! let applications = MemoryApplications::new().with_secret(weather, &secret);
//!
//! let mut server = AuthorizationServer::builder(
//!     "https://login.example",
//!     (MemoryGrants::new(), applications),
//!     transport::danger_assume_secure(),
//! )
//! .build()?;
//!
//! let form = "grant_type=client_credentials&client_id=weather\
//!             &client_secret=6b3ab0e3f1c94b7a9d2c";
//! let request = Request::post("/oauth2/token")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body(AnswerBody::from(form))?;
//! assert_eq!(server.call(request).await?.status(), StatusCode::OK);
//! # Ok(())
//! # }
//! ```

mod account;
mod allowed;
mod allowed_application;
mod answer;
mod answer_body;
mod audience;
mod authorization_server;
mod authorize;
mod browser;
mod builder;
mod builder_pages;
mod challenge;
mod client;
mod collect;
mod connected;
mod dispatch;
mod introspect;
mod issuer;
mod jwks;
mod login;
mod metadata;
mod offer;
mod offer_error;
mod owner;
pub mod pages;
mod parameters;
mod presented;
pub mod profile;
mod refusal;
mod report;
mod request;
mod revoke;
mod routes;
mod scopes;
mod sign;
#[cfg(feature = "jwt")]
mod signer;
mod state;
mod stores;
mod token;
mod users;
mod visitor;

pub use self::allowed_application::AllowedApplication;
pub use self::answer_body::AnswerBody;
pub use self::authorization_server::{AuthorizationServer, ServerFuture};
pub use self::builder::{AuthorizationServerBuilder, BuildError};
pub use self::login::{Login, Subject};
pub use self::offer::CodeOffer;
pub use self::offer_error::OfferError;
pub use self::profile::{Door, Profile, Ways};
pub use self::refusal::{RefusalKind, RefusalRow};
#[cfg(feature = "jwt")]
pub use self::signer::{InvalidSigningKey, JwtContext, SignError, Signer};
pub use self::stores::Stores;
