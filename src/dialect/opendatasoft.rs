//! OpenDataSoft (Huwise).

use std::borrow::Cow;

use super::form::CredentialForm;
use super::{Dialect, RFC6750, meaning};

/// OpenDataSoft: bearer tokens in the header (also with the colon of its document), the query or a
/// form body; API keys by the `Apikey` scheme or the `apikey` parameter.
///
/// The body row is read only if the layer has [`form_body`](crate::AuthenticateLayer::form_body).
///
/// Its OAuth clients expect the answers of RFC 6750, which are the standard ones; so it has no
/// answer table.
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
