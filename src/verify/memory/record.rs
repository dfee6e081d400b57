//! Records of a memory verifier: a credential and its principal.

use super::{Entry, Keys, MemoryVerifierError, Place, Stamp, User};
use crate::credential::{Credential, Fingerprint};
use crate::principal::{Principal, PrincipalKind};
use crate::verify::password::{PasswordError, Passwords};

/// A credential and its principal, of kinds that fit.
pub(super) struct Record<'c> {
    pub(super) credential: Credential<'c>,
    principal: Principal,
}

/// A record without its secret.
pub(super) enum Hashed {
    Known(Fingerprint, Entry),
    User(Fingerprint, User),
}

impl<'c> Record<'c> {
    pub(super) fn new(credential: Credential<'c>, principal: Principal) -> Result<Self, MemoryVerifierError> {
        let app_token = matches!(credential, Credential::AppToken(_));
        if principal.is_guest() || app_token != (principal.kind() == PrincipalKind::AppToken) {
            let (credential, principal) = (credential.kind(), principal.kind());
            return Err(MemoryVerifierError::WrongKind { credential, principal });
        }
        if credential.with_secret(str::is_empty) {
            return Err(MemoryVerifierError::EmptySecret(credential.kind()));
        }
        Ok(Self { credential, principal })
    }

    pub(super) fn stamped(self, stamp: &Stamp) -> Self {
        Self { principal: stamp.on(self.principal), ..self }
    }

    pub(super) fn hashed(self, keys: &Keys, passwords: &Passwords) -> Result<Hashed, PasswordError> {
        let Self { credential, principal } = self;
        Ok(match Place::of(keys, &credential) {
            Place::Known(fingerprint) => Hashed::Known(fingerprint, Entry::live(principal)),
            Place::User(user, pair) => {
                let hash = passwords.hash(pair.secret().expose_secret())?.into();
                Hashed::User(user, User { hash, entry: Entry::live(principal) })
            }
        })
    }
}

impl Hashed {
    pub(super) const fn principal(&self) -> &Principal {
        match self {
            Self::Known(_, entry) => &entry.principal,
            Self::User(_, user) => &user.entry.principal,
        }
    }
}
