//! Platforms' ways of issuing tokens, as data.
//!
//! A profile is a `const`. A service's own profile updates one of these.
//!
//! # Examples
//!
//! ```
//! use tower_principal::grant::Lifetime;
//! use tower_principal::server::profile::{self, AccessTokens};
//! use tower_principal::server::{Profile, Ways};
//!
//! const BRIEF: Profile = Profile {
//!     name: "brief",
//!     ways: Ways {
//!         access: AccessTokens {
//!             lifetime: Lifetime::seconds(300),
//!             ..profile::STANDARD.ways.access
//!         },
//!         ..profile::STANDARD.ways
//!     },
//!     ..profile::STANDARD
//! };
//! assert_eq!(BRIEF.door.routes.len(), profile::STANDARD.door.routes.len());
//! ```

mod door;
mod standard;
mod usergrid;
mod ways;

pub use self::door::{Door, Endpoint, Methods, Place, Route};
pub use self::standard::STANDARD;
pub use self::usergrid::USERGRID;
pub use self::ways::{AccessTokens, Codes, Field, Pkce, RefreshTokens, Rotation, ScopesAtRefresh, Ways};

/// A platform's way of issuing tokens.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "services write it as data")]
pub struct Profile {
    /// Name by which an [`Application`](crate::grant::Application::profile) chooses the profile.
    pub name: &'static str,
    /// What the server knows before it knows the client.
    pub door: Door,
    /// What the server knows after.
    pub ways: Ways,
}
