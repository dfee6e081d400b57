//! OpenDataSoft (Huwise).

use std::borrow::Cow;

use super::form::Form;
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
        Form::scheme("Bearer", meaning::access_token),
        Form::scheme_colon("Bearer", meaning::access_token),
        Form::query("access_token", meaning::access_token),
        Form::body_anyhow("access_token", meaning::access_token),
        Form::scheme("Apikey", meaning::api_key),
        Form::query("apikey", meaning::api_key),
    ]),
    ..RFC6750
};
