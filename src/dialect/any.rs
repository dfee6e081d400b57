//! All dialects at once.

use std::borrow::Cow;

use super::form::Form;
use super::meaning::{self, IdShape};
use super::{Dialect, RFC6750};

/// Every form of every dialect, for tests and migrations. Nobody is a guest.
///
/// `Basic` is a client, an API key or a password by the shape of its id.
pub const ANY: Dialect = Dialect {
    name: "any",
    forms: Cow::Borrowed(&[
        Form::scheme("Bearer", meaning::access_token),
        Form::scheme_colon("Bearer", meaning::access_token),
        Form::scheme("OAuth", meaning::access_token),
        Form::scheme("Apikey", meaning::api_key),
        Form::basic(meaning::client_key_or_password(IdShape::SOCRATA_KEY)),
        Form::bare(meaning::access_token),
        Form::header("x-app-token", meaning::app_token),
        Form::header("x-api-key", meaning::app_token),
        Form::query("access_token", meaning::access_token),
        Form::query_pair("client_id", "client_secret", meaning::client),
        Form::query("apikey", meaning::api_key),
        Form::query("$$app_token", meaning::app_token),
        Form::body_anyhow("access_token", meaning::access_token),
    ]),
    ..RFC6750
};
