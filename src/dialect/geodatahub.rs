//! GeoDataHub.

use std::borrow::Cow;

use super::form::CredentialForm;
use super::{Dialect, PairMeaning, RFC6750, TokenMeaning};
use crate::rejection::AnswerRow;
use crate::rejection::RejectionKind::{
    DeniedAppToken, DeniedCredentials, DeniedToken, Forbidden, InsufficientScope, Missing, UnknownScheme,
};

/// GeoDataHub: the access or identity token stands in `Authorization` without a scheme; its
/// document's Python sample sends `Basic`. Its client adds an `x-api-key`, which identifies the
/// calling application. Refusals have the shape of its gateway, `{"message"}`.
pub const GEODATAHUB: Dialect = Dialect {
    name: "geodatahub",
    forms: Cow::Borrowed(&[
        CredentialForm::bare(TokenMeaning::ACCESS_TOKEN),
        CredentialForm::basic(PairMeaning::PASSWORD),
        CredentialForm::header("x-api-key", TokenMeaning::APP_TOKEN),
    ]),
    answers: Cow::Borrowed(&[
        AnswerRow::json(
            &[Missing, UnknownScheme, DeniedToken, DeniedCredentials],
            r#"{"message":"Unauthorized"}"#,
        ),
        AnswerRow::json(&[DeniedAppToken, Forbidden, InsufficientScope], r#"{"message":"Forbidden"}"#),
        AnswerRow::every(r#"{"message":"{description}"}"#),
    ]),
    ..RFC6750
};
