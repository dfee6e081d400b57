//! The schemes that a dialect challenges with.

use super::Dialect;
use super::form::CredentialForm;
use super::row::Row;
use crate::credential::CredentialKind;
use crate::rejection::challenge::Challenged;

/// The scheme of a dialect whose rows have no challenge, because a 401 needs one (RFC 9110 section
/// 15.5.2). It is not `Bearer`, because a client would answer that with a header that the dialect
/// refuses.
const UNNAMED: Challenged = Challenged::Other("ApiKey");

impl Dialect {
    /// Returns the schemes to challenge with, those of access tokens first. A scheme that two rows
    /// have is listed once.
    pub(crate) fn challenged(&self) -> Vec<Challenged> {
        let mut schemes: Vec<_> = self.forms.iter().filter_map(CredentialForm::challenged).collect();
        schemes.sort_by_key(|scheme| !matches!(scheme, Challenged::Token(_)));
        let mut seen: Vec<&str> = Vec::new();
        schemes.retain(|scheme| {
            let is_new = !seen.iter().any(|word| word.eq_ignore_ascii_case(scheme.word()));
            seen.push(scheme.word());
            is_new
        });
        if schemes.is_empty() { vec![UNNAMED] } else { schemes }
    }
}

impl CredentialForm {
    /// Returns the scheme that a row is challenged with: its own, or the one that it names. A
    /// custom grammar has no error attributes, because its credentials may not be access tokens.
    fn challenged(&self) -> Option<Challenged> {
        let is_token = self.row.kind() == Some(CredentialKind::AccessToken);
        match self.row {
            Row::Basic(_) => Some(Challenged::Basic),
            Row::Scheme { word, .. } if is_token => Some(Challenged::Token(word)),
            Row::Scheme { word, .. } => Some(Challenged::Other(word)),
            _ => self.challenge.map(|word| Challenged::named(word, is_token)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::custom::{CustomPlace, Malformed};
    use crate::dialect::{
        ANY, GEODATAHUB, OPENDATASOFT, PairMeaning, RFC6750, SOCRATA, Subprotocol, TokenMeaning, USERGRID,
    };
    use Challenged::{Basic, Other, Token};

    fn of(forms: impl IntoIterator<Item = CredentialForm>) -> Vec<Challenged> {
        RFC6750.forms(forms).challenged()
    }

    #[test]
    fn a_preset_challenges_with_the_schemes_of_its_rows_alone() {
        for (dialect, expected) in [
            (RFC6750, vec![Token("Bearer")]),
            (SOCRATA, vec![Token("OAuth"), Basic]),
            (USERGRID, vec![Token("Bearer"), Basic]),
            (GEODATAHUB, vec![Basic]),
            (OPENDATASOFT, vec![Token("Bearer"), Other("Apikey")]),
            (ANY, vec![Token("Bearer"), Token("OAuth"), Other("Apikey"), Basic]),
        ] {
            assert_eq!(dialect.challenged(), expected, "{}", dialect.name);
        }
    }

    #[test]
    fn a_dialect_without_a_scheme_never_challenges_with_bearer() {
        let token = TokenMeaning::ACCESS_TOKEN;
        for row in [
            CredentialForm::header("x-api-key", TokenMeaning::API_KEY),
            CredentialForm::header("x-token", token),
            CredentialForm::query("access_token", token),
            CredentialForm::query_pair("id", "secret", PairMeaning::CLIENT),
            CredentialForm::body("access_token", token),
            CredentialForm::cookie("session", token),
            CredentialForm::websocket_protocol(Subprotocol::After("bearer"), token),
            CredentialForm::bare(token),
            CredentialForm::custom(CustomPlace::Header("x-custom"), |_| Err(Malformed)),
        ] {
            assert_eq!(of([row]), [Other("ApiKey")], "{row:?}");
            assert_eq!(of([row, CredentialForm::basic(PairMeaning::PASSWORD)]), [Basic], "{row:?}");
            assert_eq!(of([row.challenge("Own")]), [Other("Own")], "{row:?}");
        }
    }

    #[test]
    fn a_named_scheme_is_listed_once_and_only_bearer_has_errors() {
        let (token, key) = (TokenMeaning::ACCESS_TOKEN, TokenMeaning::API_KEY);
        let query = CredentialForm::query("access_token", token);
        let header = CredentialForm::header("x-api-key", key);
        assert_eq!(of([query.challenge("bearer")]), [Token("bearer")]);
        assert_eq!(of([header.challenge("Bearer")]), [Other("Bearer")]);
        assert_eq!(of([header.challenge("Basic")]), [Basic]);
        let scheme = CredentialForm::scheme("Apikey", key);
        assert_eq!(of([scheme, header.challenge("ApiKey")]), [Other("Apikey")]);
        // A row with a scheme keeps it.
        assert_eq!(of([scheme.challenge("Other")]), [Other("Apikey")]);
        let bearer = CredentialForm::scheme("Bearer", token);
        let both =
            of([header.challenge("Bearer"), CredentialForm::cookie("c", key).challenge("Cookie"), bearer]);
        assert_eq!(both, [Token("Bearer"), Other("Cookie")]);
    }
}
