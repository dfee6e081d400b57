//! Rows of the `Authorization` header.

use super::start::Start;
use super::{basic, scheme, token, value};
use crate::credential::{Credential, Credentials, Presented, ReadError, Source};
use crate::dialect::DialectError;
use crate::dialect::meaning::Make;
use crate::dialect::row::TokenSyntax;
use crate::dialect::{PairMeaning, TokenMeaning};
use crate::request::grammar::{is_printable, is_token};

/// The accepted schemes, and the row for a bare token if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Authorization {
    /// The starts of lines with a row for access tokens of the usual grammar.
    starts: Vec<Start>,
    /// The start of `Basic`, and the place of its row.
    basic: Option<(Start, usize)>,
    schemes: Vec<Scheme>,
    bare: Option<(TokenMeaning, u8)>,
}

#[derive(Clone, Copy, Debug)]
struct Scheme {
    word: &'static str,
    colon: bool,
    value: SchemeSyntax,
    source: Source,
    rank: u8,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum SchemeSyntax {
    One(TokenSyntax),
    Basic(PairMeaning),
}

impl Authorization {
    pub(super) fn add_scheme(
        &mut self,
        word: &'static str,
        colon: bool,
        value: SchemeSyntax,
        rank: u8,
    ) -> Result<(), DialectError> {
        if !is_token(word) {
            return Err(DialectError::Name { what: "scheme", name: word });
        }
        if self.schemes.iter().any(|known| known.colon == colon && known.word.eq_ignore_ascii_case(word)) {
            return Err(DialectError::Repeated { what: "scheme", name: word });
        }
        let source = value.source(word, colon);
        if matches!(
            value,
            SchemeSyntax::One(TokenSyntax::Token(TokenMeaning { make: Make::AccessToken, .. }))
        ) {
            self.starts.extend(Start::of(word, colon, source, rank));
        }
        if matches!(value, SchemeSyntax::Basic(_)) {
            self.basic = Start::of(word, colon, source, rank).map(|start| (start, self.schemes.len()));
        }
        self.schemes.push(Scheme { word, colon, value, source, rank });
        Ok(())
    }

    pub(super) fn add_bare(&mut self, classify: TokenMeaning, rank: u8) -> Result<(), DialectError> {
        match self.bare.replace((classify, rank)) {
            None => Ok(()),
            Some(_) => Err(DialectError::Repeated { what: "header", name: "authorization" }),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.schemes.is_empty() && self.bare.is_none()
    }

    /// Reads a header value.
    #[inline]
    pub(super) fn read<'r>(
        &self,
        line: &'r [u8],
        credentials: &mut Credentials<'r>,
    ) -> Result<(), ReadError> {
        // Nearly every line is a scheme, one space and an access token.
        for start in &self.starts {
            if let Some(value) = start.strip_from(line)
                && let Some(token) = token::parse(value)
                && credentials.set_first(Credential::AccessToken(token), start.source, start.rank)
            {
                return Ok(());
            }
        }
        let line = scheme::trim(line);
        if let Some((start, row)) = &self.basic
            && let Some(value) = start.strip_from(line)
            && let Some(row) = self.schemes.get(*row)
        {
            return row.read(scheme::trim_spaces(value), credentials);
        }
        self.read_any(line, credentials)
    }

    /// Reads a trimmed header value of any form.
    #[inline(never)]
    fn read_any<'r>(&self, line: &'r [u8], credentials: &mut Credentials<'r>) -> Result<(), ReadError> {
        let scheme::Line { word, value } = scheme::Line::split(line)?;
        if let Some(known) = self.schemes.iter().find(|known| known.is(word)) {
            return known.read(value, credentials);
        }
        if let Some((classify, rank)) = self.bare
            && value.is_empty()
        {
            let token = value::read_bare(word, classify)?;
            return credentials.add(classify.present(token, Source::Bare), rank);
        }
        if !is_printable(line) {
            return Err(ReadError::Malformed);
        }
        match self.bare {
            // No scheme is that long: it is a bare token followed by something else.
            Some(_) if scheme::may_be_bare(word, "") => Err(ReadError::Malformed),
            _ if value.is_empty() || !std::str::from_utf8(word).is_ok_and(is_token) => {
                Err(ReadError::Malformed)
            }
            _ => Err(ReadError::UnknownScheme),
        }
    }

