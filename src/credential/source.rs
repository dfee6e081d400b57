//! Where a credential stood in its request, and how it was written there.

use std::fmt;

/// The part of a request that a credential came from. Its `Display` is a short name for logs.
///
/// # Examples
///
/// ```
/// use tower_principal::Source;
/// use tower_principal::credential::Carrier;
///
/// assert_eq!(Source::Query.carrier(), Carrier::Query);
/// assert_eq!(Carrier::Query.to_string(), "query");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carrier {
    /// The `Authorization` header.
    Authorization,
    /// A separate header.
    Header,
    /// The query string.
    Query,
    /// A form body.
    Body,
    /// A cookie.
    Cookie,
    /// The subprotocols that a WebSocket handshake offers, `Sec-WebSocket-Protocol`.
    Subprotocol,
}

/// Where a credential stood in the request, and how it was written there.
///
/// It distinguishes the spellings of one credential. Logs and metrics therefore show if a spelling
/// that is to be retired is still in use.
///
/// # Examples
///
/// ```
/// use tower_principal::{Authentication, Source};
///
/// fn is_outdated(who: &Authentication) -> bool {
///     matches!(
///         who.credential_source(),
///         Some(Source::OAuth | Source::BearerColon | Source::Bare)
///     )
/// }
///
/// assert_eq!(Source::BearerColon.as_str(), "bearer_colon");
/// assert_eq!(Source::BearerColon.carrier().as_str(), "authorization");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// `Authorization: Basic ..` (RFC 7617 section 2).
    Basic,
    /// `Authorization: Basic ..` with a token in place of the user name or of the password.
    BasicToken,
    /// `Authorization: Bearer TOKEN` (RFC 6750 section 2.1).
    Bearer,
    /// `Authorization: Bearer: TOKEN`, with a colon (OpenDataSoft's document).
    BearerColon,
    /// `Authorization: OAuth TOKEN` (Socrata's document).
    OAuth,
    /// `Authorization: Apikey KEY` (OpenDataSoft's document).
    Apikey,
    /// `Authorization: WORD TOKEN` with any other scheme of the dialect.
    Scheme,
    /// `Authorization: WORD: TOKEN` with any other scheme of the dialect.
    SchemeColon,
    /// `Authorization: TOKEN`, without a scheme (GeoDataHub's document).
    Bare,
    /// The service's own grammar after a scheme; see
    /// [`CredentialForm::custom`](crate::CredentialForm::custom).
    CustomScheme,
    /// `NAME: TOKEN`, a separate header.
    Header,
    /// The service's own grammar in a separate header.
    CustomHeader,
    /// `?NAME=TOKEN`, one parameter of the query (RFC 6750 section 2.3).
    Query,
    /// `?ID=..&SECRET=..`, two parameters of the query (Usergrid's document).
    QueryPair,
    /// The service's own grammar in one parameter of the query.
    CustomQuery,
    /// `NAME=TOKEN`, one parameter of a form body (RFC 6750 section 2.2).
    Body,
    /// `Cookie: NAME=TOKEN` (RFC 6265 section 4.2).
    Cookie,
    /// The service's own grammar in a cookie.
    CustomCookie,
    /// A token among the subprotocols of a WebSocket handshake (RFC 6455 section 1.9).
    Subprotocol,
}

/// The schemes with names of their own; the flag means that a colon follows.
// The spelling of a credential belongs to the row that read it. `Source`, one byte, goes into the
// record and into refusals. Metrics and events can therefore name it without looking at the
// request. Its words are a fixed set, because a label for each word of a dialect would let a
// configuration make any number. If a credential cannot be read, it belongs to no row and has no
// spelling.
const SCHEMES: [(&str, bool, Source); 5] = [
    ("Basic", false, Source::Basic),
    ("Bearer", false, Source::Bearer),
    ("Bearer", true, Source::BearerColon),
    ("OAuth", false, Source::OAuth),
    ("Apikey", false, Source::Apikey),
];

impl Carrier {
    /// Returns a short name: the label `carrier` of the metrics and the audit events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Header => "header",
            Self::Query => "query",
            Self::Body => "body",
            Self::Cookie => "cookie",
            Self::Subprotocol => "subprotocol",
        }
    }
}

impl Source {
    /// Returns the source of a row of the `Authorization` header.
    pub(crate) fn from_scheme(word: &str, colon: bool) -> Self {
        let named = SCHEMES
            .iter()
            .find(|(known, with_colon, _)| *with_colon == colon && known.eq_ignore_ascii_case(word));
        match named {
            Some((_, _, source)) => *source,
            None if colon => Self::SchemeColon,
            None => Self::Scheme,
        }
    }

    /// Returns the part of the request.
    pub const fn carrier(self) -> Carrier {
        match self {
            Self::Basic
            | Self::BasicToken
            | Self::Bearer
            | Self::BearerColon
            | Self::OAuth
            | Self::Apikey
            | Self::Scheme
            | Self::SchemeColon
            | Self::Bare
            | Self::CustomScheme => Carrier::Authorization,
            Self::Header | Self::CustomHeader => Carrier::Header,
            Self::Query | Self::QueryPair | Self::CustomQuery => Carrier::Query,
            Self::Body => Carrier::Body,
            Self::Cookie | Self::CustomCookie => Carrier::Cookie,
            Self::Subprotocol => Carrier::Subprotocol,
        }
    }

    /// Returns a short name: the label `syntax` of the metrics and the audit events.
    ///
    /// It is unique only together with the [`carrier`](Self::carrier): one parameter is `parameter`
    /// in a query and in a body, and every grammar of the service's own is `custom`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::BasicToken => "basic_token",
            Self::Bearer => "bearer",
            Self::BearerColon => "bearer_colon",
            Self::OAuth => "oauth",
            Self::Apikey => "apikey",
            Self::Scheme => "scheme",
            Self::SchemeColon => "scheme_colon",
            Self::Bare => "bare",
            Self::Header => "header",
            Self::Query | Self::Body => "parameter",
            Self::QueryPair => "parameter_pair",
            Self::Cookie => "cookie",
            Self::Subprotocol => "subprotocol",
            Self::CustomScheme | Self::CustomHeader | Self::CustomQuery | Self::CustomCookie => "custom",
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte() {
        assert_eq!(size_of::<Option<Source>>(), 1);
    }

    #[test]
    fn a_scheme_is_named_by_its_word_and_its_colon() {
        for (word, colon, source) in [
            ("Bearer", false, Source::Bearer),
            ("bearer", false, Source::Bearer),
            ("Bearer", true, Source::BearerColon),
            ("OAuth", false, Source::OAuth),
            ("OAuth", true, Source::SchemeColon),
            ("ApiKey", false, Source::Apikey),
            ("Basic", false, Source::Basic),
            ("Token", false, Source::Scheme),
        ] {
            assert_eq!(Source::from_scheme(word, colon), source, "{word} {colon}");
        }
    }
}
