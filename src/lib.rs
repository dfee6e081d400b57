//! Tower layers and axum extractors that turn whatever credential a client sent into one typed,
//! verified [`Principal`].
//!
//! # A request's way
//!
//! ```text
//! head --read--> Credentials --guard--> (secure?) --verify--> Principal --authorize--> handler
//!        syntax and meaning    transport            I/O only here       pure policy
//! any failure --------------------------------------------------------> Rejection --respond--> Response
//! ```
//!
//! 1. [`AuthenticateLayer`] reads what the head presents, by the rows of a [`Dialect`]: at most one
//!    subject, and at most one app token beside it. Two credentials for one role are refused.
//! 2. The [transport] says whether the connection is secure enough for them.
//! 3. A [`Verifier`] says whom they belong to, under one deadline.
//! 4. The [`Authentication`] goes into the request's extensions. Handlers take a [`Principal`], an
//!    [`OAuthUser`], an `Option<Principal>` as extractors; [`RequireLayer`] asks a [`Policy`].
//! 5. Every refusal is one [`Rejection`], rendered by the layer, whoever refused.
//!
//! A request without credentials is refused unless a [`GuestRule`] admits it; a *present* credential
//! that is bad in any way never makes a guest, not even through `Option<Principal>`.
//!
//! # Quickstart
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_principal::{
//!     AuthenticateLayer, MemoryVerifier, OAuthUser, Principal, RequireLayer, dialect, policy, transport,
//! };
//!
//! let verifier = MemoryVerifier::builder()
//!     .access_token("9kxoTUYvSxnAiMpv008NBqRiqk5xWt", OAuthUser::builder("otto").scopes(["datasets:read"]).build())
//!     .build()?;
//!
//! let app: Router = Router::new()
//!     .route("/whoami", get(|me: Principal| async move { me.kind().to_string() }))
//!     .route("/profile", get(|user: OAuthUser| async move { user.id().to_owned() }))
//!     .layer(RequireLayer::new(policy::scope("datasets:read")))
//!     .layer(AuthenticateLayer::new(dialect::OPENDATASOFT, verifier, transport::marked()));
//! # let _ = app;
//! # Ok::<(), tower_principal::MemoryVerifierError>(())
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `axum` (default) | the extractors; `protect`; the original path of a request inside `Router::nest` |
//! | `metadata` | `ProtectedResource`, the metadata document of a resource (RFC 9728) |
//! | `metrics` | counters and verification times through the `metrics` facade |
//! | `throttle` | `verify::Throttled`, which slows down whoever keeps failing |
//! | `tracing` | log lines and audit events through the `tracing` facade; without it the crate logs nothing |
//! | `test-util` | `test_util`: runs a handler or a route as a given principal, or all routes as a stranger; checks verifiers against the rules that all have to hold; with `jwt`, an issuer inside the test |
//! | `reqwest` | `fetch::HttpClient`: an HTTP client for whoever fetches keys or introspects tokens |
//! | `introspection` | `verify::Introspection`: asks an authorization server about access tokens (RFC 7662) |
//! | `cache` | `verify::Cached`: remembers for a while what another verifier found |
//! | `jwt` | `JwtVerifier`, for JWT access tokens, and `Jwks`, the keys of their issuers |
//! | `sqlite`, `postgres` | `SqlVerifier`: users, keys, clients and tokens in a database, and `verify::sql` to change them |
//! | `full` | all of them but `test-util`, which belongs in dev-dependencies |
//!
//! The crate needs Rust 1.88, with `sqlite` or `postgres` 1.94. A feature adds API and never
//! changes behaviour, except for two facts that only `axum` knows: the original path of a request
//! inside `nest`, and the client's address in `ConnectInfo<SocketAddr>`. Without the feature an
//! [`OriginalTargetLayer`] around the service records the path, or path rules of guests and
//! `policy::application` admit no request, and [`transport::Peer`] is the client's address.
//!
//! # Panics
//!
//! A panic in a verifier, a policy, a tenant function or a grammar of your own is answered 500, one in a
//! [`Respond`] by the standard answer; the connection lives on. With `panic = "abort"` it ends the
//! process, as any panic does then. Handlers are not guarded.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

/// The README's code is compiled and run as tests, too.
#[cfg(all(doctest, feature = "axum", feature = "cache", feature = "introspection", feature = "test-util"))]
#[doc = include_str!("../README.md")]
mod readme {}

mod authentication;
mod clock;
mod credential;
mod deadline;
pub mod dialect;
#[cfg(feature = "axum")]
mod extract;
pub mod fetch;
mod layer;
#[cfg(feature = "metadata")]
mod metadata;
mod observe;
mod pipeline;
pub mod policy;
mod principal;
mod read;
mod rejection;
mod request;
#[cfg(feature = "test-util")]
pub mod test_util;
mod trace;
pub mod transport;
pub mod verify;

/// What a token or a pair means: the last column of a dialect's rows.
///
/// The constants are written like functions, since that is how a row reads:
/// `Form::query("access_token", classify::access_token)`.
pub mod classify {
    pub use crate::dialect::meaning::*;
}

/// Typed headers that the `headers` crate lacks.
pub mod headers {
    pub use crate::credential::typed_headers::*;
}

pub use self::authentication::{Authentication, AuthenticationExt};
pub use self::clock::{Clock, SystemClock};
pub use self::credential::{
    Carrier, ClientKind, Credential, CredentialKind, Credentials, Fingerprint, FingerprintKey, Key, Pair,
    Secret, Syntax,
};
pub use self::dialect::custom::{Malformed, Parse, ParseOptional, Place};
pub use self::dialect::form::Form;
pub use self::dialect::guest::GuestRule;
pub use self::dialect::subprotocol::Subprotocol;
#[doc(inline)]
pub use self::dialect::{Dialect, DialectError};
#[cfg(feature = "axum")]
pub use self::extract::{Authenticated, Protected, protect};
pub use self::layer::{
    Authenticate, AuthenticateFuture, AuthenticateLayer, BodyMode, FormBody, IgnoresTenants, NoBody,
    OriginalTargetLayer, RecordOriginalTarget, RequestBody, Require, RequireFuture, RequireLayer,
    ResponseBody,
};
#[cfg(feature = "metadata")]
pub use self::metadata::{InvalidResource, ProtectedResource};
#[cfg(feature = "tracing")]
pub use self::observe::make_span;
pub use self::pipeline::Revocation;
#[doc(inline)]
pub use self::policy::{Forbidden, Policy};
pub use self::principal::{
    ApiKey, ApiKeyBuilder, AppAdmin, AppAdminBuilder, AppToken, AppTokenBuilder, BasicUser, BasicUserBuilder,
    Ground, Guest, GuestBuilder, Identity, IdentityKind, InvalidPermission, InvalidScope, OAuthUser,
    OAuthUserBuilder, Operation, OrgAdmin, OrgAdminBuilder, Permission, Permissions, Principal,
    PrincipalKind, Scopes, Source,
};
pub use self::read::Reader;
pub use self::rejection::{
    AnswerRow, Challenge, InvalidChallenge, Reason, Rejection, RejectionKind, Respond,
};
pub use self::request::{Head, InvalidPattern};
pub use self::verify::password::{Busy, HashError, Passwords, UnusableHash};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[doc(inline)]
pub use self::verify::sql::SqlVerifier;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use self::verify::sql::token_format::{InvalidFormat, TokenFormat};
#[doc(inline)]
pub use self::verify::{
    BoxVerifier, Context, DynVerifier, MemoryVerifier, MemoryVerifierBuilder, MemoryVerifierError, Verifier,
    VerifyError,
};
#[cfg(feature = "jwt")]
#[doc(inline)]
pub use self::verify::{Jwks, JwtVerifier, JwtVerifierBuilder, JwtVerifierError, KeySet};
