//! Tower layers and axum extractors that turn the credential of a request, in any of its forms,
//! into one typed and verified [`Principal`].
//!
//! # The path of a request
//!
//! ```text
//! head -read-> Credentials -guard-> secure? -verify-> Principal -policy-> handler
//!      syntax,              transport       the only             pure
//!      meaning                              I/O
//! any failure ------------------------------> Rejection -respond-> Response
//! ```
//!
//! 1. [`AuthenticateLayer`] reads the credentials in the head of the request. A [`Dialect`] lists
//!    the forms that it reads. A request has at most one *subject*, which identifies the caller,
//!    and at most one app token. If it has more, it is refused, unless the dialect ranks them.
//! 2. The [transport] decides if the connection is secure enough for them.
//! 3. A [`Verifier`] returns the principal of each credential, within one deadline.
//! 4. The result is an [`Authentication`] in the extensions of the request. Handlers can take a
//!    [`Principal`], an [`OAuthUser`] or an `Option<Principal>` as an extractor. [`RequireLayer`]
//!    asks a [`Policy`] if the principal may send the request.
//! 5. Every refusal is a [`Rejection`]. The layer renders it, even if an inner layer or an
//!    extractor refused the request.
//!
//! A request without credentials is refused unless a [`GuestRule`] admits it. A request with an
//! invalid credential is always refused. It is never a guest, not even for a handler with
//! `Option<Principal>`.
//!
//! # Quickstart
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use tower_principal::{ApiKey, OAuthUser, Principal, verify::MemoryVerifier};
//! use tower_principal::{AuthenticateLayer, RequireLayer};
//! use tower_principal::{dialect, policy, transport};
//!
//! pub(crate) fn app() -> Result<Router, Box<dyn std::error::Error>> {
//!     // The known tokens and keys. A database or an issuer of JWTs comes later.
//!     let otto = OAuthUser::new("otto").with_scopes(["datasets:read"]);
//!     let nina = OAuthUser::new("nina");
//!     let robot = ApiKey::new("key-1").with_owner("otto");
//!     let verifier = MemoryVerifier::builder()
//!         .access_token("otto-token", otto)
//!         .access_token("nina-token", nina)
//!         .api_key("robot-key", robot)
//!         .build()?;
//!
//!     // Plain http is only for this demonstration.
//!     let transport = transport::danger_assume_secure();
//!     let dialect = dialect::OPENDATASOFT;
//!     let authenticate = AuthenticateLayer::new(dialect, verifier, transport);
//!
//!     Ok(Router::new()
//!         .route("/datasets", get(|| async { "all the datasets\n" }))
//!         // Applies to the routes above it: only `/datasets` needs the scope.
//!         .route_layer(RequireLayer::new(policy::scope("datasets:read")))
//!         .route("/whoami", get(whoami))
//!         .route("/profile", get(profile))
//!         // Last, so that it applies to all routes.
//!         .route_layer(authenticate))
//! }
//!
//! /// Any caller.
//! async fn whoami(me: Principal) -> String {
//!     format!("{me:?}\n")
//! }
//!
//! /// Only users, and not keys: they get 403.
//! async fn profile(user: OAuthUser) -> String {
//!     format!("{}\n", user.id())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app()?).await?;
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `axum` (default) | the extractors; `protect`; the original path in `Router::nest` |
//! | `memory` (default) | `verify::MemoryVerifier`; it includes `password` |
//! | `password` (default) | `verify::password`: argon2id hashes |
//! | `tracing` (default) | log lines and audit events through `tracing`; else there is no log |
//! | `headers` | `credential::typed_headers`: headers for clients that use the `headers` crate |
//! | `metadata` | `ProtectedResource`, the metadata document of a resource (RFC 9728) |
//! | `metrics` | counters and verification times through the `metrics` facade |
//! | `throttle` | `verify::Throttled`, which limits the failed attempts of a client |
//! | `legacy-hashes` | imported password hashes of bcrypt, scrypt, argon2i and argon2d |
//! | `test-util` | `test_util`: requests of a given principal, checks of verifiers, an issuer |
//! | `reqwest` | `fetch::HttpClient`, an HTTP client that fetches keys or introspects tokens |
//! | `introspection` | `verify::Introspection`: asks a server about access tokens (RFC 7662) |
//! | `cache` | `verify::Cached`: keeps the answers of another verifier for a while |
//! | `jwt` | `JwtVerifier`, for JWT access tokens, and `Jwks`, the keys of their issuers |
//! | `server` | an authorization server: `server`, and its storage in `grant` |
//! | `sqlite`, `postgres` | `SqlVerifier`: users, keys, clients and tokens in a database |
//! | `full` | all of them except `test-util`, which belongs in dev-dependencies |
//!
//! Use `verify::sql` to change the records of a `SqlVerifier`. `test_util` runs a handler or a
//! route as a given principal, or all routes without a credential. It also checks that a verifier
//! follows the rules of [`Verifier`]. With `jwt`, it has an issuer that runs inside the test.
//!
//! The crate needs Rust 1.88, or Rust 1.94 with `sqlite` or `postgres`. A feature adds API and
//! never changes behaviour, with one exception: only with `axum`, the layers find the original path
//! of a request inside `nest`, and the address of the client in `ConnectInfo<SocketAddr>`.
//!
//! Without `axum`, put the address into the extensions as a [`transport::Peer`]. To record the
//! path, put an [`OriginalTargetLayer`](layer::OriginalTargetLayer) around the service. Without
//! this layer, guest rules with a path and `policy::application` admit no request.
//!
//! # Other crates in the API
//!
//! These crates are in the public API and have no version 1.0 yet: `tower-layer` 0.3 and
//! `tower-service` 0.3. With features, there are also `axum` 0.8 and `axum-core` 0.5 (`axum`),
//! `headers` 0.4 (`headers`), `tracing` 0.1 (`tracing`) and `sqlx` 0.9 (`sqlite`, `postgres`). If
//! one of them has a new minor version, this crate needs a breaking release to follow it.
//!
//! # Panics
//!
//! If a verifier, a policy, a tenant function or a custom grammar panics, the layer answers 500. If
//! a [`RenderRejection`](rejection::RenderRejection) panics, it sends the standard answer. The
//! connection stays open in both cases. With `panic = "abort"`, any panic ends the process. The
//! layer does not catch panics of handlers.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

