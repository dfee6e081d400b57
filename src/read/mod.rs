//! The first step of a request: its credentials, read by the rows of a dialect.
//!
//! [`Reader`] is this step alone, without a verifier and without a layer. It is for proxies that
//! only pass credentials on, for tools, and for tests of a dialect of your own. It compiles the
//! dialect once. Each carrier then takes one look-up, and nothing is copied that the head holds.
//!
//! A request has at most one subject and one app token. Two values for one role are ambiguous, and
//! so is a parameter that occurs twice.
//!
//! The guide has a chapter on [what is read](crate::guide::dialects).
//!
//! # Examples
//!
//! ```
//! use tower_principal::read::Reader;
//! use tower_principal::request::RequestHead;
//! use tower_principal::{Credential, dialect};
//!
//! let reader = Reader::new(&dialect::RFC6750)?;
//! let request =
//!     http::Request::get("/").header("authorization", "Bearer t").body(())?;
//! let credentials = reader.read(RequestHead::from_request(&request))?;
//! assert!(matches!(credentials.subject(), Some(Credential::AccessToken(_))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use http::header::{AUTHORIZATION, COOKIE, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};

use self::authorization::{Authorization, SchemeSyntax};
use self::cookies::Cookies;
use self::header_names::HeaderNames;
use self::known_names::KnownNames;
use self::parameters::Parameters;
use self::subprotocols::Subprotocols;
use crate::credential::{Credentials, ReadError, Source};
use crate::dialect::form::CredentialForm;
use crate::dialect::row::{Row, TokenSyntax};
use crate::dialect::{Dialect, DialectError};
use crate::request::RequestHead;
use crate::request::original_target::set_target;

mod authorization;
pub(crate) mod basic;
mod blocks;
mod candidates;
pub(crate) mod cookie;
mod cookies;
pub(crate) mod cross_site;
mod header_names;
mod known_names;
mod names;
mod options;
mod parameters;
mod place;
mod reader;
pub(crate) mod scheme;
mod start;
pub(crate) mod subprotocol;
mod subprotocols;
pub(crate) mod token;
pub(crate) mod urlencoded;
mod value;

pub(crate) use self::header_names::PresentHeaders;
pub(crate) use self::place::TokenPlace;
pub use self::reader::Reader;

/// A header of its own.
#[derive(Clone, Debug)]
struct Header {
    name: HeaderName,
    value: TokenSyntax,
    source: Source,
    rank: u8,
}

/// The rows of a dialect, by carrier.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    authorization: Authorization,
    headers: Vec<Header>,
    header_names: HeaderNames,
    query: Parameters,
    body: Parameters,
    lenient_body: bool,
    known: KnownNames,
    cookies: Cookies,
    subprotocols: Subprotocols,
}

impl Table {
    pub(crate) fn compile(dialect: &Dialect) -> Result<Self, DialectError> {
        let mut table = Self::default();
        for form in dialect.forms.iter() {
            options::check(dialect.name, form)?;
            table.add(form)?;
        }
        table.known.unread_headers().for_each(|name| table.header_names.add_misplaced(&name));
        if dialect.forms.is_empty() { Err(DialectError::NoForms(dialect.name)) } else { Ok(table) }
    }

    fn add(&mut self, CredentialForm { row, rank, .. }: &CredentialForm) -> Result<(), DialectError> {
        let rank = *rank;
        self.know(row);
        match *row {
            Row::Scheme { word, colon, value } => {
                self.authorization.add_scheme(word, colon, SchemeSyntax::One(value), rank)
            }
            Row::Basic(classify) => {
                self.authorization.add_scheme("Basic", false, SchemeSyntax::Basic(classify), rank)
            }
            Row::Bare(classify) => self.authorization.add_bare(classify, rank),
            Row::Header { name, value } => self.add_header(name, value.in_own_header(), rank),
            Row::Query { name, value } => {
                let source = value.source(Source::Query, Source::CustomQuery);
                self.query.add_one(name, value, source, rank)
            }
            Row::QueryPair { id, secret, classify } => {
                self.query.add_pair(id, secret, classify, Source::QueryPair, rank)
            }
            Row::Body { name, value, lenient } => {
                self.lenient_body |= lenient;
                self.body.add_one(name, value, Source::Body, rank)
            }
            Row::Cookie { name, value, origins } => self.cookies.add(name, value, origins, rank),
            Row::Subprotocol { at, classify } => self.subprotocols.add(at, classify, rank),
        }
    }

    /// Records the names by which a row knows credentials. A row that may find no credential has
    /// none.
    fn know(&mut self, row: &Row) {
        match row {
            Row::Header { value, .. } | Row::Query { value, .. } | Row::Cookie { value, .. }
                if matches!(value, TokenSyntax::Optional(_)) => {}
            Row::Header { name, .. } => self.known.add_header(name),
            Row::Query { name, .. } | Row::Body { name, .. } | Row::Cookie { name, .. } => {
                self.known.add(name)
            }
            Row::QueryPair { id, secret, .. } => {
                [id, secret].into_iter().for_each(|name| self.known.add(name));
            }
            Row::Scheme { .. } | Row::Basic(_) | Row::Bare(_) | Row::Subprotocol { .. } => {}
        }
    }