    /// Returns true if a header value is syntactically invalid `Basic` credentials.
    pub(super) fn is_broken_basic(&self, line: &[u8]) -> bool {
        let Ok(scheme::Line { word, value }) = scheme::Line::split(line) else { return false };
        let known = self.schemes.iter().find(|known| known.is(word));
        known.is_some_and(|known| {
            matches!(known.value, SchemeSyntax::Basic(_))
                && known.read(value, &mut Credentials::default()).is_err()
        })
    }
}

impl Scheme {
    /// Returns true if a first word is this scheme, followed by a colon if the row has one.
    fn is(&self, word: &[u8]) -> bool {
        let word = if self.colon { word.strip_suffix(b":") } else { Some(word) };
        let own = self.word.as_bytes();
        // Most clients use the registered source, and folding each letter costs ten times as
        // much.
        word.is_some_and(|word| word == own || word.eq_ignore_ascii_case(own))
    }

    /// Reads the value after the scheme.
    fn read<'r>(&self, value: &'r [u8], credentials: &mut Credentials<'r>) -> Result<(), ReadError> {
        let presented = match &self.value {
            SchemeSyntax::One(syntax) => syntax.read_raw(value, self.source)?,
            SchemeSyntax::Basic(classify) => Some(read_basic(classify, value, self.source)?),
        };
        presented.map_or(Ok(()), |presented| credentials.add(presented, self.rank))
    }
}

impl SchemeSyntax {
    /// Returns the source of the credentials in a row of this scheme.
    fn source(&self, word: &str, colon: bool) -> Source {
        match self {
            Self::One(value) => value.source(Source::from_scheme(word, colon), Source::CustomScheme),
            Self::Basic(_) => Source::Basic,
        }
    }
}

/// Reads the value after `Basic`: as a token if the dialect has that convention, otherwise as a
/// secret with a non-empty id.
fn read_basic(classify: &PairMeaning, value: &[u8], source: Source) -> Result<Presented<'static>, ReadError> {
    let Some(pair) = basic::decode(value)? else {
        return Ok(Presented::malformed_value(source, classify.kind()));
    };
    for convention in classify.tokens {
        if let Some(token) = convention.token_in(&pair) {
            if token.is_empty() {
                return Err(ReadError::Malformed);
            }
            return Ok(value::present(&convention.token, token.into_owned(), Source::BasicToken));
        }
    }
    if pair.id().is_empty() {
        Err(ReadError::Malformed)
    } else {
        Ok(Presented::new(source, classify.classify(pair)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dialect;
    use crate::read::Table;

    type Shown = Result<Option<(Source, Option<String>)>, ReadError>;

    fn shown(authorization: &Authorization, line: &[u8]) -> Shown {
        let mut credentials = Credentials::default();
        authorization.read(line, &mut credentials)?;
        let text = |presented: &Presented<'_>| {
            let secret =
                presented.credential.as_ref().map(|credential| credential.with_secret(str::to_owned));
            (presented.source, secret)
        };
        Ok(credentials.presented_subject().map(text))
    }

    /// Generates lines of words that are schemes, tokens or neither.
    fn lines() -> impl Strategy<Value = String> {
        let words = [
            "Bearer",
            "bEARER",
            "OAuth",
            "Apikey",
            "Basic",
            "Digest",
            "x",
            ":",
            " ",
            " ",
            " ",
            "\t",
            "=",
            ",",
            "dTpw",
            "the-token",
            "a.token_of~more+than/16",
            "a(b",
            "\u{e9}",
        ];
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..6).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_line_that_starts_as_usual_is_read_as_any_other(line in lines()) {
            for dialect in [dialect::ANY, dialect::OPENDATASOFT, dialect::SOCRATA] {
                let usual = Table::compile(&dialect).unwrap().authorization;
                let without = Authorization { starts: Vec::new(), basic: None, ..usual.clone() };
                prop_assert!(!usual.starts.is_empty());
                prop_assert_eq!(shown(&usual, line.as_bytes()), shown(&without, line.as_bytes()));
            }
        }
    }
}
