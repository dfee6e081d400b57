//! Kinds of credential that have a secret in the database.

use std::fmt;

/// Kind of a credential in the database; users are not among them. Its `Display` is the name in the
/// column `kind`.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::sql::Kind;
///
/// assert_eq!(Kind::ApiKey.to_string(), "api_key");
/// assert_eq!(Kind::KeyPair.as_str(), "key_pair");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An access token, of a user or of the client it was issued to.
    AccessToken,
    /// An API key of one text (OpenDataSoft).
    ApiKey,
    /// An API key of an id and a secret (Socrata).
    KeyPair,
    /// A token that identifies an application (Socrata).
    AppToken,
    /// A client's id and secret, an organization's or an application's (Usergrid).
    Client,
}

// One table holds every credential except users. A kind is a word in a column and a tag in the
// digest, so that lifecycle, look-up and list are one piece of code. A row has two digests, for
// rotation, so that a look-up is one statement by two indexes. The tenant is part of the digest, so
// no look-up can cross tenants.
impl Kind {
    /// Returns the name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::ApiKey => "api_key",
            Self::KeyPair => "key_pair",
            Self::AppToken => "app_token",
            Self::Client => "client",
        }
    }

    /// Returns the letter at the end of the first word of this kind's secrets.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::AccessToken => 'a',
            Self::ApiKey | Self::KeyPair => 'k',
            Self::AppToken => 't',
            Self::Client => 'c',
        }
    }

    /// Returns the kind of a name in the database.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::AccessToken, Self::ApiKey, Self::KeyPair, Self::AppToken, Self::Client];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
