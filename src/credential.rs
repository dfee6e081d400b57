//! What a request presented, not yet verified.

use std::fmt;

use crate::kind::RejectionKind;
use crate::pair::Pair;
use crate::secret::Secret;

/// A credential as it was presented, unverified.
///
/// It borrows from the request; `Debug` shows the kind and nothing of its content.
///
/// # Examples
///
/// ```
/// use tower_principal::{Credential, Reason, Secret, VerifyError};
///
/// fn token<'c>(credential: &'c Credential<'_>) -> Result<&'c str, VerifyError> {
///     match credential {
///         Credential::AccessToken(token) => Ok(token.expose_secret()),
///         _ => Err(VerifyError::Unsupported),
///     }
/// }
///
/// assert_eq!(token(&Credential::AccessToken(Secret::borrowed("t"))).unwrap(), "t");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Credential<'r> {
    /// An OAuth 2.0 access token, whatever carried it (RFC 6750).
    AccessToken(Secret<'r>),
    /// An API key, whole or in two halves.
    ApiKey(Key<'r>),
    /// A token that identifies the calling application, not a user (Socrata).
    AppToken(Secret<'r>),
    /// A client id and secret, of the kind its id says (Usergrid).
    Client(ClientKind, Pair<'r>),
    /// A user name and password.
    Password(Pair<'r>),
}

/// An API key: whole (OpenDataSoft) or as an id and a secret (Socrata).
#[derive(Debug)]
#[non_exhaustive]
pub enum Key<'r> {
    /// One secret text.
    Whole(Secret<'r>),
    /// A public id and a secret.
    Halves(Pair<'r>),
}

/// Whose client it is, by the type prefix of Usergrid's client ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientKind {
    /// `b3U6` and 22 more characters: an organization's.
    Organization,
    /// `YXA6` and 22 more characters: an application's.
    Application,
    /// An id of another shape: the verifier knows, or nobody.
    Other,
}

/// The kinds of [`Credential`]. Its `Display` is a short name for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// [`Credential::AccessToken`].
    AccessToken,
    /// [`Credential::ApiKey`].
    ApiKey,
    /// [`Credential::AppToken`].
    AppToken,
    /// [`Credential::Client`].
    Client,
    /// [`Credential::Password`].
    Password,
}

/// Where a credential came from. Its `Display` is a short name for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carrier {
    /// The `Authorization` header.
    Authorization,
    /// A header of its own.
    Header,
    /// The query string.
    Query,
    /// A form body.
    Body,
}

/// What one request presented: at most one subject, and at most one app token beside it.
///
/// Socrata's clients send a user's credential and an app token together. Two values for one role
/// are ambiguous and never chosen between (RFC 6750 section 2).
#[derive(Debug, Default)]
pub struct Credentials<'r> {
    subject: Option<Presented<'r>>,
    app: Option<Presented<'r>>,
}

/// A credential, where it came from, and whether its value can be genuine at all.
#[derive(Debug)]
pub(crate) struct Presented<'r> {
    pub(crate) carrier: Carrier,
    pub(crate) kind: CredentialKind,
    /// `None` when the value has a character or a length that no genuine one has: refused as
    /// denied, without asking a verifier.
    pub(crate) credential: Option<Credential<'r>>,
}

impl<'r> Credential<'r> {
    /// Which kind it is.
    pub const fn kind(&self) -> CredentialKind {
        match self {
            Self::AccessToken(_) => CredentialKind::AccessToken,
            Self::ApiKey(_) => CredentialKind::ApiKey,
            Self::AppToken(_) => CredentialKind::AppToken,
            Self::Client(..) => CredentialKind::Client,
            Self::Password(_) => CredentialKind::Password,
        }
    }

    /// A copy that outlives the request; it is wiped on drop.
    pub fn into_owned(self) -> Credential<'static> {
        match self {
            Self::AccessToken(token) => Credential::AccessToken(token.into_owned()),
            Self::ApiKey(Key::Whole(key)) => Credential::ApiKey(Key::Whole(key.into_owned())),
            Self::ApiKey(Key::Halves(pair)) => Credential::ApiKey(Key::Halves(pair.into_owned())),
            Self::AppToken(token) => Credential::AppToken(token.into_owned()),
            Self::Client(kind, pair) => Credential::Client(kind, pair.into_owned()),
            Self::Password(pair) => Credential::Password(pair.into_owned()),
        }
    }

    /// The same credential, borrowed from this one.
    pub fn reborrow(&self) -> Credential<'_> {
        match self {
            Self::AccessToken(token) => Credential::AccessToken(token.reborrow()),
            Self::ApiKey(Key::Whole(key)) => Credential::ApiKey(Key::Whole(key.reborrow())),
            Self::ApiKey(Key::Halves(pair)) => Credential::ApiKey(Key::Halves(pair.reborrow())),
            Self::AppToken(token) => Credential::AppToken(token.reborrow()),
            Self::Client(kind, pair) => Credential::Client(*kind, pair.reborrow()),
            Self::Password(pair) => Credential::Password(pair.reborrow()),
        }
    }
}

