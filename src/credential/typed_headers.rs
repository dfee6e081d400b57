//! Typed headers that the `headers` crate lacks: for clients and tests that write credentials.
//!
//! [`XAppToken`] is the header `X-App-Token`, and [`OAuth`] is the scheme of
//! `Authorization: OAuth TOKEN`. The header values are marked as sensitive, so that HTTP libraries
//! neither log nor compress them. A service reads these credentials through a
//! [dialect](crate::dialect::SOCRATA) instead.
//!
//! The guide has a chapter on [what is read](crate::guide::dialects).
//!
//! # Examples
//!
//! ```
//! use headers::{Authorization, HeaderMapExt};
//! use tower_principal::Secret;
//! use tower_principal::credential::typed_headers::{OAuth, XAppToken};
//!
//! let token = OAuth::new(Secret::owned("otto-token")).ok_or("not a token")?;
//! let app =
//!     XAppToken::new(Secret::owned("weather-map")).ok_or("not a token")?;
//! let mut headers = http::HeaderMap::new();
//! headers.typed_insert(Authorization(token));
//! headers.typed_insert(app);
//! assert_eq!(headers["authorization"], "OAuth otto-token");
//! assert_eq!(headers["x-app-token"], "weather-map");
//! # Ok::<(), &str>(())
//! ```

use headers::authorization::Credentials;
use headers::{Error, Header, HeaderName, HeaderValue};

use super::Secret;

/// The name of the header `X-App-Token`, which identifies an application (Socrata).
pub static X_APP_TOKEN: HeaderName = HeaderName::from_static("x-app-token");

/// The typed header `X-App-Token` (Socrata's application tokens).
///
/// # Examples
///
/// ```
/// use headers::HeaderMapExt;
/// use tower_principal::Secret;
/// use tower_principal::credential::typed_headers::XAppToken;
///
/// let mut headers = http::HeaderMap::new();
/// headers.typed_insert(
///     XAppToken::new(Secret::owned("09sIcqEhoY0teGY5rhupZGqhW")).unwrap(),
/// );
/// assert_eq!(headers["x-app-token"], "09sIcqEhoY0teGY5rhupZGqhW");
/// assert!(headers["x-app-token"].is_sensitive());
/// ```
#[derive(Debug)]
pub struct XAppToken(Secret<'static>);

/// Credentials of the `OAuth` scheme, `Authorization: OAuth TOKEN` (Socrata), for
/// [`headers::Authorization`].
///
/// # Examples
///
/// ```
/// use headers::{Authorization, HeaderMapExt};
/// use tower_principal::Secret;
/// use tower_principal::credential::typed_headers::OAuth;
///
/// let mut headers = http::HeaderMap::new();
/// headers.typed_insert(Authorization(
///     OAuth::new(Secret::owned("token")).unwrap(),
/// ));
/// assert_eq!(headers["authorization"], "OAuth token");
/// ```
#[derive(Debug)]
pub struct OAuth(Secret<'static>);

impl XAppToken {
    /// Returns a header value of this token, or `None` if it is empty or not visible ASCII.
    pub fn new(token: Secret<'static>) -> Option<Self> {
        is_visible(token.expose_secret()).then_some(Self(token))
    }

    /// Returns the token.
    pub const fn token(&self) -> &Secret<'static> {
        &self.0
    }
}

impl Header for XAppToken {
    fn name() -> &'static HeaderName {
        &X_APP_TOKEN
    }

    fn decode<'i, I: Iterator<Item = &'i HeaderValue>>(values: &mut I) -> Result<Self, Error> {
        let (Some(value), None) = (values.next(), values.next()) else { return Err(Error::invalid()) };
        let token = value.to_str().map_err(|_| Error::invalid())?;
        Self::new(Secret::owned(token)).ok_or_else(Error::invalid)
    }

    fn encode<E: Extend<HeaderValue>>(&self, values: &mut E) {
        values.extend(sensitive(self.0.expose_secret()));
    }
}

impl OAuth {
    /// Returns credentials of this token, or `None` if it is empty or not visible ASCII.
    pub fn new(token: Secret<'static>) -> Option<Self> {
        is_visible(token.expose_secret()).then_some(Self(token))
    }

    /// Returns the token.
    pub const fn token(&self) -> &Secret<'static> {
        &self.0
    }
}

impl Credentials for OAuth {
    const SCHEME: &'static str = "OAuth";

    fn decode(value: &HeaderValue) -> Option<Self> {
        let (_scheme, token) = value.to_str().ok()?.split_once(' ')?;
        Self::new(Secret::owned(token.trim_start_matches(' ')))
    }

    fn encode(&self) -> HeaderValue {
        let line = format!("{} {}", Self::SCHEME, self.0.expose_secret());
        // The token was checked in `new`, so the fallback is never sent.
        sensitive(&line).unwrap_or_else(|| HeaderValue::from_static(Self::SCHEME))
    }
}

fn is_visible(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use headers::{Authorization, HeaderMap, HeaderMapExt};

    use super::*;

    #[test]
    fn an_app_token_goes_in_and_out() {
        let mut headers = HeaderMap::new();
        headers.typed_insert(XAppToken::new(Secret::owned("abc")).unwrap());
        let read: XAppToken = headers.typed_get().unwrap();
        assert_eq!(read.token().expose_secret(), "abc");
        headers.append(&X_APP_TOKEN, HeaderValue::from_static("second"));
        assert!(headers.typed_try_get::<XAppToken>().is_err());
    }

    #[test]
    fn oauth_credentials_go_in_and_out_in_any_case_of_the_scheme() {
        let mut headers = HeaderMap::new();
        headers.typed_insert(Authorization(OAuth::new(Secret::owned("abc")).unwrap()));
        assert!(headers["authorization"].is_sensitive());
        for line in ["OAuth abc", "oauth abc", "OAUTH   abc"] {
            headers.insert("authorization", HeaderValue::from_static(line));
            let read: Authorization<OAuth> = headers.typed_get().unwrap();
            assert_eq!(read.0.token().expose_secret(), "abc", "{line}");
        }
        for line in ["OAuth", "OAuth a b", "Bearer abc"] {
            headers.insert("authorization", HeaderValue::from_static(line));
            assert!(headers.typed_get::<Authorization<OAuth>>().is_none(), "{line}");
        }
    }

    #[test]
    fn a_token_that_would_break_the_line_is_refused() {
        for bad in ["", "a b", "a\r\nb", "é"] {
            assert!(XAppToken::new(Secret::owned(bad)).is_none() && OAuth::new(Secret::owned(bad)).is_none());
        }
    }
}
