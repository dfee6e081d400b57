//! The strict standard.

use std::borrow::Cow;

use super::form::CredentialForm;
use super::{Dialect, TokenMeaning};
use crate::transport::TransportRule;

/// `Authorization: Bearer TOKEN` and nothing else (RFC 6750 section 2.1). The base of all others.
pub const RFC6750: Dialect = Dialect {
    name: "rfc6750",
    realm: Cow::Borrowed("api"),
    forms: Cow::Borrowed(&[CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN)]),
    guests: Cow::Borrowed(&[]),
    transport: TransportRule::REFUSE,
    answers: Cow::Borrowed(&[]),
};
