//! Apache Usergrid.

use std::borrow::Cow;

use super::{Dialect, RFC6750};
use crate::classify;
use crate::form::Form;
use crate::guest::GuestRule;

/// Usergrid: access tokens in the header or the query, client ids and secrets in the query or over
/// `Basic`. The application `sandbox` of every organization is open to guests, who may do anything
/// in it (Usergrid's document on authenticating API requests).
///
/// The rule knows no organization's name: `/nobody/sandbox/..` has guests too, and answering 404 there
/// is the handler's. [`Dialect::guests`] takes a narrower one, such as `/acme/sandbox/**`.
///
/// Guests are refused what their permissions do not grant only where a policy asks for permissions,
/// such as [`policy::application`](crate::policy::application).
pub const USERGRID: Dialect = Dialect {
    name: "usergrid",
    forms: Cow::Borrowed(&[
        Form::scheme("Bearer", classify::access_token),
        Form::query("access_token", classify::access_token),
        Form::query_pair("client_id", "client_secret", classify::client),
        Form::basic(classify::client),
    ]),
    guests: Cow::Borrowed(&[GuestRule::path("/{org}/sandbox/**")
        .methods(&["GET", "HEAD", "POST", "PUT", "DELETE"])
        .permissions(&["get,post,put,delete:/**"])
        .sandbox()]),
    ..RFC6750
};
