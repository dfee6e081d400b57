//! A verifier that keeps its principals in memory.

use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use zeroize::Zeroizing;

use self::names::{Names, Stamp};
use self::record::{Hashed, Record};
use self::shards::Shards;
use super::password::Passwords;
use super::{Tenancy, Verifier, VerifyContext, VerifyError, note};
use crate::clock::Clock;
use crate::credential::{Credential, Fingerprint, FingerprintKey, Pair, Secret};
use crate::principal::{IdentitySource, Principal};
use crate::rejection::DenialReason;

mod builder;
mod change;
mod error;
mod names;
mod record;
mod shards;

pub use self::builder::MemoryVerifierBuilder;
pub use self::error::MemoryVerifierError;

/// A verifier that keeps its principals in memory. It is for configuration files, tests, and
/// services whose credentials fit into memory.
///
/// Tokens, keys and clients are held only by [fingerprint](crate::credential::Fingerprint),
/// passwords as argon2id. A look-up takes no lock and returns at once. Passwords are checked off
/// the reactor, a bounded number at a time. A wrong password takes the same time as an unknown or
/// disabled user. Everything can change while it serves. Clones share the same principals.
///
/// Without a [tenant](MemoryVerifierBuilder::tenant) it ignores tenants. Give it a
/// [name](MemoryVerifierBuilder::name) if a service has several stores.
///
/// # Examples
///
/// ```
/// use tower_principal::{
///     ApiKey, AppToken, BasicUser, Credential, OAuthUser, PrincipalKind,
///     Secret, verify::MemoryVerifier,
/// };
///
/// let verifier = MemoryVerifier::builder()
///     .user(
///         "alice@example.org",
///         "correct horse",
///         BasicUser::new("alice@example.org"),
///     )
///     .key_pair(
///         "key-1",
///         "secret",
///         ApiKey::new("key-1").with_owner("alice@example.org"),
///     )
///     .app_token("09sIcqEhoY0teGY5rhupZGqhW", AppToken::new("weather-map"))
///     .access_token(
///         "9kxoTUYvSxnAiMpv008NBqRiqk5xWt",
///         OAuthUser::new("otto").with_scopes(["all"]),
///     )
///     .build()?;
///
/// // Later, while it serves:
/// let token = Credential::AccessToken(Secret::borrowed(
///     "jFfDUcsK9zzNMs1zwczzJxGrimPtmf",
/// ));
/// verifier.insert(token, OAuthUser::new("olga"))?;
/// verifier.disable(PrincipalKind::ApiKey, "key-1");
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[derive(Clone)]
pub struct MemoryVerifier {
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    /// All credentials except passwords, by fingerprint of the whole credential.
    known: Arc<Shards<Entry>>,
    /// The users, by fingerprint of the name.
    users: Arc<Shards<User>>,
    stamp: Stamp,
    names: Arc<Mutex<Names>>,
}

/// One fingerprint key for each kind of credential, so that one kind is never looked up as another.
struct Keys {
    token: FingerprintKey,
    app: FingerprintKey,
    key: FingerprintKey,
    client: FingerprintKey,
    user: FingerprintKey,
}

#[derive(Clone)]
struct Entry {
    principal: Principal,
    state: State,
}

#[derive(Clone)]
struct User {
    hash: Arc<str>,
    entry: Entry,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Live,
    Disabled,
    Revoked,
}

impl MemoryVerifier {
    /// Starts a builder without any principal.
    pub fn builder() -> MemoryVerifierBuilder {
        MemoryVerifierBuilder::default()
    }

    /// Adds a credential, or replaces its principal. A disabled or revoked credential becomes valid
    /// again. A password is hashed on the calling thread, which takes tens of milliseconds (see
    /// [`Passwords::hash`](crate::verify::password::Passwords::hash)).
    ///
    /// # Errors
    ///
    /// Returns [`MemoryVerifierError`] if the principal is of the wrong kind, the secret is empty,
    /// or a password cannot be hashed.
    pub fn insert(
        &self,
        credential: Credential<'_>,
        principal: impl Into<Principal>,
    ) -> Result<(), MemoryVerifierError> {
        let principal = self.stamp.on(principal.into());
        let record = Record::new(credential, principal)?.hashed(&self.keys, &self.passwords)?;
        self.names.lock().unwrap_or_else(PoisonError::into_inner).claim(record.principal())?;
        self.put(record);
        Ok(())
    }

    /// Removes every credential that has expired, and returns their number.
    pub fn purge_expired(&self) -> usize {
        let now = self.clock.now();
        let expired = |entry: &Entry| entry.principal.expires_at().is_some_and(|at| at <= now);
        self.known.retain(|entry| !expired(entry)) + self.users.retain(|user| !expired(&user.entry))
    }

    fn put(&self, record: Hashed) {
        match record {
            Hashed::Known(fingerprint, entry) => self.known.insert(fingerprint, entry),
            Hashed::User(fingerprint, user) => self.users.insert(fingerprint, user),
        }
    }

    #[inline]
    fn look_up(&self, fingerprint: Fingerprint) -> Result<Principal, VerifyError> {
        let found = self.known.read(fingerprint, |entry| self.check_entry(entry?));
        found.unwrap_or(Err(VerifyError::UNKNOWN))
    }

