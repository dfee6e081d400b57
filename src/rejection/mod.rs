//! Refusals and their rendering.

mod answer_row;
pub(crate) mod caching;
pub(crate) mod challenge;
mod challenges;
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
