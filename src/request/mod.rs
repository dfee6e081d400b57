//! The parts of an HTTP request that the crate uses: its head, its path, its original target.
//!
//! A [`RequestHead`] is what policies and verifiers see of a request: everything except the body.
//!
//! The guide has a chapter on [policies](crate::guide::policies).
//!
//! # Examples
//!
//! ```
//! use http::Request;
//! use tower_principal::request::RequestHead;
//!
//! let request = Request::get("/datasets?limit=5").body(())?;
//! let head = RequestHead::from_request(&request);
//! assert_eq!(head.method(), "GET");
//! assert_eq!(head.uri().path(), "/datasets");
//! # Ok::<(), http::Error>(())
//! ```

pub(crate) mod grammar;
pub(crate) mod grpc;
mod head;
pub(crate) mod original_target;
pub(crate) mod path;
pub(crate) mod percent;
pub(crate) mod quoted;

pub use self::head::RequestHead;
pub use self::path::InvalidPattern;
