//! The verified principal of a request: its kinds, identity, scopes and permissions.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod dependencies;
mod grants;
pub(crate) mod ground;
pub(crate) mod identity;
pub(crate) mod kind;
pub(crate) mod kinds;
mod known;
mod permission;
pub(crate) mod principal;
mod record;
mod scopes;

pub use self::ground::Ground;
pub use self::identity::{Identity, IdentityKind, IdentitySource};
pub(crate) use self::kind::PrincipalKind;
pub(crate) use self::kinds::{ApiKey, AppAdmin, AppToken, BasicUser, Guest, OAuthUser, OrgAdmin};
pub use self::permission::{InvalidPermission, Operation, Permission, Permissions};
pub(crate) use self::principal::Principal;
pub use self::scopes::{InvalidScope, Scopes};
