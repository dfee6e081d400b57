//! OpenDataSoft (Huwise).

use std::borrow::Cow;

use super::form::CredentialForm;
use super::{Dialect, RFC6750, meaning};

/// OpenDataSoft: bearer tokens in the header (with the colon of its document, too), the query or a
/// form body; API keys by the `Apikey` scheme or the `apikey` parameter.
///
/// The body row is read only where the layer was given
/// [`form_body`](crate::AuthenticateLayer::form_body).
///
/// Its OAuth clients expect the answers of RFC 6750, which the standard ones are: it has no answer table.
pub const OPENDATASOFT: Dialect = Dialect {
    name: "opendatasoft",
    forms: Cow::Borrowed(&[
        CredentialForm::scheme("Bearer", meaning::access_token),
        CredentialForm::scheme_colon("Bearer", meaning::access_token),
        CredentialForm::query("access_token", meaning::access_token),
        CredentialForm::body_any_content_type("access_token", meaning::access_token),
        CredentialForm::scheme("Apikey", meaning::api_key),
        CredentialForm::query("apikey", meaning::api_key),
    ]),
    ..RFC6750
};
