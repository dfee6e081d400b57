//! A reader of credentials without a layer.

use super::Table;
use crate::credential::Credentials;
use crate::dialect::{Dialect, DialectError};
use crate::rejection::RejectionKind;
use crate::request::RequestHead;

/// Reads the credentials of a request by a dialect, and verifies nothing. This is the first step of
/// [`AuthenticateLayer`](crate::AuthenticateLayer) alone, for proxies, tools and tests.
///
/// It ignores the transport, guest rules and form bodies.
///
/// # Examples
///
/// ```
/// use tower_principal::read::Reader;
/// use tower_principal::request::RequestHead;
/// use tower_principal::{Credential, RejectionKind, dialect};
///
/// let reader = Reader::new(&dialect::SOCRATA)?;
/// let request = http::Request::get(
///     "/resource/4tka-6guv.json?$$app_token=09sIcqEhoY0teGY5rhupZGqhW",
/// )
/// .header("authorization", "OAuth 9kxoTUYvSxnAiMpv008NBqRiqk5xWt")
/// .body(())?;
/// let credentials = reader.read(RequestHead::from_request(&request))?;
/// assert!(matches!(credentials.subject(), Some(Credential::AccessToken(_))));
/// assert!(matches!(credentials.app(), Some(Credential::AppToken(_))));
///
/// let twice = http::Request::get("/?$$app_token=a&$$app_token=b").body(())?;
/// assert_eq!(
///     reader.read(RequestHead::from_request(&twice)).err(),
///     Some(RejectionKind::Ambiguous)
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader(Table);

impl Reader {
    /// Compiles a dialect's forms.
    ///
    /// # Errors
    ///
    /// Returns [`DialectError`], which names the invalid row.
    pub fn new(dialect: &Dialect) -> Result<Self, DialectError> {
        Table::compile(dialect).map(Self)
    }

    /// Reads a head. Without a credential the result is `Ok` and [empty](Credentials::is_empty).
    ///
    /// # Errors
    ///
    /// Returns the reason for which the layer would refuse the request without verification:
    /// [`RejectionKind::UnknownScheme`], `Malformed`, `Ambiguous`, or a denial of a value that no
    /// genuine credential has.
    pub fn read<'r>(&self, head: RequestHead<'r>) -> Result<Credentials<'r>, RejectionKind> {
        let mut credentials = Credentials::default();
        self.0.read_into(&mut credentials, head, self.0.present_headers(head))?;
        for presented in [credentials.presented_subject(), credentials.presented_app()].into_iter().flatten()
        {
            if presented.credential.is_none() {
                return Err(RejectionKind::denied(presented.kind));
            }
        }
        Ok(credentials)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::dialect;

    #[test]
    fn a_value_that_cannot_be_genuine_is_denied_and_not_absent() {
        let reader = Reader::new(&dialect::ANY).unwrap();
        for (name, value, kind) in [
            ("authorization", "Bearer tok=mid=x", RejectionKind::DeniedToken),
            ("authorization", "Apikey tok=mid=x", RejectionKind::DeniedCredentials),
            ("x-app-token", "a:b", RejectionKind::DeniedAppToken),
        ] {
            let request = Request::get("/").header(name, value).body(()).unwrap();
            assert_eq!(reader.read(RequestHead::from_request(&request)).err(), Some(kind), "{value}");
        }
        assert!(reader.read(RequestHead::from_request(&Request::new(()))).unwrap().is_empty());
    }
}
