//! Rows of cookies.

use http::header::COOKIE;

use super::{cookie, cross_site};
use crate::credential::{Credentials, ReadError, Source};
use crate::dialect::DialectError;
use crate::dialect::row::TokenSyntax;
use crate::request::RequestHead;
use crate::request::grammar::is_token;

/// The cookies that are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Cookies(Vec<Row>);

#[derive(Clone, Debug)]
struct Row {
    name: &'static str,
    value: TokenSyntax,
    /// The origins, besides the service's own, whose pages may send the cookie.
    origins: &'static [&'static str],
    source: Source,
    rank: u8,
}

impl Cookies {
    pub(super) fn add(
        &mut self,
        name: &'static str,
        value: TokenSyntax,
        origins: &'static [&'static str],
        rank: u8,
    ) -> Result<(), DialectError> {
        if !is_token(name) {
            return Err(DialectError::Name { what: "cookie", name });
        }
        if self.0.iter().any(|known| known.name == name) {
            return Err(DialectError::Repeated { what: "cookie", name });
        }
        if let Some(other) = origins.iter().find(|origin| !cross_site::is_origin(origin)) {
            return Err(DialectError::Origin(other));
        }
        let source = value.source(Source::Cookie, Source::CustomCookie);
        self.0.push(Row { name, value, origins, source, rank });
        Ok(())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the cookies, after everything else in the head. Only then is it known if a cookie is
    /// the credential that counts. Such a cookie needs proof that no other site made the request.
    #[inline(never)]
    pub(super) fn read<'r>(
        &self,
        head: RequestHead<'r>,
        credentials: &mut Credentials<'r>,
    ) -> Result<(), ReadError> {
        for row in &self.0 {
            let Some(raw) = cookie::find(head.headers().get_all(COOKIE), row.name)? else { continue };
            if let Some(mut presented) = row.value.read_raw(raw, row.source)? {
                presented.cross_site = cross_site::is_possible(head, row.origins);
                credentials.add(presented, row.rank)?;
            }
        }
        if credentials.is_cross_site() { Err(ReadError::CrossSite) } else { Ok(()) }
    }
}
