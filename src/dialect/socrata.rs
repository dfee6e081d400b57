//! Socrata (Tyler Data & Insights).

use std::borrow::Cow;

use super::{Dialect, RFC6750};
use crate::classify::{self, IdShape};
use crate::form::Form;
use crate::guest::GuestRule;
use crate::transport::{OnInsecure, TransportRule};

/// Socrata: passwords and API keys over `Basic`, access tokens of the `OAuth` scheme, app tokens in
/// `X-App-Token` or `$$app_token`. Reading is open; an app token is no authentication but is
/// checked when it is sent, and passes over plain http; there a password or key is refused, and an access
/// token refused and revoked (Socrata's document on authentication).
pub const SOCRATA: Dialect = Dialect {
    name: "socrata",
    forms: Cow::Borrowed(&[
        Form::basic(classify::key_or_password(IdShape::SOCRATA_KEY)),
        Form::scheme("OAuth", classify::access_token),
        Form::header("x-app-token", classify::app_token),
        Form::query("$$app_token", classify::app_token),
    ]),
    guests: Cow::Borrowed(&[GuestRule::reads()]),
    transport: TransportRule {
        app_token: OnInsecure::Pass,
        access_token: OnInsecure::RefuseAndRevoke,
        ..TransportRule::REFUSE
    },
    ..RFC6750
};
