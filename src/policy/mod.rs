//! Authorization: pure decisions about a verified principal.
//!
//! A [`Policy`] looks at the principal and the head of the request, and waits for nothing.
//! [`RequireLayer`](crate::RequireLayer) asks it. Policies combine with `and` and `or`, and a
//! closure is a policy.
//!
//! The guide has a chapter on [policies](crate::guide::policies).
//!
//! # Examples
//!
//! ```
//! use http::Request;
//! use tower_principal::request::RequestHead;
//! use tower_principal::{OAuthUser, Policy, Principal, PrincipalKind, policy};
//!
//! let is_user = policy::kind(PrincipalKind::OAuthUser);
//! let rule = policy::scope("datasets:read").and(is_user);
//!
//! let request = Request::get("/datasets").body(())?;
//! let head = RequestHead::from_request(&request);
//! let otto = OAuthUser::new("otto").with_scopes(["datasets:read"]);
//! let otto = Principal::from(otto);
//! let nina: Principal = OAuthUser::new("nina").into();
//! assert!(rule.check(&otto, &head).is_ok());
//! assert!(rule.check(&nina, &head).is_err());
//! # Ok::<(), http::Error>(())
//! ```

mod and;
mod application;
mod authenticated;
mod group;
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
pub use self::group::{GroupPolicy, all_groups, any_group, group};
pub use self::issuer::{IssuerPolicy, issuer};
pub use self::kind::{KindPolicy, kind, kinds};
pub use self::or::Or;
pub use self::permission::{PermissionPolicy, permission};
pub use self::policy::Forbidden;
pub(crate) use self::policy::Policy;
use self::policy::{place, users};
pub use self::scope::{ScopePolicy, scope};
