//! The kinds of credential.

use std::fmt;

/// The kinds of [`Credential`](super::Credential). Its `Display` is a short name for logs.
///
/// # Examples
///
/// ```
/// use tower_principal::credential::CredentialKind;
/// use tower_principal::{Credential, Secret};
///
/// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
/// assert_eq!(token.kind(), CredentialKind::AccessToken);
/// assert_eq!(CredentialKind::AccessToken.to_string(), "access_token");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// [`Credential::AccessToken`](super::Credential::AccessToken).
    AccessToken,
    /// [`Credential::ApiKey`](super::Credential::ApiKey).
    ApiKey,
    /// [`Credential::KeyPair`](super::Credential::KeyPair).
    KeyPair,
    /// [`Credential::AppToken`](super::Credential::AppToken).
    AppToken,
    /// [`Credential::Client`](super::Credential::Client).
    Client,
    /// [`Credential::Password`](super::Credential::Password).
    Password,
}

impl CredentialKind {
    /// Returns a short name for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::ApiKey => "api_key",
            Self::KeyPair => "key_pair",
            Self::AppToken => "app_token",
            Self::Client => "client",
            Self::Password => "password",
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
