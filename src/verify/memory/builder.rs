//! The builder of a memory verifier.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::{Entry, Hashed, Keys, MemoryVerifier, MemoryVerifierError, Names, Record, Stamp, User};
use crate::clock::{Clock, SystemClock};
use crate::credential::{ClientKind, Credential, Pair, Secret};
use crate::principal::{ApiKey, AppToken, BasicUser, Principal};
use crate::verify::password::Passwords;

/// Builds a [`MemoryVerifier`]. Its secrets are wiped when the verifier is built.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::MemoryVerifier;
/// use tower_principal::{ApiKey, OAuthUser, OrgAdmin};
///
/// let client = "b3U68vghI6FmEeKn9wLoGtzz0A";
/// let verifier = MemoryVerifier::builder()
///     .name("fixed")
///     .access_token("otto-token", OAuthUser::new("otto"))
///     .api_key("robot-key", ApiKey::new("key-1").with_owner("otto"))
///     .client(client, "its-secret", OrgAdmin::new(client, "acme"))
///     .build()?;
/// # let _ = verifier;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct MemoryVerifierBuilder {
    entries: Vec<Result<Waiting, MemoryVerifierError>>,
    clock: Option<Arc<dyn Clock>>,
    passwords: Option<Passwords>,
    stamp: Stamp,
}

enum Waiting {
    Record(Record<'static>),
    UserHash { name: Box<str>, hash: Arc<str>, user: BasicUser },
}

impl MemoryVerifierBuilder {
    /// Adds a user by name and password. The password is hashed when the verifier is built.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::{
    ///     BasicUser, Credential, Pair, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let verifier = MemoryVerifier::builder()
    ///     .user(
    ///         "alice",
    ///         "correct horse",
    ///         BasicUser::new("alice").with_org("acme"),
    ///     )
    ///     .build()?;
    /// let pair =
    ///     Pair::new(Secret::borrowed("alice"), Secret::borrowed("correct horse"));
    /// let password = Credential::Password(pair);
    /// let alice = verifier.verify(&password, &VerifyContext::default()).await?;
    /// assert_eq!(alice.org(), Some("acme"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn user(self, name: impl Into<String>, password: impl Into<String>, user: BasicUser) -> Self {
        self.add(Credential::Password(owned_pair(name, password)), user.into())
    }