impl ClientKind {
    /// The length of every Usergrid client id.
    const ID_LENGTH: usize = 26;

    /// Reads the kind from an id's type prefix.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::ClientKind;
    ///
    /// assert_eq!(ClientKind::of("b3U68vghI6FmEeKn9wLoGtzz0A"), ClientKind::Organization);
    /// assert_eq!(ClientKind::of("YXA68vghI6FmEeKn9wLoGtzz0A"), ClientKind::Application);
    /// assert_eq!(ClientKind::of("b3U6-too-short"), ClientKind::Other);
    /// ```
    pub fn of(id: &str) -> Self {
        let id = id.as_bytes();
        let base64url = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.len() != Self::ID_LENGTH || !id.iter().all(base64url) {
            return Self::Other;
        }
        match id {
            [b'b', b'3', b'U', b'6', ..] => Self::Organization,
            [b'Y', b'X', b'A', b'6', ..] => Self::Application,
            _ => Self::Other,
        }
    }
}

impl<'r> Credentials<'r> {
    /// Who the request says it comes from.
    pub fn subject(&self) -> Option<&Credential<'r>> {
        self.subject.as_ref()?.credential.as_ref()
    }

    /// The application the request says it comes from.
    pub fn app(&self) -> Option<&Credential<'r>> {
        self.app.as_ref()?.credential.as_ref()
    }

    /// Whether the request presented nothing at all.
    pub const fn is_empty(&self) -> bool {
        self.subject.is_none() && self.app.is_none()
    }

    pub(crate) const fn presented_subject(&self) -> Option<&Presented<'r>> {
        self.subject.as_ref()
    }

    pub(crate) const fn presented_app(&self) -> Option<&Presented<'r>> {
        self.app.as_ref()
    }

    /// Adds one; a second value for a role is ambiguous.
    pub(crate) fn add(&mut self, presented: Presented<'r>) -> Result<(), RejectionKind> {
        let role = match presented.kind {
            CredentialKind::AppToken => &mut self.app,
            _ => &mut self.subject,
        };
        match role.replace(presented) {
            None => Ok(()),
            Some(_) => Err(RejectionKind::Ambiguous),
        }
    }
}

impl<'r> Presented<'r> {
    pub(crate) const fn new(carrier: Carrier, credential: Credential<'r>) -> Self {
        Self { carrier, kind: credential.kind(), credential: Some(credential) }
    }

    /// A value that no genuine credential of this kind has.
    pub(crate) const fn impossible(carrier: Carrier, kind: CredentialKind) -> Self {
        Self { carrier, kind, credential: None }
    }
}

impl CredentialKind {
    /// A short name for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::ApiKey => "api_key",
            Self::AppToken => "app_token",
            Self::Client => "client",
            Self::Password => "password",
        }
    }
}

impl Carrier {
    /// A short name for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Header => "header",
            Self::Query => "query",
            Self::Body => "body",
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subject_and_one_app_may_meet() {
        let mut both = Credentials::default();
        let token = |text| Credential::AccessToken(Secret::borrowed(text));
        let app = |text| Credential::AppToken(Secret::borrowed(text));
        assert!(both.is_empty());
        both.add(Presented::new(Carrier::Authorization, token("t"))).unwrap();
        both.add(Presented::new(Carrier::Header, app("a"))).unwrap();
        assert!(both.subject().is_some() && both.app().is_some());
        for second in [token("t"), app("a")] {
            assert_eq!(both.add(Presented::new(Carrier::Query, second)), Err(RejectionKind::Ambiguous));
        }
    }

    #[test]
    fn client_ids_tell_whose_they_are() {
        for (id, kind) in [
            ("b3U68vghI6FmEeKn9wLoGtzz0A", ClientKind::Organization),
            ("YXA68vghI6FmEeKn9wLoGtzz0A", ClientKind::Application),
            ("YWQ68vghI6FmEeKn9wLoGtzz0A", ClientKind::Other),
            ("b3u68vghI6FmEeKn9wLoGtzz0A", ClientKind::Other),
            ("b3U68vghI6FmEeKn9wLoGtzz0", ClientKind::Other),
            ("b3U68vghI6FmEeKn9wLoGtzz0=", ClientKind::Other),
            ("", ClientKind::Other),
        ] {
            assert_eq!(ClientKind::of(id), kind, "{id}");
        }
    }

    #[test]
    fn debug_shows_the_kind_and_nothing_of_the_content() {
        let pair = || Pair::new(Secret::borrowed("who"), Secret::borrowed("what"));
        let all = [
            Credential::AccessToken(Secret::borrowed("what")),
            Credential::ApiKey(Key::Whole(Secret::borrowed("what"))),
            Credential::ApiKey(Key::Halves(pair())),
            Credential::AppToken(Secret::borrowed("what")),
            Credential::Client(ClientKind::Other, pair()),
            Credential::Password(pair()),
        ];
        for credential in all {
            let shown = format!("{credential:?} {:?}", credential.reborrow().into_owned());
            assert!(!shown.contains("who") && !shown.contains("what"), "{shown}");
        }
    }
}
