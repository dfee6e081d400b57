//! The credential of a request.

use super::{ClientKind, CredentialKind, Pair, Secret};

/// A credential as the request presents it, unverified.
///
/// It borrows from the request. `Debug` shows its kind and none of its content.
///
/// # Examples
///
/// ```
/// use tower_principal::{Credential, DenialReason, Secret, VerifyError};
///
/// fn token<'c>(
///     credential: &'c Credential<'_>,
/// ) -> Result<&'c str, VerifyError> {
///     match credential {
///         Credential::AccessToken(token) => Ok(token.expose_secret()),
///         _ => Err(VerifyError::Unsupported),
///     }
/// }
///
/// assert_eq!(
///     token(&Credential::AccessToken(Secret::borrowed("t"))).unwrap(),
///     "t"
/// );
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Credential<'r> {
    /// An OAuth 2.0 access token, in any carrier (RFC 6750).
    AccessToken(Secret<'r>),
    /// An API key of one secret text (OpenDataSoft).
    ApiKey(Secret<'r>),
    /// An API key of a public id and a secret (Socrata).
    KeyPair(Pair<'r>),
    /// A token that identifies the calling application, not a user (Socrata).
    AppToken(Secret<'r>),
    /// A client id and secret, of the kind that the id's prefix indicates (Usergrid).
    Client(ClientKind, Pair<'r>),
    /// A user name and password.
    Password(Pair<'r>),
}

impl<'r> Credential<'r> {
    /// Returns the kind.
    pub const fn kind(&self) -> CredentialKind {
        match self {
            Self::AccessToken(_) => CredentialKind::AccessToken,
            Self::ApiKey(_) => CredentialKind::ApiKey,
            Self::KeyPair(_) => CredentialKind::KeyPair,
            Self::AppToken(_) => CredentialKind::AppToken,
            Self::Client(..) => CredentialKind::Client,
            Self::Password(_) => CredentialKind::Password,
        }
    }

    /// Returns the public half: a user's name, or the id of a key or a client. Returns `None` for a
    /// secret without a public half.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{Credential, Pair, Secret};
    ///
    /// let pair = Pair::new(Secret::borrowed("alice"), Secret::borrowed("pa:ss"));
    /// assert_eq!(Credential::Password(pair).id(), Some("alice"));
    /// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
    /// assert_eq!(token.id(), None);
    /// ```
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::KeyPair(pair) | Self::Client(_, pair) | Self::Password(pair) => Some(pair.id()),
            Self::AccessToken(_) | Self::AppToken(_) | Self::ApiKey(_) => None,
        }
    }

    /// Returns the part that distinguishes the credential from others of its kind. This is its id,
    /// or the whole secret if it has no id. Only for fingerprints.
    pub(crate) fn id_or_secret(&self) -> &str {
        match self {
            Self::AccessToken(secret) | Self::AppToken(secret) | Self::ApiKey(secret) => {
                secret.expose_secret()
            }
            Self::KeyPair(pair) | Self::Client(_, pair) | Self::Password(pair) => pair.id(),
        }
    }

    /// Passes only the secret to `read`: the second half if there are two. Only for fingerprints.
    pub(crate) fn with_secret<T>(&self, read: impl FnOnce(&str) -> T) -> T {
        match self {
            Self::AccessToken(secret) | Self::AppToken(secret) | Self::ApiKey(secret) => {
                read(secret.expose_secret())
            }
            Self::KeyPair(pair) | Self::Client(_, pair) | Self::Password(pair) => {
                read(pair.secret().expose_secret())
            }
        }
    }

    /// Returns a copy that outlives the request; it is wiped on drop.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{Credential, Secret};
    ///
    /// let text = String::from("otto-token");
    /// let credential = Credential::AccessToken(Secret::borrowed(&text));
    /// // For a task that goes on after the request:
    /// let owned: Credential<'static> = credential.into_owned();
    /// drop(text);
    /// assert!(matches!(owned, Credential::AccessToken(_)));
    /// ```
    pub fn into_owned(self) -> Credential<'static> {
        match self {
            Self::AccessToken(token) => Credential::AccessToken(token.into_owned()),
            Self::ApiKey(key) => Credential::ApiKey(key.into_owned()),
            Self::KeyPair(pair) => Credential::KeyPair(pair.into_owned()),
            Self::AppToken(token) => Credential::AppToken(token.into_owned()),
            Self::Client(kind, pair) => Credential::Client(kind, pair.into_owned()),
            Self::Password(pair) => Credential::Password(pair.into_owned()),
        }
    }

    /// Returns the same credential, borrowed from this one.
    pub fn reborrow(&self) -> Credential<'_> {
        match self {
            Self::AccessToken(token) => Credential::AccessToken(token.reborrow()),
            Self::ApiKey(key) => Credential::ApiKey(key.reborrow()),
            Self::KeyPair(pair) => Credential::KeyPair(pair.reborrow()),
            Self::AppToken(token) => Credential::AppToken(token.reborrow()),
            Self::Client(kind, pair) => Credential::Client(*kind, pair.reborrow()),
            Self::Password(pair) => Credential::Password(pair.reborrow()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_kind_and_nothing_of_the_content() {
        let pair = || Pair::new(Secret::borrowed("who"), Secret::borrowed("what"));
        let all = [
            Credential::AccessToken(Secret::borrowed("what")),
            Credential::ApiKey(Secret::borrowed("what")),
            Credential::KeyPair(pair()),
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
