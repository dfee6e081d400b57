//! OpenDataSoft (Huwise).

use std::borrow::Cow;

use super::form::CredentialForm;
use super::{Dialect, RFC6750, TokenMeaning};

/// OpenDataSoft: bearer tokens in the header (also with the colon of its document), the query or a
/// form body; API keys by the `Apikey` scheme or the `apikey` parameter.
///
/// The body row is read only if the layer has
/// [`with_form_body`](crate::AuthenticateLayer::with_form_body).
///
/// Its OAuth clients expect the answers of RFC 6750, which are the standard ones; so it has no
/// answer table.
pub const OPENDATASOFT: Dialect = Dialect {
    name: "opendatasoft",
    forms: Cow::Borrowed(&[
        CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::scheme_colon("Bearer", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::body_any_content_type("access_token", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::scheme("Apikey", TokenMeaning::API_KEY),
        CredentialForm::query("apikey", TokenMeaning::API_KEY),
    ]),
    ..RFC6750
};