    /// Adds a user by name and the PHC string of the password's argon2id hash
    /// ([`Passwords::hash`]). Use the cost of [`passwords`](Self::passwords) for all hashes,
    /// because a different cost distinguishes users by time. An empty password matches no hash.
    ///
    /// With the feature `legacy-hashes` also hashes of bcrypt, scrypt, argon2i and argon2d are
    /// read; see [`Passwords::verify`]. They stay as they are, because the next start reads them
    /// again. [`build`](Self::build) fails if no password can match a hash, or if checking it costs
    /// too much. That is bcrypt above cost 14, scrypt above 256 MiB, argon2 above 256 MiB or 1 GiB
    /// over all passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::BasicUser;
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::verify::password::Passwords;
    ///
    /// // Once, in a tool of the operator; the hash goes into the configuration.
    /// let hash = Passwords::new()?.hash("correct horse")?;
    /// let verifier = MemoryVerifier::builder()
    ///     .user_hash("alice", hash, BasicUser::new("alice"))
    ///     .build()?;
    /// # let _ = verifier;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn user_hash(
        mut self,
        name: impl Into<Box<str>>,
        hash: impl Into<Arc<str>>,
        user: BasicUser,
    ) -> Self {
        self.entries.push(Ok(Waiting::UserHash { name: name.into(), hash: hash.into(), user }));
        self
    }

    /// Adds an API key of an id and a secret (Socrata).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::{
    ///     ApiKey, Credential, Pair, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let verifier = MemoryVerifier::builder()
    ///     .key_pair(
    ///         "key-1",
    ///         "its-secret",
    ///         ApiKey::new("key-1").with_owner("alice"),
    ///     )
    ///     .build()?;
    /// let pair =
    ///     Pair::new(Secret::borrowed("key-1"), Secret::borrowed("its-secret"));
    /// let key = Credential::KeyPair(pair);
    /// let key = verifier.verify(&key, &VerifyContext::default()).await?;
    /// assert_eq!(key.owner(), Some("alice"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn key_pair(self, id: impl Into<String>, secret: impl Into<String>, key: ApiKey) -> Self {
        self.add(Credential::KeyPair(owned_pair(id, secret)), key.into())
    }

    /// Adds an API key of one text (OpenDataSoft).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::{ApiKey, Credential, Secret, Verifier, VerifyContext};
    ///
    /// let verifier = MemoryVerifier::builder()
    ///     .api_key("robot-key", ApiKey::new("key-1").with_owner("otto"))
    ///     .build()?;
    /// let key = Credential::ApiKey(Secret::borrowed("robot-key"));
    /// // It is in memory, so the answer is there at once.
    /// let answer = verifier.verify_now(&key, &VerifyContext::default());
    /// assert!(matches!(answer, Some(Ok(key)) if key.owner() == Some("otto")));
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    pub fn api_key(self, secret: impl Into<String>, key: ApiKey) -> Self {
        self.add(Credential::ApiKey(Secret::owned(secret)), key.into())
    }

    /// Adds a token that identifies an application (Socrata).
    pub fn app_token(self, token: impl Into<String>, app: AppToken) -> Self {
        self.add(Credential::AppToken(Secret::owned(token)), app.into())
    }

    /// Adds a client's id and secret, for an [`OrgAdmin`](crate::OrgAdmin) or
    /// [`AppAdmin`](crate::AppAdmin) (Usergrid).
    pub fn client(
        self,
        id: impl Into<String>,
        secret: impl Into<String>,
        principal: impl Into<Principal>,
    ) -> Self {
        let pair = owned_pair(id, secret);
        self.add(Credential::Client(ClientKind::from_id(pair.id()), pair), principal.into())
    }

    /// Adds an access token, for an [`OAuthUser`](crate::OAuthUser) or for the client it was issued
    /// to.
    pub fn access_token(self, token: impl Into<String>, principal: impl Into<Principal>) -> Self {
        self.add(Credential::AccessToken(Secret::owned(token)), principal.into())
    }

    /// Sets the name of this store, which is a part of each principal's
    /// [identity](crate::Principal::identity). Defaults to no name. Give each store a name if a
    /// service has several.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.stamp.store = Some(name.into());
        self
    }

    /// Sets the tenant of every credential. Requests of another tenant, and of none, are
    /// [`Unsupported`](crate::VerifyError::Unsupported). Defaults to no tenant: then the verifier
    /// ignores tenants, and a layer with a [tenant](crate::AuthenticateLayer::tenant) refuses it.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::{
    ///     Credential, OAuthUser, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let verifier = MemoryVerifier::builder()
    ///     .access_token("otto-token", OAuthUser::new("otto"))
    ///     .tenant("acme")
    ///     .build()?;
    /// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
    /// let at = |tenant| VerifyContext::default().with_tenant(tenant);
    /// assert!(verifier.verify(&token, &at("acme")).await.is_ok());
    /// assert!(verifier.verify(&token, &at("rival")).await.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tenant(mut self, tenant: impl Into<Arc<str>>) -> Self {
        self.stamp.tenant = Some(tenant.into());
        self
    }

    /// Sets how passwords are hashed and checked. Defaults to [`Passwords::new`].
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = Some(passwords);
        self
    }

    /// Sets the clock that expiry is judged by. Defaults to the operating system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Builds the verifier. Each password takes tens of milliseconds to hash, and one more is
    /// hashed for users that do not exist. Unoptimized builds of argon2 take some twenty times as
    /// long.
    ///
    /// # Errors
    ///
    /// Returns [`MemoryVerifierError`] if a principal is of a kind that its credential cannot have,
    /// or a secret is empty. It also returns it if a stored hash cannot be used, or the operating
    /// system has no randomness.
    pub fn build(self) -> Result<MemoryVerifier, MemoryVerifierError> {
        let passwords = match self.passwords {
            Some(passwords) => passwords,
            None => Passwords::new()?,
        };
        let keys = Keys::random()?;
        let (mut known, mut users, mut names) = (Vec::new(), Vec::new(), Names::default());
        for entry in self.entries {
            let hashed = match entry? {
                Waiting::Record(record) => record.stamped(&self.stamp).hashed(&keys, &passwords)?,
                Waiting::UserHash { name, hash, user } => {
                    if let Err(cause) = passwords.accept(&hash) {
                        return Err(MemoryVerifierError::UnusableHash { name, cause });
                    }
                    let user = self.stamp.on(user.into());
                    Hashed::User(keys.user(&name), User { hash, entry: Entry::live(user) })
                }
            };
            names.claim(hashed.principal())?;
            match hashed {
                Hashed::Known(fingerprint, entry) => known.push((fingerprint, entry)),
                Hashed::User(fingerprint, user) => users.push((fingerprint, user)),
            }
        }
        Ok(MemoryVerifier {
            keys: Arc::new(keys),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            passwords,
            known: Arc::new(known.into_iter().collect()),
            users: Arc::new(users.into_iter().collect()),
            stamp: self.stamp,
            names: Arc::new(Mutex::new(names)),
        })
    }

    fn add(mut self, credential: Credential<'static>, principal: Principal) -> Self {
        self.entries.push(Record::new(credential, principal).map(Waiting::Record));
        self
    }
}

impl fmt::Debug for MemoryVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryVerifierBuilder").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

fn owned_pair(id: impl Into<String>, secret: impl Into<String>) -> Pair<'static> {
    Pair::new(Secret::owned(id), Secret::owned(secret))
}
