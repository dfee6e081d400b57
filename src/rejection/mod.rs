//! Refusals and their rendering.
//!
//! A [`Rejection`] is one refusal before it becomes a response. Its
//! [`RejectionKind`] decides status, challenges and error word. A dialect can
//! change status and body with [`AnswerRow`]s, and a layer can render refusals with
//! [`RenderRejection`].
//!
//! The guide has a chapter on [answers](crate::guide::answers).
//!
//! # Examples
//!
//! ```
//! use tower_principal::dialect;
//! use tower_principal::rejection::AnswerRow;
//! use tower_principal::{Rejection, RejectionKind};
//!
//! assert_eq!(RejectionKind::Unavailable.status(), 503);
//! assert_eq!(RejectionKind::Missing.error(), "missing_credentials");
//! let refusal = Rejection::from(RejectionKind::Forbidden);
//! assert_eq!(refusal.kind(), RejectionKind::Forbidden);
//!
//! let body = r#"{"code":"{error}","message":"{description}"}"#;
//! let mine = dialect::RFC6750.answers([AnswerRow::every(body)]);
//! # let _ = mine;
//! ```

mod answer;
mod answer_row;
pub(crate) mod caching;
pub(crate) mod challenge;
mod challenges;
pub(crate) mod denial;
mod grpc;
pub(crate) mod kind;
pub(crate) mod reason;
pub(crate) mod rejection;
pub(crate) mod render;

pub use self::answer_row::AnswerRow;
pub use self::challenge::{Challenge, InvalidChallenge};
pub(crate) use self::kind::RejectionKind;
pub(crate) use self::reason::DenialReason;
pub(crate) use self::rejection::Rejection;
pub use self::rejection::RenderRejection;
