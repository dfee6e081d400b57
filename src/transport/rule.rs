//! The handling of credentials over a connection that is not secure.

use crate::credential::CredentialKind;

/// The handling of each kind of credential over a connection that is not secure.
///
/// # Examples
///
/// ```
/// use tower_principal::transport::{OnInsecure, TransportRule};
///
/// const MINE: TransportRule =
///     TransportRule { app_token: OnInsecure::Pass, ..TransportRule::REFUSE };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "dialects are written as struct literals")]
pub struct TransportRule {
    /// For access tokens.
    pub access_token: OnInsecure,
    /// For API keys, of one text or of an id and a secret.
    pub api_key: OnInsecure,
    /// For app tokens.
    pub app_token: OnInsecure,
    /// For client ids with their secrets.
    pub client: OnInsecure,
    /// For user names with their passwords.
    pub password: OnInsecure,
}

/// The handling of one credential over a connection that is not secure.
///
/// # Examples
///
/// ```
/// use tower_principal::dialect;
/// use tower_principal::transport::{OnInsecure, TransportRule};
///
/// // Tokens that came over plain http are revoked, because others saw them.
/// let rule = TransportRule {
///     access_token: OnInsecure::RefuseAndRevoke,
///     ..TransportRule::REFUSE
/// };
/// let dialect = dialect::RFC6750.transport(rule);
/// # let _ = dialect;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnInsecure {
    /// The credential is accepted.
    Pass,
    /// The request is refused with `https_required`.
    Refuse,
    /// The request is refused. If it certainly came over plain http, a subject in its head that
    /// verifies is revoked at once (Socrata's document on OAuth). App tokens and form bodies are
    /// only refused. See [`Revocation`](crate::layer::RevocationLimits).
    RefuseAndRevoke,
}

impl TransportRule {
    /// Refuses every kind.
    pub const REFUSE: Self = Self {
        access_token: OnInsecure::Refuse,
        api_key: OnInsecure::Refuse,
        app_token: OnInsecure::Refuse,
        client: OnInsecure::Refuse,
        password: OnInsecure::Refuse,
    };

    /// Returns true if any kind may be revoked.
    #[inline]
    pub(crate) fn revokes(&self) -> bool {
        let Self { access_token, api_key, app_token, client, password } = *self;
        [access_token, api_key, app_token, client, password].contains(&OnInsecure::RefuseAndRevoke)
    }

    pub(crate) const fn of(&self, kind: CredentialKind) -> OnInsecure {
        match kind {
            CredentialKind::AccessToken => self.access_token,
            CredentialKind::ApiKey | CredentialKind::KeyPair => self.api_key,
            CredentialKind::AppToken => self.app_token,
            CredentialKind::Client => self.client,
            CredentialKind::Password => self.password,
        }
    }
}
