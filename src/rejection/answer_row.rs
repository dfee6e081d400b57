//! Responses to refusals of a platform, where they differ from the standard.

use std::borrow::Cow;

use http::StatusCode;

use super::RejectionKind;
use crate::credential::Carrier;

/// A row of a dialect's answer table: the body, and optionally the status, that the platform's
/// clients expect for refusals of certain kinds.
///
/// A row changes only the shape of a refusal. The challenges remain the dialect's, and a 401 always
/// has one (RFC 9110 section 15.5.2). A status that is not a client or server error is a
/// [`DialectError`](crate::dialect::DialectError), so a refusal never becomes a success. The first
/// matching row applies; kinds without a row get the standard answer.
///
/// A body is JSON text, sent unchanged except for two placeholders: `{error}` and `{description}`
/// are replaced by those of the standard answer.
///
/// # Examples
///
/// ```
/// use http::StatusCode;
/// use tower_principal::rejection::AnswerRow;
/// use tower_principal::{RejectionKind, dialect};
///
/// const NOT_FOUND: &str = r#"{"message":"Not Found"}"#;
/// const KINDS: &[RejectionKind] = &[RejectionKind::Forbidden];
/// const HIDDEN: AnswerRow =
///     AnswerRow::json(KINDS, NOT_FOUND).status(StatusCode::NOT_FOUND);
/// const BODY: &str = r#"{"code":"{error}","message":"{description}"}"#;
/// const OTHERS: AnswerRow = AnswerRow::every(BODY);
///
/// let mine = dialect::RFC6750.answers([HIDDEN, OTHERS]);
/// # assert_eq!(mine.answers.len(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct AnswerRow {
    kinds: &'static [RejectionKind],
    carrier: Option<Carrier>,
    status: Option<StatusCode>,
    body: &'static str,
}

// A platform's answers keep the standard's kinds. A table cannot answer *expired* and *unknown*
// differently, because a refusal's reason is for the log. It may distinguish credentials of the
// query from those of a header, because the client has that information anyway. Usergrid answers
// 401 when the standard has 403. A 401 gets the dialect's challenges (RFC 9110 section 15.5.2)
// though Usergrid itself sends none. Plain http stays a 403 without a challenge everywhere, because
// a challenge would make clients send the credential again.
impl AnswerRow {
    /// Answers these kinds with this body and the standard status.
    pub const fn json(kinds: &'static [RejectionKind], body: &'static str) -> Self {
        Self { kinds, carrier: None, status: None, body }
    }

    /// Answers every kind with this body; use it as the last row, for kinds that no earlier row
    /// matches.
    pub const fn every(body: &'static str) -> Self {
        Self::json(RejectionKind::ALL, body)
    }

    /// Sets the status, 400 to 599.
    pub const fn status(self, status: StatusCode) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Restricts the row to refused credentials of this carrier.
    pub const fn carried_by(self, carrier: Carrier) -> Self {
        Self { carrier: Some(carrier), ..self }
    }

    pub(crate) const fn kinds(&self) -> &'static [RejectionKind] {
        self.kinds
    }

    pub(crate) const fn carrier(&self) -> Option<Carrier> {
        self.carrier
    }

    /// Returns the status and the body for a kind of this row. Returns the status as an error if it
    /// is not an error status.
    pub(crate) fn answer(&self, kind: RejectionKind) -> Result<(StatusCode, Cow<'static, str>), StatusCode> {
        let status = self.status.unwrap_or(kind.status());
        if !status.is_client_error() && !status.is_server_error() {
            return Err(status);
        }
        if !self.body.contains("{error}") && !self.body.contains("{description}") {
            return Ok((status, self.body.into()));
        }
        let body = self.body.replace("{error}", kind.error()).replace("{description}", kind.description());
        Ok((status, body.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_are_refusals() {
        let row = AnswerRow::every("{}");
        assert!(row.status(StatusCode::IM_A_TEAPOT).answer(RejectionKind::Missing).is_ok());
        for status in [StatusCode::OK, StatusCode::FOUND, StatusCode::CONTINUE] {
            assert_eq!(row.status(status).answer(RejectionKind::Missing), Err(status));
        }
    }

    #[test]
    fn the_words_of_the_standard_answer_are_filled_in() {
        let row = AnswerRow::every(r#"{"code":"{error}","message":"{description}"}"#);
        let (status, body) = row.answer(RejectionKind::Forbidden).unwrap();
        let expected = r#"{"code":"forbidden","message":"These credentials do not allow this."}"#;
        assert_eq!((status, &*body), (StatusCode::FORBIDDEN, expected));
    }
}
