//! An authorization server: the endpoints that issue tokens.
//!
//! [`AuthorizationServer`] is a [`tower::Service`](https://docs.rs/tower) over the stores of
//! [`grant`](crate::grant). It issues tokens at its token endpoint (RFC 6749 section 3.2). With the
//! feature `axum` it is also a router that is merged into another one.
//!
//! It also ends the grant of a token (RFC 7009), describes tokens to services (RFC 7662), and
//! publishes its keys (RFC 7517) and its metadata (RFC 8414). A client that revokes an access token
//! ends its whole grant. [`Application::serves`](crate::grant::Application::serves) makes a client
//! a service.
//!
//! Mount the server at the path of its issuer. The metadata stands at the root of the host, at
//! `/.well-known/oauth-authorization-server` and the path of the issuer, so route that to the
//! server as well if the issuer has a path.
//!
//! A [`Profile`] is a platform's way of issuing, as data. Its [`Door`] is what the server knows
//! before it knows the client: paths, and the places of parameters. Its [`Ways`] are what the
//! server knows after: grant types, shapes and lifetimes of tokens, and the fields of an answer.
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

mod answer;
mod answer_body;
mod audience;
mod authorization_server;
mod builder;
mod client;
mod collect;
mod dispatch;
mod introspect;
mod issuer;
mod jwks;
mod metadata;
mod offer;
mod owner;
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

pub use self::answer_body::AnswerBody;
pub use self::authorization_server::{AuthorizationServer, ServerFuture};
pub use self::builder::{AuthorizationServerBuilder, BuildError};
pub use self::offer::{CodeOffer, OfferError};
pub use self::profile::{Door, Profile, Ways};
pub use self::refusal::{RefusalKind, RefusalRow};
#[cfg(feature = "jwt")]
pub use self::signer::{InvalidSigningKey, JwtContext, SignError, Signer};
pub use self::stores::Stores;
