//! Rows of the `Sec-WebSocket-Protocol` header.

use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, HeaderValue};

use super::{cross_site, subprotocol, token, value};
use crate::credential::{Credentials, Presented, ReadError, Source};
use crate::dialect::DialectError;
use crate::dialect::TokenMeaning;
use crate::dialect::row::TokenSyntax;
use crate::dialect::subprotocol::Subprotocol;
use crate::request::RequestHead;
use crate::request::grammar::is_token;

/// The positions of tokens among the subprotocols.
#[derive(Clone, Debug, Default)]
pub(super) struct Subprotocols(Vec<Row>);

#[derive(Clone, Debug)]
struct Row {
    at: Subprotocol,
    classify: TokenMeaning,
    rank: u8,
}

impl Subprotocols {
    pub(super) fn add(
        &mut self,
        at: Subprotocol,
        classify: TokenMeaning,
        rank: u8,
    ) -> Result<(), DialectError> {
        let name = match at {
            Subprotocol::After(name) | Subprotocol::Prefix(name) | Subprotocol::PrefixBase64Url(name) => name,
        };
        if !is_token(name) {
            return Err(DialectError::Name { what: "subprotocol", name });
        }
        if self.0.iter().any(|known| known.at == at) {
            return Err(DialectError::Repeated { what: "subprotocol", name });
        }
        self.0.push(Row { at, classify, rank });
        Ok(())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline(never)]
    pub(super) fn read<'r>(
        &self,
        head: RequestHead<'r>,
        credentials: &mut Credentials<'r>,
    ) -> Result<(), ReadError> {
        for row in &self.0 {
            let Some(raw) = row.find(head.headers())? else { continue };
            // In any other request no browser can set this header: it was meant for another place.
            if !cross_site::is_websocket(head) {
                return Err(ReadError::Malformed);
            }
            credentials.add(row.read(raw)?, row.rank)?;
        }
        Ok(())
    }

    /// Removes the tokens and keeps the other elements in one line.
    pub(super) fn cut(&self, headers: &mut HeaderMap) {
        if self.is_empty() {
            return;
        }
        let mut kept: Vec<&[u8]> = Vec::new();
        let mut after_word = false;
        for element in subprotocol::elements(headers.get_all(SEC_WEBSOCKET_PROTOCOL)) {
            if !after_word && !self.0.iter().any(|row| row.at.token_in(element).is_some()) {
                kept.push(element);
            }
            after_word = !after_word && self.0.iter().any(|row| row.at.is_word(element));
        }
        let line = HeaderValue::from_bytes(&kept.join(&b", "[..]));
        match line {
            Ok(line) if !line.is_empty() => _ = headers.insert(SEC_WEBSOCKET_PROTOCOL, line),
            _ => _ = headers.remove(SEC_WEBSOCKET_PROTOCOL),
        }
    }
}

impl Row {
    /// Returns the raw token. A word without a following token is malformed, and two tokens are
    /// ambiguous.
    fn find<'r>(&self, headers: &'r HeaderMap) -> Result<Option<&'r [u8]>, ReadError> {
        let mut elements = subprotocol::elements(headers.get_all(SEC_WEBSOCKET_PROTOCOL));
        let mut found = None;
        while let Some(element) = elements.next() {
            let token = if self.at.is_word(element) {
                elements.next().ok_or(ReadError::Malformed)?
            } else {
                match self.at.token_in(element) {
                    Some(token) => token,
                    None => continue,
                }
            };
            if found.replace(token).is_some() {
                return Err(ReadError::Ambiguous);
            }
        }
        Ok(found)
    }

    fn read<'r>(&self, raw: &'r [u8]) -> Result<Presented<'r>, ReadError> {
        let Subprotocol::PrefixBase64Url(_) = self.at else {
            let read = TokenSyntax::Token(self.classify).read_raw(raw, Source::Subprotocol)?;
            return read.ok_or(ReadError::Malformed);
        };
        if raw.len() / 4 * 3 > self.classify.max_length.unwrap_or(token::MAX_LENGTH) {
            return Ok(Presented::malformed_value(Source::Subprotocol, self.classify.kind));
        }
        let text = subprotocol::decode(raw).filter(|text| !text.is_empty());
        Ok(value::present(&self.classify, text.ok_or(ReadError::Malformed)?, Source::Subprotocol))
    }
}

impl Subprotocol {
    /// Returns true if the next element is the token.
    fn is_word(self, element: &[u8]) -> bool {
        matches!(self, Self::After(word) if element == word.as_bytes())
    }

    /// Returns the token in an element that begins with the prefix.
    fn token_in(self, element: &[u8]) -> Option<&[u8]> {
        match self {
            Self::After(_) => None,
            Self::Prefix(prefix) | Self::PrefixBase64Url(prefix) => element.strip_prefix(prefix.as_bytes()),
        }
    }
}
