//! The kinds of credential.

use std::fmt;

use crate::kind::RejectionKind;

/// The kinds of [`Credential`](super::Credential). Its `Display` is a short name for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// [`Credential::AccessToken`](super::Credential::AccessToken).
    AccessToken,
    /// [`Credential::ApiKey`](super::Credential::ApiKey).
    ApiKey,
    /// [`Credential::AppToken`](super::Credential::AppToken).
    AppToken,
    /// [`Credential::Client`](super::Credential::Client).
    Client,
    /// [`Credential::Password`](super::Credential::Password).
    Password,
}

impl CredentialKind {
    /// The refusal of one that nobody vouches for.
    pub(crate) const fn denied(self) -> RejectionKind {
        match self {
            Self::AccessToken => RejectionKind::DeniedToken,
            Self::AppToken => RejectionKind::DeniedAppToken,
            Self::ApiKey | Self::Client | Self::Password => RejectionKind::DeniedCredentials,
        }
    }

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

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
