//! The Tower layers.
//!
//! [`AuthenticateLayer`] reads, verifies and renders refusals.
//! [`RequireLayer`](crate::RequireLayer) goes inside it and asks a policy. The types here are the
//! services, futures and bodies that they make, and layers that help them.
//!
//! The guide has a chapter on [which layer, where, in which order](crate::guide::layers).
//!
//! # Examples
//!
//! ```
//! use tower_principal::layer::RevocationLimits;
//! use tower_principal::{AuthenticateLayer, RequireLayer, verify::MemoryVerifier};
//! use tower_principal::{dialect, policy, transport};
//!
//! let verifier = MemoryVerifier::builder().build()?;
//! let transport = transport::from_acceptor();
//! let layer = AuthenticateLayer::new(dialect::SOCRATA, verifier, transport)
//!     .revocation(RevocationLimits::default().per_minute(5));
//!
//! // The layer that is added last is the outermost.
//! let app: axum::Router = axum::Router::new()
//!     .layer(RequireLayer::new(policy::authenticated()))
//!     .layer(layer);
//! # let _ = app;
//! # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
//! ```

pub(crate) mod authenticate;
mod authentication_in_response;
pub(crate) mod form_body;
mod original_target;
mod read_form;
pub(crate) mod read_frames;
mod request_body;
pub(crate) mod require;
mod response_body;

#[cfg(feature = "axum")]
pub(crate) use self::authenticate::AuthenticateLayer;
pub use self::authenticate::{Authenticate, AuthenticateFuture, IgnoresTenants};
pub use self::authentication_in_response::{
    AuthenticationInResponse, AuthenticationInResponseFuture, AuthenticationInResponseLayer,
};
pub use self::form_body::{BodyMode, FormBody, NoBody};
pub use self::original_target::{OriginalTargetLayer, RecordOriginalTarget};
pub use self::request_body::RequestBody;
pub use self::require::{Require, RequireFuture};
pub use self::response_body::ResponseBody;
#[cfg(feature = "tracing")]
pub use crate::observe::span::make_span;
pub use crate::pipeline::revocation::RevocationLimits;
