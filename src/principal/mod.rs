//! The verified principal of a request: its kinds, identity, scopes and permissions.
//!
//! A [`Principal`] is one of seven kinds, exhaustive on purpose. Verifiers make one; handlers
//! receive it. [`Scopes`] are names of OAuth 2.0, [`Groups`] are groups and roles, [`Permissions`]
//! are methods and path patterns.
//! [`Identity`] is what stays the same for a user across credentials, and `Principal::key` is its
//! text for a database.
//!
//! The guide has a chapter on [principals](crate::guide::principals).
//!
//! # Examples
//!
//! ```
//! use tower_principal::principal::Permissions;
//! use tower_principal::{OAuthUser, Principal};
//!
//! let otto: Principal = OAuthUser::new("otto")
//!     .with_issuer("https://issuer.example")
//!     .with_scopes(["datasets:read"])
//!     .with_permissions(Permissions::parse(["get:/reports/*"])?)
//!     .into();
//! assert_eq!(otto.id(), Some("otto"));
//! assert!(otto.scopes().contains("datasets:read"));
//! # Ok::<(), tower_principal::principal::InvalidPermission>(())
//! ```

mod define;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod dependencies;
mod grants;
pub(crate) mod ground;
pub(crate) mod groups;
pub(crate) mod identity;
pub(crate) mod kind;
pub(crate) mod kinds;
mod known;
mod membership;
mod permission;
pub(crate) mod principal;
mod record;
mod scopes;
mod setters;

pub use self::ground::Ground;
pub use self::groups::Groups;
pub use self::identity::{Identity, IdentityKind, IdentitySource};
pub(crate) use self::kind::PrincipalKind;
pub(crate) use self::kinds::{ApiKey, AppAdmin, AppToken, BasicUser, Guest, OAuthUser, OrgAdmin};
pub use self::permission::{InvalidPermission, Operation, Permission, Permissions};
pub(crate) use self::principal::Principal;
pub use self::scopes::{InvalidScope, Scopes};