/// Compiles and runs the code of the README as tests.
#[cfg(all(doctest, feature = "axum", feature = "cache", feature = "introspection", feature = "test-util"))]
#[doc = include_str!("../README.md")]
mod readme {}

mod authentication;
pub mod clock;
pub mod credential;
mod deadline;
pub mod dialect;
#[cfg(feature = "axum")]
pub mod extract;
pub mod fetch;
#[cfg(feature = "server")]
pub mod grant;
#[cfg(doc)]
pub mod guide;
pub mod layer;
#[cfg(feature = "metadata")]
pub mod metadata;
mod observe;
mod pipeline;
pub mod policy;
pub mod principal;
pub mod read;
pub mod rejection;
pub mod request;
#[cfg(feature = "server")]
pub mod server;
mod single_flight;
#[cfg(feature = "test-util")]
pub mod test_util;
mod trace;
pub mod transport;
pub mod verify;

pub use self::authentication::{Authentication, AuthenticationExt};
pub use self::credential::credential::Credential;
pub use self::credential::pair::Pair;
pub use self::credential::secret::Secret;
pub use self::credential::source::Source;
pub use self::dialect::dialect::Dialect;
pub use self::dialect::form::CredentialForm;
pub use self::dialect::guest::GuestRule;
pub use self::layer::authenticate::AuthenticateLayer;
pub use self::layer::require::RequireLayer;
pub use self::policy::policy::Policy;
pub use self::principal::kind::PrincipalKind;
pub use self::principal::kinds::{ApiKey, AppAdmin, AppToken, BasicUser, Guest, OAuthUser, OrgAdmin};
pub use self::principal::principal::Principal;
pub use self::rejection::kind::RejectionKind;
pub use self::rejection::reason::DenialReason;
pub use self::rejection::rejection::Rejection;
pub use self::verify::context::VerifyContext;
pub use self::verify::error::VerifyError;
pub use self::verify::verifier::Verifier;
