//! The credential that a token is made into.

use crate::credential::{Credential, Secret};

/// Makes the credential of a token.
// Data, and a function only for a meaning of the service's own: a call through a pointer for each
// request costs more than the credential.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Make {
    AccessToken,
    ApiKey,
    AppToken,
    Custom(for<'r> fn(Secret<'r>) -> Credential<'r>),
}

impl Make {
    #[inline]
    pub(crate) fn credential(self, token: Secret<'_>) -> Credential<'_> {
        match self {
            Self::AccessToken => Credential::AccessToken(token),
            Self::ApiKey => Credential::ApiKey(token),
            Self::AppToken => Credential::AppToken(token),
            Self::Custom(make) => make(token),
        }
    }
}
