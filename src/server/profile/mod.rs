//! Platforms' ways of issuing tokens, as data.
//!
//! A profile is a `const`. To make your own, update one of these. An application chooses its
//! profile by the [name](crate::grant::Application::profile). An application without a name has the
//! first profile of the server.
//!
//! | | tokens at | challenge (PKCE) | code |
//! |---|---|---|---|
//! | [`STANDARD`] | `/oauth2/token` | required | 60 s |
//! | [`SOCRATA`] | `/oauth/access_token` | optional with a secret | 60 s |
//! | [`OPENDATASOFT`] | `/oauth2/token/` | optional with a secret | 1 h |
//! | [`GEODATAHUB`] | `/oauth2/token` | optional | 5 min, on a page |
//! | [`USERGRID`] | `/{org}/{app}/token` | | none |
//!
//! | | access token | refresh token | other |
//! |---|---|---|---|
//! | [`STANDARD`] | opaque/JWT, 1 h | new each time, 30 d | `expires_in`, `scope`, `token_type` |
//! | [`SOCRATA`] | opaque, 24 h | none | none |
//! | [`OPENDATASOFT`] | 30 characters, 1 h | new each time, no end | as the standard, `state` |
//! | [`GEODATAHUB`] | opaque/JWT, 1 h | 27 days | as the standard, `id_token` |
//! | [`USERGRID`] | 63 characters, 7 days | none | `expires_in`, the owner of the token |
//!
//! Each setting that is weaker than the standard has a name, such as [`Pkce::Optional`], and its
//! documentation describes the risk. [`STANDARD`], the default profile, has none of them.
//!
//! Profiles can share paths. Then the [`Door`] of the first profile reads the requests, and each
//! application has the [`Ways`] of its own profile. Here, strict clients share OpenDataSoft's
//! paths:
//!
//! ```
//! use tower_principal::grant::{MemoryApplications, MemoryGrants};
//! use tower_principal::server::profile::{OPENDATASOFT, STANDARD};
//! use tower_principal::server::{AuthorizationServer, Profile};
//! use tower_principal::transport;
//!
//! const STRICT: Profile = Profile { door: OPENDATASOFT.door, ..STANDARD };
//!
//! let server = AuthorizationServer::builder(
//!     "https://data.example",
//!     (MemoryGrants::new(), MemoryApplications::new()),
//!     transport::from_acceptor(),
//! )
//! .only(STRICT)
//! .profile(OPENDATASOFT)
//! .build()?;
//! assert!(server.paths().any(|path| path == "/oauth2/token/"));
//! # Ok::<(), tower_principal::server::BuildError>(())
//! ```
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
mod geodatahub;
mod opendatasoft;
mod socrata;
mod standard;
mod usergrid;
mod ways;

pub use self::door::{Door, Endpoint, Methods, Place, RefusalBody, Route};
pub use self::geodatahub::GEODATAHUB;
pub use self::opendatasoft::OPENDATASOFT;
pub use self::socrata::{SOCRATA, SOCRATA_WITH_TOKEN_TYPE};
pub use self::standard::STANDARD;
pub use self::usergrid::USERGRID;
pub use self::ways::{
    AccessTokens, Codes, Field, JwtClaims, Pkce, RefreshTokens, Rotation, ScopesAtRedemption,
    ScopesAtRefresh, Ways,
};

/// A platform's way of issuing tokens.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "services write it as data")]
pub struct Profile {
    /// Name by which an [`Application`](crate::grant::Application::profile) chooses the profile.
    pub name: &'static str,
    /// Settings that apply before the client is known.
    pub door: Door,
    /// Settings that apply when the client is known.
    pub ways: Ways,
}
