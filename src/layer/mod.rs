//! The Tower layers.

pub(crate) mod authenticate;
mod form_body;
mod original_target;
mod request_body;
pub(crate) mod require;
mod response_body;

#[cfg(feature = "axum")]
pub(crate) use self::authenticate::AuthenticateLayer;
pub use self::authenticate::{Authenticate, AuthenticateFuture, IgnoresTenants};
pub use self::form_body::{BodyMode, FormBody, NoBody};
pub use self::original_target::{OriginalTargetLayer, RecordOriginalTarget};
pub use self::request_body::RequestBody;
pub use self::require::{Require, RequireFuture};
pub use self::response_body::ResponseBody;
#[cfg(feature = "tracing")]
pub use crate::observe::span::make_span;
pub use crate::pipeline::revocation::RevocationLimits;
