//! An OAuth 2.0 authorization server: it logs users in, asks for their consent, and issues tokens.
//!
//! [`AuthorizationServer`] is a [`tower::Service`](https://docs.rs/tower) over the stores of
//! [`grant`](crate::grant). With the feature `axum`, it is also a router, which you can merge into
//! your own.
//!
//! # First steps
//!
//! 1. Choose the stores: those of a database, `SqlVerifier::store`, or
//!    [`MemoryGrants`](crate::grant::MemoryGrants) and
//!    [`MemoryApplications`](crate::grant::MemoryApplications) for tests.
//! 2. Register each client as an [`Application`](crate::grant::Application).
//! 3. Build the server with [`AuthorizationServer::builder`]. To let users log in, pass their
//!    verifier to [`users`](AuthorizationServerBuilder::users).
//! 4. Mount the server at the path of its issuer. If the issuer has a path, also route the path of
//!    the metadata to the server: `/.well-known/oauth-authorization-server`, followed by the path
//!    of the issuer.
//!
//! The guide has chapters on [issuing tokens](crate::guide::issue_tokens), on
//! [pages](crate::guide::pages), and on [a log-in with curl](crate::guide::authorize_with_curl).
//!
//! # Endpoints
//!
//! These are the endpoints of the default profile, [`profile::STANDARD`]:
//!
//! | path | purpose |
//! |---|---|
//! | `/oauth2/authorize` | a user allows a client to act (RFC 6749 section 3.1) |
//! | `/oauth2/login`, `/oauth2/logout` | a user logs in or out, without a client |
//! | `/oauth2/applications` | a user sees the allowed applications, and ends their access |
//! | `/oauth2/token` | a client gets tokens (RFC 6749 section 3.2) |
//! | `/oauth2/revoke` | a client ends its grant, with all tokens of the grant (RFC 7009) |
//! | `/oauth2/introspect` | a service reads what a token is (RFC 7662) |
//! | `/oauth2/jwks` | the keys that verify signed tokens (RFC 7517) |
//! | `/.well-known/oauth-authorization-server` | the metadata of the server (RFC 8414) |
//!
//! The first three rows are pages for browsers, and need `users` or
//! [`login`](AuthorizationServerBuilder::login). A user who has logged in has a session, which is a
//! cookie in the browser and a row in [`Sessions`](crate::grant::Sessions). A log-out ends the
//! session and the grants that were made in it. [`pages`] has the HTML. [`Login`] replaces the
//! log-in and the log-out by those of your service.
//!
//! A *service* is a client that accepts tokens of this server and may introspect them. Register it
//! with [`Application::serves`](crate::grant::Application::serves).
//!
//! # Platforms
//!
//! A [`Profile`] describes as data how a platform issues tokens. Its [`Door`] has the settings that
//! apply before the client is known: paths, and the places of parameters. Its [`Ways`] are the
//! settings that apply afterwards: grant types, formats and lifetimes of tokens, and the fields of
//! an answer. The module [`profile`] has a table of the platforms.
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
