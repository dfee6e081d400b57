//! All dialects at once.

use std::borrow::Cow;

use super::{Dialect, RFC6750};
use crate::classify::{self, IdShape};
use crate::form::Form;

/// Every form of every dialect, for tests and migrations. Nobody is a guest.
///
/// `Basic` is a client, an API key or a password by the shape of its id.
pub const ANY: Dialect = Dialect {
    name: "any",
    forms: Cow::Borrowed(&[
        Form::scheme("Bearer", classify::access_token),
        Form::scheme_colon("Bearer", classify::access_token),
        Form::scheme("OAuth", classify::access_token),
        Form::scheme("Apikey", classify::api_key),
        Form::basic(classify::client_key_or_password(IdShape::SOCRATA_KEY)),
        Form::bare(classify::access_token),
        Form::header("x-app-token", classify::app_token),
        Form::header("x-api-key", classify::app_token),
        Form::query("access_token", classify::access_token),
        Form::query_pair("client_id", "client_secret", classify::client),
        Form::query("apikey", classify::api_key),
        Form::query("$$app_token", classify::app_token),
        Form::body_anyhow("access_token", classify::access_token),
    ]),
    ..RFC6750
};
