//! API keys in a header of their own.

use std::borrow::Cow;

use super::form::CredentialForm;
use super::{Dialect, RFC6750, TokenMeaning};

/// `X-Api-Key: KEY` and nothing else: the form of most services that issue API keys. No standard
/// and none of the four platforms describes it.
///
/// A key in this header may hold any visible ASCII character. A request with two such headers is
/// ambiguous and refused with 400; an empty value is malformed. A 401 challenges with `ApiKey`.
///
/// It is [`RFC6750`] with this row in place of the bearer row. The header's name and the scheme of
/// `Authorization` are one line each:
///
/// # Examples
///
/// ```
/// use tower_principal::dialect::{self, TokenMeaning};
/// use tower_principal::CredentialForm;
///
/// // Also `Authorization: Bearer KEY`, or with the word `ApiKey`.
/// let both = dialect::API_KEY
///     .add_form(CredentialForm::scheme("Bearer", TokenMeaning::API_KEY));
/// assert_eq!(both.forms.len(), 2);
///
/// // Another header.
/// let mine = dialect::API_KEY
///     .forms([CredentialForm::header("x-service-key", TokenMeaning::API_KEY)]);
/// assert_eq!(mine.forms.len(), 1);
/// ```
pub const API_KEY: Dialect = Dialect {
    name: "api_key",
    forms: Cow::Borrowed(&[CredentialForm::header("x-api-key", TokenMeaning::API_KEY)]),
    ..RFC6750
};
