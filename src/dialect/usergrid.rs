//! Apache Usergrid.

use std::borrow::Cow;

use http::StatusCode;

use super::form::CredentialForm;
use super::guest::GuestRule;
use super::{Dialect, PairMeaning, RFC6750, TokenMeaning};
use crate::credential::Carrier;
use crate::rejection::AnswerRow;
use crate::rejection::RejectionKind::{
    DeniedAppToken, DeniedCredentials, DeniedToken, Forbidden, InsufficientScope, Missing, UnknownScheme,
};

/// Usergrid: access tokens in the header or the query, client ids and secrets in the query or over
/// `Basic`. The application `sandbox` of every organization is open to guests with all permissions
/// in it (Usergrid's document on authenticating API requests).
///
/// The rule matches any organization: `/unknown/sandbox/..` has guests too, and the handler has to
/// answer 404 there. [`Dialect::guests`] takes a narrower rule, such as `/acme/sandbox/**`.
///
/// The permissions of guests limit them only if a policy asks for permissions, such as
/// [`policy::application`](crate::policy::application).
///
/// A principal without permission gets 401, as in Usergrid, and its clients log the user out
/// because of the error's name. A malformed credential stays a 400 and plain http a 403. The
/// timestamp and the duration of Usergrid's bodies are left out, so that answers to inputs that
/// differ only in a secret are identical.
pub const USERGRID: Dialect = Dialect {
    name: "usergrid",
    forms: Cow::Borrowed(&[
        CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::query_pair("client_id", "client_secret", PairMeaning::CLIENT),
        CredentialForm::basic(PairMeaning::CLIENT),
    ]),
    guests: Cow::Borrowed(&[GuestRule::path("/{org}/sandbox/**")
        .methods(&["GET", "HEAD", "POST", "PUT", "DELETE"])
        .permissions(&["get,post,put,delete:/**"])
        .sandbox()]),
    answers: Cow::Borrowed(&[
        answer!(
            &[Missing, UnknownScheme],
            "unauthorized",
            "org.apache.usergrid.rest.exceptions.SecurityException",
            "No application guest access authorized"
        ),
        answer!(
            &[InsufficientScope, Forbidden],
            "unauthorized",
            "org.apache.shiro.authz.UnauthorizedException",
            "Subject does not have permission"
        )
        .status(StatusCode::UNAUTHORIZED),
        answer!(
            &[DeniedToken, DeniedAppToken],
            "auth_invalid",
            "org.apache.usergrid.rest.exceptions.SecurityException",
            "Unable to authenticate"
        )
        .status(StatusCode::UNAUTHORIZED),
        answer!(
            &[DeniedCredentials],
            "invalid_client",
            "org.apache.usergrid.rest.exceptions.SecurityException",
            "Unable to authenticate (OAuth)"
        )
        .carried_by(Carrier::Query),
        answer!(
            &[DeniedCredentials],
            "auth_invalid_credentials",
            "org.apache.usergrid.rest.exceptions.SecurityException",
            "Unable to authenticate due to invalid client credentials"
        ),
        AnswerRow::every(concat!(
            r#"{"error":"{error}","exception":"org.apache.usergrid.rest.exceptions.SecurityException","#,
            r#""error_description":"{description}"}"#
        )),
    ]),
    ..RFC6750
};

macro_rules! answer {
    ($kinds:expr, $error:literal, $exception:literal, $description:literal) => {
        AnswerRow::json(
            $kinds,
            concat!(
                r#"{"error":""#,
                $error,
                r#"","exception":""#,
                $exception,
                r#"","error_description":""#,
                $description,
                r#""}"#
            ),
        )
    };
}
use answer;
