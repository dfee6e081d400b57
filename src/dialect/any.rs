//! All dialects at once.

use std::borrow::Cow;

use super::form::CredentialForm;
use super::meaning::{self, IdShape};
use super::{Dialect, RFC6750};

/// Every form of every dialect, for tests and migrations. It has no guests.
///
/// `Basic` is a client, an API key or a password by the shape of its id.
pub const ANY: Dialect = Dialect {
    name: "any",
    forms: Cow::Borrowed(&[
        CredentialForm::scheme("Bearer", meaning::access_token),
        CredentialForm::scheme_colon("Bearer", meaning::access_token),
        CredentialForm::scheme("OAuth", meaning::access_token),
        CredentialForm::scheme("Apikey", meaning::api_key),
        CredentialForm::basic(meaning::client_key_or_password(IdShape::SOCRATA_KEY)),
        CredentialForm::bare(meaning::access_token),
        CredentialForm::header("x-app-token", meaning::app_token),
        CredentialForm::header("x-api-key", meaning::app_token),
        CredentialForm::query("access_token", meaning::access_token),
        CredentialForm::query_pair("client_id", "client_secret", meaning::client),
        CredentialForm::query("apikey", meaning::api_key),
        CredentialForm::query("$$app_token", meaning::app_token),
        CredentialForm::body_any_content_type("access_token", meaning::access_token),
    ]),
    ..RFC6750
};