    /// Returns `Ok` only for a live entry that has not expired.
    fn check_entry(&self, entry: &Entry) -> Option<Result<Principal, VerifyError>> {
        let expired = || entry.principal.expires_at().is_some_and(|at| at <= self.clock.now());
        Some(match entry.state {
            State::Disabled => Err(VerifyError::Denied(DenialReason::Disabled)),
            State::Revoked => Err(VerifyError::Denied(DenialReason::Revoked)),
            State::Live if expired() => Err(VerifyError::Denied(DenialReason::Expired)),
            State::Live => Ok(entry.principal.clone()),
        })
    }

    async fn check_password(&self, place: Fingerprint, pair: &Pair<'_>) -> Result<Principal, VerifyError> {
        let user = self.users.read(place, |user| user.cloned());
        let hash = user.as_ref().map(|user| Arc::clone(&user.hash));
        let password = Zeroizing::new(pair.secret().expose_secret().to_owned());
        // Hash before any decision, so that every refusal takes the same time.
        let matches = self.passwords.verify(password, hash).await.map_err(VerifyError::unavailable)?;
        // Read again: the user may have been disabled, or the password changed, during the check.
        let now = |user: User| {
            self.users.read(place, |now| now.filter(|now| Arc::ptr_eq(&now.hash, &user.hash)).cloned())
        };
        let known = user.filter(|_| matches).and_then(now).and_then(|user| self.check_entry(&user.entry));
        known.unwrap_or(Err(VerifyError::UNKNOWN))
    }
}

impl Verifier for MemoryVerifier {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        if !self.stamp.is_at(context) {
            return Err(VerifyError::Unsupported);
        }
        let answer = match Place::of(&self.keys, credential) {
            Place::Known(fingerprint) => self.look_up(fingerprint),
            // Boxed, so that it adds nothing to the size of every other verification.
            Place::User(user, pair) if self.users.is_used() => {
                Box::pin(self.check_password(user, pair)).await
            }
            Place::User(..) => Err(VerifyError::Unsupported),
        };
        note(NAME, credential.kind(), answer)
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        if !self.stamp.is_at(context) {
            return Some(Err(VerifyError::Unsupported));
        }
        match Place::of(&self.keys, credential) {
            Place::Known(fingerprint) => Some(note(NAME, credential.kind(), self.look_up(fingerprint))),
            Place::User(..) if self.users.is_used() => None,
            Place::User(..) => Some(Err(VerifyError::Unsupported)),
        }
    }

    /// Revokes a token, key or client, but no password, because its user would be locked out.
    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        if !self.stamp.is_at(context) {
            return Err(VerifyError::Unsupported);
        }
        match Place::of(&self.keys, credential) {
            Place::User(..) => Err(VerifyError::Unsupported),
            Place::Known(place) if self.known.update(place, |entry| entry.state = State::Revoked) => Ok(()),
            Place::Known(_) => Err(VerifyError::UNKNOWN),
        }
    }

    fn source(&self) -> IdentitySource<'_> {
        IdentitySource::Store(self.stamp.store.as_deref().unwrap_or_default())
    }

    fn tenancy(&self) -> Tenancy {
        if self.stamp.tenant.is_some() { Tenancy::Separates } else { Tenancy::Ignores }
    }
}

/// The verifier's name in log lines.
const NAME: &str = "memory";

/// The place where a credential is looked up.
enum Place<'c> {
    /// In all credentials, by the whole credential.
    Known(Fingerprint),
    /// In the users, by the user's name; the password is checked there.
    User(Fingerprint, &'c Pair<'c>),
}

impl<'c> Place<'c> {
    #[inline(always)]
    fn of(keys: &Keys, credential: &'c Credential<'_>) -> Self {
        let one =
            |key: &FingerprintKey, secret: &Secret<'_>| Self::Known(key.of(&[secret.expose_secret_bytes()]));
        let two = |key: &FingerprintKey, pair: &Pair<'_>| {
            Self::Known(key.of(&[pair.id_bytes(), pair.secret().expose_secret_bytes()]))
        };
        match credential {
            Credential::AccessToken(token) => one(&keys.token, token),
            Credential::AppToken(token) => one(&keys.app, token),
            Credential::ApiKey(secret) => one(&keys.key, secret),
            Credential::KeyPair(pair) => two(&keys.key, pair),
            Credential::Client(_, pair) => two(&keys.client, pair),
            Credential::Password(pair) => Self::User(keys.user(pair.id()), pair),
        }
    }
}

impl Keys {
    fn random() -> io::Result<Self> {
        let key = FingerprintKey::random;
        Ok(Self { token: key()?, app: key()?, key: key()?, client: key()?, user: key()? })
    }

    fn user(&self, name: &str) -> Fingerprint {
        self.user.of(&[name.as_bytes()])
    }
}

impl Entry {
    const fn live(principal: Principal) -> Self {
        Self { principal, state: State::Live }
    }
}

impl fmt::Debug for MemoryVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryVerifier").finish_non_exhaustive()
    }
}
