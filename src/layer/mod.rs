//! The Tower layers.

mod authenticate;
mod form_body;
mod original_target;
mod request_body;
mod require;
mod response_body;

pub use self::authenticate::{Authenticate, AuthenticateFuture, AuthenticateLayer, IgnoresTenants};
pub use self::form_body::{BodyMode, FormBody, NoBody};
pub use self::original_target::{OriginalTargetLayer, RecordOriginalTarget};
pub use self::request_body::RequestBody;
pub use self::require::{Require, RequireFuture, RequireLayer};
pub use self::response_body::ResponseBody;