    fn add_header(&mut self, name: &'static str, value: TokenSyntax, rank: u8) -> Result<(), DialectError> {
        let invalid = |_| DialectError::Name { what: "header", name };
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(invalid)?;
        if RESERVED.contains(&header) {
            return Err(DialectError::ReservedHeader(name));
        }
        if self.headers.iter().any(|known| known.name == header) {
            return Err(DialectError::Repeated { what: "header", name });
        }
        let source = value.source(Source::Header, Source::CustomHeader);
        self.header_names.add_row(&header, self.headers.len());
        self.headers.push(Header { name: header, value, source, rank });
        Ok(())
    }

    /// Reads all credentials in the head.
    #[cfg(test)]
    pub(crate) fn read<'r>(&self, head: RequestHead<'r>) -> Result<Credentials<'r>, ReadError> {
        let mut credentials = Credentials::default();
        self.read_into(&mut credentials, head, self.present_headers(head)).map(|()| credentials)
    }

    /// Finds the headers that this table looks for.
    #[inline]
    pub(crate) fn present_headers(&self, head: RequestHead<'_>) -> PresentHeaders {
        self.header_names.present_in(head.headers())
    }

    /// Reads all credentials in the head, in which these headers are present, into their final
    /// place.
    pub(crate) fn read_into<'r>(
        &self,
        credentials: &mut Credentials<'r>,
        head: RequestHead<'r>,
        present: PresentHeaders,
    ) -> Result<(), ReadError> {
        // Read even without a row for it: this header always presents a credential, possibly of an
        // unknown scheme.
        if present.has_authorization()
            && let Some(line) = scheme::only_line(head.headers(), &AUTHORIZATION)?
        {
            self.authorization.read(line, credentials)?;
        }
        if present.may_have_rows() {
            self.read_headers(credentials, head, present)?;
        }
        if let Some(query) = head.uri().query() {
            self.query.read(query.as_bytes(), credentials)?;
        }
        if !self.subprotocols.is_empty() {
            self.subprotocols.read(head, credentials)?;
        }
        if !self.cookies.is_empty() {
            self.cookies.read(head, credentials)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn read_headers<'r>(
        &self,
        credentials: &mut Credentials<'r>,
        head: RequestHead<'r>,
        present: PresentHeaders,
    ) -> Result<(), ReadError> {
        for (index, Header { name, value, source, rank }) in self.headers.iter().enumerate() {
            if present.may_have_row(index)
                && let Some(raw) = scheme::only(head.headers().get_all(name))?
                && let Some(presented) = value.read_raw(raw, *source)?
            {
                credentials.add(presented, *rank)?;
            }
        }
        Ok(())
    }

    /// Returns true if the head's `Authorization` line is syntactically invalid `Basic`
    /// credentials.
    pub(crate) fn has_broken_basic(&self, head: RequestHead<'_>) -> bool {
        let line = scheme::only(head.headers().get_all(AUTHORIZATION));
        matches!(line, Ok(Some(line)) if self.authorization.is_broken_basic(line))
    }

    /// Reads a form body; `credentials` holds the credentials of the head.
    pub(crate) fn read_body<'r>(
        &self,
        body: &'r [u8],
        credentials: &mut Credentials<'r>,
    ) -> Result<(), ReadError> {
        self.body.read(body, credentials)
    }

    /// Returns true if the head has the name of a credential in a place that no row reads.
    pub(crate) fn is_misplaced_in(&self, head: RequestHead<'_>, present: PresentHeaders) -> bool {
        present.has_misplaced()
            || head.uri().query().is_some_and(|query| self.known.are_in_parameters(query.as_bytes()))
    }

    /// Returns true if a form body has the name of a credential that no row reads.
    pub(crate) fn is_misplaced_in_form(&self, body: &[u8]) -> bool {
        self.known.are_in_parameters(body)
    }

    /// Removes the credentials from a target's query. Returns the former path and query if there
    /// were any.
    ///
    /// # Errors
    ///
    /// Returns `http::Error` if the rest is not a valid target. The request must not go on.
    pub(crate) fn cut_from(&self, uri: &mut Uri) -> Result<Option<PathAndQuery>, http::Error> {
        let cut = uri.query().and_then(|query| self.query.cut_from(uri.path(), query));
        cut.map_or(Ok(None), |target| set_target(uri, target))
    }

    /// Removes the tokens from the subprotocols that a WebSocket handshake offers.
    pub(crate) fn cut_subprotocols(&self, headers: &mut HeaderMap) {
        self.subprotocols.cut(headers);
    }

    pub(crate) const fn reads_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// Returns true if the body is also read on `GET` and without a `Content-Type`.
    pub(crate) const fn reads_body_of_any_content_type(&self) -> bool {
        self.lenient_body
    }

    /// Returns all headers that may carry a credential.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &HeaderName> {
        let authorization = (!self.authorization.is_empty()).then_some(&AUTHORIZATION);
        let cookie = (!self.cookies.is_empty()).then_some(&COOKIE);
        let subprotocol = (!self.subprotocols.is_empty()).then_some(&SEC_WEBSOCKET_PROTOCOL);
        let own = self.headers.iter().map(|header| &header.name);
        authorization.into_iter().chain(own).chain(cookie).chain(subprotocol)
    }
}

/// Headers that have another meaning in HTTP.
const RESERVED: [HeaderName; 6] = [
    AUTHORIZATION,
    http::header::PROXY_AUTHORIZATION,
    http::header::COOKIE,
    http::header::HOST,
    http::header::CONTENT_LENGTH,
    http::header::TRANSFER_ENCODING,
];
