//! Changes to the principals of a memory verifier while it serves.

use super::{Entry, MemoryVerifier, State};
use crate::principal::{Identity, PrincipalKind};

impl MemoryVerifier {
    /// Disables every credential of one principal, by its kind and [id](crate::Principal::id) or
    /// [credential id](crate::Principal::credential_id). Returns the number of disabled
    /// credentials. Takes a time in proportion to the number of all principals.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::{
    ///     ApiKey, Credential, PrincipalKind, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let verifier = MemoryVerifier::builder()
    ///     .api_key("robot-key", ApiKey::new("key-1"))
    ///     .build()?;
    /// let key = Credential::ApiKey(Secret::borrowed("robot-key"));
    /// assert_eq!(verifier.disable(PrincipalKind::ApiKey, "key-1"), 1);
    /// assert!(verifier.verify(&key, &VerifyContext::default()).await.is_err());
    /// assert_eq!(verifier.enable(PrincipalKind::ApiKey, "key-1"), 1);
    /// assert!(verifier.verify(&key, &VerifyContext::default()).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn disable(&self, kind: PrincipalKind, id: &str) -> usize {
        self.move_state(kind, id, |state| state == State::Live, State::Disabled)
    }

    /// Undoes [`disable`](Self::disable), and returns the number of enabled credentials. Revoked
    /// credentials stay revoked.
    pub fn enable(&self, kind: PrincipalKind, id: &str) -> usize {
        self.move_state(kind, id, |state| state == State::Disabled, State::Live)
    }

    /// Revokes every credential of one principal permanently, for instance all access tokens of a
    /// user. Returns the number of revoked credentials.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::{OAuthUser, PrincipalKind};
    ///
    /// let verifier = MemoryVerifier::builder()
    ///     .access_token("first-token", OAuthUser::new("otto"))
    ///     .access_token("second-token", OAuthUser::new("otto"))
    ///     .build()?;
    /// assert_eq!(verifier.revoke_all(PrincipalKind::OAuthUser, "otto"), 2);
    /// // A revoked credential stays revoked.
    /// assert_eq!(verifier.enable(PrincipalKind::OAuthUser, "otto"), 0);
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    pub fn revoke_all(&self, kind: PrincipalKind, id: &str) -> usize {
        self.move_state(kind, id, |state| state != State::Revoked, State::Revoked)
    }

    /// Revokes every credential of one identity permanently: the password and all access tokens of
    /// a user. Returns the number of revoked credentials. Takes a time in proportion to the number
    /// of all principals.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{BasicUser, Principal, verify::MemoryVerifier};
    ///
    /// let verifier = MemoryVerifier::builder().build()?;
    /// let alice: Principal = BasicUser::new("alice").into();
    /// if let Some(identity) = alice.identity() {
    ///     assert_eq!(verifier.revoke_all_of(identity), 0);
    /// }
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    pub fn revoke_all_of(&self, identity: Identity<'_>) -> usize {
        let revoke = |entry: &mut Entry| {
            let revokes = entry.state != State::Revoked && entry.principal.identity() == Some(identity);
            if revokes {
                entry.state = State::Revoked;
            }
            revokes
        };
        self.known.update_all(revoke) + self.users.update_all(|user| revoke(&mut user.entry))
    }

    fn move_state(&self, kind: PrincipalKind, id: &str, from: impl Fn(State) -> bool, to: State) -> usize {
        let change = |entry: &mut Entry| {
            let Entry { principal, state } = entry;
            let named = principal.id() == Some(id) || principal.credential_id() == Some(id);
            let changes = named && principal.kind() == kind && from(*state);
            if changes {
                *state = to;
            }
            changes
        };
        self.known.update_all(change) + self.users.update_all(|user| change(&mut user.entry))
    }
}
