//! Authorization: pure decisions about a verified principal.

mod and;
mod application;
mod authenticated;
mod issuer;
mod kind;
mod or;
mod permission;
pub(crate) mod policy;
mod scope;

pub use self::and::And;
pub use self::application::{ApplicationPolicy, application, try_application};
#[cfg(feature = "axum")]
pub(crate) use self::authenticated::check_authenticated;
pub use self::authenticated::{AuthenticatedPolicy, authenticated};
pub use self::issuer::{IssuerPolicy, issuer};
pub use self::kind::{KindPolicy, kind, kinds};
pub use self::or::Or;
pub use self::permission::{PermissionPolicy, permission};
pub use self::policy::Forbidden;
pub(crate) use self::policy::Policy;
use self::policy::users;
pub use self::scope::{ScopePolicy, scope};
