//! Storage of an authorization server: grants and their tokens, registered applications, and
//! sessions of browsers.
//!
//! A [`Grant`] records that a client may act for a user or for itself, until the grant ends. At any
//! time, it owns at most one authorization code, one access token and one refresh token. [`Grants`]
//! is the store of grants and [`Applications`] is the store of registered clients. [`Sessions`] is
//! the store of the users that are logged in with a browser. [`MemoryGrants`],
//! [`MemoryApplications`] and [`MemorySessions`] keep them in memory.
//!
//! This module does not handle HTTP requests; [`server`](crate::server) does. Stores receive
//! [digests](crate::credential::Digest) of tokens, never the tokens.
//!
//! `verify::sql` stores all of them in a database. If you write your own store, check it with
//! `test_util::conformance::GrantSuite` or `SessionSuite`. The guide has chapters on
//! [issuing tokens](crate::guide::issue_tokens) and on
//! [testing](crate::guide::testing).
//!
//! # Examples
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use tower_principal::grant::{
//!     GrantId, Grants, Lifetime, MemoryGrants, NewGrant, NextTokens,
//!     Presented, TokenShape,
//! };
//!
//! const SHAPE: TokenShape = TokenShape::prefixed("acme");
//!
//! let grants = MemoryGrants::new();
//! let id = GrantId::random()?;
//! let access = SHAPE.access(&id, grants.tenant())?;
//! let next = NextTokens::new(
//!     access.digest,
//!     Lifetime::Limited(Duration::from_secs(3600)),
//! );
//! let grant =
//!     NewGrant::new(id, "weather").user("alice").scopes(["datasets:read"]);
//! grants.issue(&grant, &next).await?;
//!
//! let found = grants.find(&Presented::Access(access.digest)).await?;
//! assert_eq!(found.and_then(|grant| grant.user).as_deref(), Some("alice"));
//! # Ok(())
//! # }
//! ```

mod application;
mod applications;
mod erased;
mod error;
mod grant_type;
mod grants;
mod id;
mod issued;
mod lifetime;
mod memory;
mod outcome;
mod proof;
mod record;
mod redirect_rule;
mod refresh_rule;
mod session;
mod sessions;
mod token_shape;
mod tokens;
mod usergrid_token;

pub use self::application::{Application, ApplicationKind, Lifetimes};
pub use self::applications::Applications;
pub use self::erased::{BoxApplications, BoxGrants, BoxSessions, DynApplications, DynGrants, DynSessions};
pub use self::error::StoreError;
pub use self::grant_type::GrantType;
pub use self::grants::Grants;
pub use self::id::GrantId;
pub use self::issued::{IssuedRefresh, IssuedToken};
pub use self::lifetime::Lifetime;
pub use self::memory::{MemoryApplications, MemoryGrants, MemorySessions};
pub use self::outcome::{Ending, Redemption, Renewal};
pub use self::proof::{CodeProof, InvalidVerifier, code_challenge};
pub use self::record::{Grant, NewGrant};
pub use self::redirect_rule::RedirectRule;
pub use self::refresh_rule::RefreshRule;
pub use self::session::{NewSession, Session};
pub use self::sessions::Sessions;
pub use self::token_shape::TokenShape;
pub use self::tokens::{NewCode, NextRefresh, NextTokens, Presented, RefreshDigests};
