//! The syntaxes of credentials.

use std::fmt;

/// The syntax of a credential in the request. Its `Display` is a short name for logs, and the label
/// of the metrics.
///
/// Together with the [`Carrier`](super::Carrier) it distinguishes the spellings of one credential.
/// So logs and metrics show whether a spelling that is to be retired is still in use.
///
/// # Examples
///
/// ```
/// use tower_principal::credential::Syntax;
/// use tower_principal::Authentication;
///
/// fn is_outdated(who: &Authentication) -> bool {
///     matches!(who.syntax(), Some(Syntax::OAuth | Syntax::BearerColon | Syntax::Bare))
/// }
///
/// assert_eq!(Syntax::BearerColon.to_string(), "bearer_colon");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Syntax {
    /// `Authorization: Basic ..` (RFC 7617 section 2).
    Basic,
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
    /// `NAME: TOKEN`, a separate header.
    Header,
    /// `NAME=TOKEN`, one parameter of the query or of a form body (RFC 6750 sections 2.2 and 2.3).
    Parameter,
    /// `ID=..&SECRET=..`, two parameters (Usergrid's document).
    ParameterPair,
    /// The service's own grammar; see [`CredentialForm::custom`](crate::CredentialForm::custom).
    Custom,
    /// `Cookie: NAME=TOKEN` (RFC 6265 section 4.2).
    Cookie,
    /// A token among the subprotocols of a WebSocket handshake (RFC 6455 section 1.9).
    Subprotocol,
    /// `Authorization: Basic ..` with a token in place of the user name or of the password.
    BasicToken,
}

/// The schemes with names of their own; the flag means that a colon follows.
const SCHEMES: [(&str, bool, Syntax); 5] = [
    ("Basic", false, Syntax::Basic),
    ("Bearer", false, Syntax::Bearer),
    ("Bearer", true, Syntax::BearerColon),
    ("OAuth", false, Syntax::OAuth),
    ("Apikey", false, Syntax::Apikey),
];

impl Syntax {
    /// Returns the syntax of a row of the `Authorization` header.
    pub(crate) fn of_scheme(word: &str, colon: bool) -> Self {
        let named = SCHEMES
            .iter()
            .find(|(known, with_colon, _)| *with_colon == colon && known.eq_ignore_ascii_case(word));
        match named {
            Some((_, _, syntax)) => *syntax,
            None if colon => Self::SchemeColon,
            None => Self::Scheme,
        }
    }

    /// Returns a short name for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::BearerColon => "bearer_colon",
            Self::OAuth => "oauth",
            Self::Apikey => "apikey",
            Self::Scheme => "scheme",
            Self::SchemeColon => "scheme_colon",
            Self::Bare => "bare",
            Self::Header => "header",
            Self::Parameter => "parameter",
            Self::ParameterPair => "parameter_pair",
            Self::Custom => "custom",
            Self::Cookie => "cookie",
            Self::Subprotocol => "subprotocol",
            Self::BasicToken => "basic_token",
        }
    }
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_named_by_its_word_and_its_colon() {
        for (word, colon, syntax) in [
            ("Bearer", false, Syntax::Bearer),
            ("bearer", false, Syntax::Bearer),
            ("Bearer", true, Syntax::BearerColon),
            ("OAuth", false, Syntax::OAuth),
            ("OAuth", true, Syntax::SchemeColon),
            ("ApiKey", false, Syntax::Apikey),
            ("Basic", false, Syntax::Basic),
            ("Token", false, Syntax::Scheme),
        ] {
            assert_eq!(Syntax::of_scheme(word, colon), syntax, "{word} {colon}");
        }
    }
}
