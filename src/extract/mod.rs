//! axum extractors.
//!
//! They read the record that [`AuthenticateLayer`](crate::AuthenticateLayer) put into the request's
//! extensions; they never parse, wait or verify. Each kind of principal is an extractor, and so are
//! [`Principal`](crate::Principal), [`Authenticated`] and
//! [`Authentication`](crate::Authentication). `Option<..>` is `None` if no credential was sent.
//!
//! The guide has a chapter on [principals](crate::guide::principals) and on
//! [optional login](crate::guide::optional_login).
//!
//! # Examples
//!
//! ```
//! use tower_principal::{OAuthUser, Principal};
//!
//! async fn profile(user: OAuthUser) -> String {
//!     user.id().to_owned()
//! }
//!
//! async fn greet(caller: Option<Principal>) -> &'static str {
//!     if caller.is_some() { "welcome back" } else { "welcome" }
//! }
//!
//! let router: axum::Router = axum::Router::new()
//!     .route("/profile", axum::routing::get(profile))
//!     .route("/", axum::routing::get(greet));
//! # let _ = router;
//! ```

mod extractors;
mod protect;
mod unboxed;

pub use self::extractors::Authenticated;
pub use self::protect::{Protected, protect};
