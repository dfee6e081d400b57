//! All dialects at once.

use std::borrow::Cow;

use super::form::CredentialForm;
use super::meaning::{IdShape, PairMeaning, TokenMeaning};
use super::{Dialect, RFC6750};

/// Every form of every dialect, for tests and migrations. It has no guests.
///
/// `Basic` is a client, an API key or a password by the shape of its id.
pub const ANY: Dialect = Dialect {
    name: "any",
    forms: Cow::Borrowed(&[
        CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::scheme_colon("Bearer", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::scheme("OAuth", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::scheme("Apikey", TokenMeaning::API_KEY),
        CredentialForm::basic(PairMeaning::client_key_or_password(IdShape::SOCRATA_KEY)),
        CredentialForm::bare(TokenMeaning::ACCESS_TOKEN),
        CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
        CredentialForm::header("x-api-key", TokenMeaning::APP_TOKEN),
        CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::query_pair("client_id", "client_secret", PairMeaning::CLIENT),
        CredentialForm::query("apikey", TokenMeaning::API_KEY),
        CredentialForm::query("$$app_token", TokenMeaning::APP_TOKEN),
        CredentialForm::body_any_content_type("access_token", TokenMeaning::ACCESS_TOKEN),
    ]),
    ..RFC6750
};
