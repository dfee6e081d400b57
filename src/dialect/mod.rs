//! Platforms as data: the credential forms that are read, the guests that are admitted, the
//! handling of plain http, and the refusals.

mod any;
pub(crate) mod custom;
pub(crate) mod dialect;
mod error;
pub(crate) mod form;
mod geodatahub;
pub(crate) mod guest;
pub mod meaning;
mod opendatasoft;
mod rfc6750;
mod socrata;
pub(crate) mod subprotocol;
mod usergrid;

pub use self::any::ANY;
pub use self::custom::{CustomOptionalParser, CustomParser, CustomPlace, Malformed};
pub(crate) use self::dialect::Dialect;
pub use self::error::DialectError;
pub use self::geodatahub::GEODATAHUB;
pub use self::opendatasoft::OPENDATASOFT;
pub use self::rfc6750::RFC6750;
pub use self::socrata::SOCRATA;
pub use self::subprotocol::Subprotocol;
pub use self::usergrid::USERGRID;
pub(crate) use crate::rejection::AnswerRow;
