//! Socrata (Tyler Data & Insights).

use std::borrow::Cow;

use super::form::CredentialForm;
use super::guest::GuestRule;
use super::meaning::{IdShape, PairMeaning, TokenMeaning};
use super::{Dialect, RFC6750};
use crate::rejection::AnswerRow;
use crate::rejection::RejectionKind::{DeniedAppToken, Forbidden, InsufficientScope, Missing, UnknownScheme};
use crate::transport::{OnInsecure, TransportRule};

/// Socrata: passwords and API keys over `Basic`, access tokens of the `OAuth` scheme, app tokens in
/// `X-App-Token` or `$$app_token`.
///
/// Reading is open. An app token is no authentication, but it is checked if it is sent, and it is
/// accepted over plain http. Over plain http a password or key is refused, and an access token is
/// refused and revoked (Socrata's document on authentication).
///
/// Refusals have the shape of SODA 2.1, `{"code","error":true,"message"}`. Names that are missing
/// in its documents are the standard ones.
pub const SOCRATA: Dialect = Dialect {
    name: "socrata",
    forms: Cow::Borrowed(&[
        CredentialForm::basic(PairMeaning::key_or_password(IdShape::SOCRATA_KEY)),
        CredentialForm::scheme("OAuth", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
        CredentialForm::query("$$app_token", TokenMeaning::APP_TOKEN),
    ]),
    guests: Cow::Borrowed(&[GuestRule::reads()]),
    transport: TransportRule {
        app_token: OnInsecure::Pass,
        access_token: OnInsecure::RefuseAndRevoke,
        ..TransportRule::REFUSE
    },
    answers: Cow::Borrowed(&[
        AnswerRow::json(
            &[DeniedAppToken],
            r#"{"code":"permission_denied","error":true,"message":"Invalid app_token specified"}"#,
        ),
        AnswerRow::json(
            &[Missing, UnknownScheme],
            r#"{"code":"authentication_required","error":true,"message":"You must be logged in to do this"}"#,
        ),
        AnswerRow::json(
            &[Forbidden, InsufficientScope],
            r#"{"code":"permission_denied","error":true,"message":"You may not do this"}"#,
        ),
        AnswerRow::every(r#"{"code":"{error}","error":true,"message":"{description}"}"#),
    ]),
    ..RFC6750
};
