//! Platforms as data: the credential forms that are read, the guests that are admitted, the
//! handling of plain http, and the refusals.
//!
//! A [`Dialect`] is a table of forms. Each row has a place, a grammar and a meaning: a
//! [`TokenMeaning`] or a [`PairMeaning`]. What is in no row is not read. The presets are constants;
//! change one with `add_form`, `guests`, `realm` and `answers`, or write a `const` of your own.
//!
//! The guide has chapters on [dialects](crate::guide::dialects), [guests](crate::guide::guests) and
//! [answers](crate::guide::answers).
//!
//! # Examples
//!
//! ```
//! use tower_principal::dialect::{self, TokenMeaning};
//! use tower_principal::{CredentialForm, GuestRule};
//!
//! let mine = dialect::RFC6750
//!     .realm("data")
//!     .add_form(CredentialForm::header("x-service-key", TokenMeaning::API_KEY))
//!     .guests([GuestRule::path("/public/**")]);
//! assert_eq!(mine.forms.len(), dialect::RFC6750.forms.len() + 1);
//! ```

mod any;
mod api_key;
pub(crate) mod challenged;
pub(crate) mod custom;
pub(crate) mod dialect;
mod error;
pub(crate) mod form;
mod geodatahub;
pub(crate) mod guest;
pub(crate) mod meaning;
mod opendatasoft;
mod rfc6750;
pub(crate) mod row;
mod socrata;
pub(crate) mod subprotocol;
mod usergrid;

pub use self::any::ANY;
pub use self::api_key::API_KEY;
pub use self::custom::{CustomOptionalParser, CustomParser, CustomPlace, Malformed};
pub(crate) use self::dialect::Dialect;
pub use self::error::DialectError;
pub use self::geodatahub::GEODATAHUB;
pub use self::meaning::{Alphabet, IdShape, PairMeaning, TokenMeaning, TokenPair};
pub use self::opendatasoft::OPENDATASOFT;
pub use self::rfc6750::RFC6750;
pub use self::socrata::SOCRATA;
pub use self::subprotocol::Subprotocol;
pub use self::usergrid::USERGRID;
pub(crate) use crate::rejection::AnswerRow;
