//! Creates, imports and rotates credentials of one kind.

use std::time::Duration;

use super::{Issued, NewCredential, SqlStore};
use crate::credential::TokenFormat;
use crate::credential::{ClientKind, Credential, Pair, Secret};
use crate::principal::Permission;
use crate::verify::sql::{Change, Digest, Kind, SqlError, Value, names};

/// Credentials of one kind and one tenant; from [`SqlStore`].
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tower_principal::verify::sql::{NewCredential, SqlVerifier, State};
///
/// let keys = SqlVerifier::sqlite("sqlite::memory:")
///     .connect()
///     .await?
///     .store()
///     .api_keys();
/// let issued = keys
///     .create(NewCredential::new().owner("alice").label("nightly import"))
///     .await?;
/// println!("shown once: {}", issued.secret.expose_secret());
///
/// // Both secrets count for a day, then the new one alone.
/// let rotated =
///     keys.rotate(&issued.id, Duration::from_secs(24 * 3600)).await?;
/// assert!(!rotated.secret.ct_eq(&issued.secret));
/// keys.disable(&issued.id).await?;
/// assert_eq!(
///     keys.find(&issued.id).await?.map(|key| key.state),
///     Some(State::Disabled)
/// );
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    pub(super) store: SqlStore,
    pub(super) kind: Kind,
}

impl Credentials {
    pub(super) const fn new(store: SqlStore, kind: Kind) -> Self {
        Self { store, kind }
    }

    /// Creates a credential with a secret of 160 random bits in the format of [`TokenFormat`].
    ///
    /// # Errors
    ///
    /// [`SqlError::Exists`] if the id is taken, also by a revoked credential.
    /// [`SqlError::InvalidName`], [`SqlError::InvalidPermission`] or [`SqlError::Incomplete`] for
    /// values that cannot be used. Other variants if the database cannot be changed now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlError, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let issued =
    ///     keys.create(NewCredential::new().id("key-1").owner("alice")).await?;
    /// // The secret is in no other place: show it to its owner now.
    /// assert!(issued.secret.expose_secret().starts_with("tpk_key-1_"));
    ///
    /// let again = keys.create(NewCredential::new().id("key-1")).await;
    /// assert!(matches!(again, Err(SqlError::Exists)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn create(&self, new: NewCredential) -> Result<Issued, SqlError> {
        let id = match &new.id {
            Some(id) => names::id(id)?.to_owned(),
            None => TokenFormat::id()?,
        };
        let secret = self.secret(&id)?;
        self.insert(&id, &secret, &new).await?;
        Ok(Issued { id, secret })
    }

    /// Imports a credential whose secret was made elsewhere, and returns its id.
    ///
    /// The secret must have 128 random bits, because the stored digest is fast to search, unlike a
    /// password hash. Randomness cannot be measured, but a secret of less than 16 bytes is refused.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create). [`SqlError::Exists`] also if the secret is already known.
    /// [`SqlError::ShortSecret`] if the secret has less than 16 bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::Secret;
    /// use tower_principal::verify::sql::{NewCredential, SqlError, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let secret = Secret::borrowed("c2VjcmV0IG9mIGFub3RoZXIgc3lzdGVt");
    /// let id = keys.import(secret, NewCredential::new().owner("alice")).await?;
    /// assert!(keys.find(&id).await?.is_some());
    ///
    /// let short =
    ///     keys.import(Secret::borrowed("1234"), NewCredential::new()).await;
    /// assert!(matches!(short, Err(SqlError::ShortSecret)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn import(&self, secret: Secret<'_>, new: NewCredential) -> Result<String, SqlError> {
        if !Digest::hides(&secret) {
            return Err(SqlError::ShortSecret);
        }
        let id = match &new.id {
            Some(id) => names::id(id)?.to_owned(),
            None => TokenFormat::id()?,
        };
        self.insert(&id, &secret, &new).await?;
        Ok(id)
    }

    /// Gives a credential a new secret.
    ///
    /// The old one stays valid for the overlap, which may be zero. A secret from before the last
    /// rotation ends now.
    ///
    /// # Errors
    ///
    /// [`SqlError::NotFound`] if there is no credential of this id, or it was revoked. Other
    /// variants if the database cannot be changed now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let first = keys.create(NewCredential::new().owner("alice")).await?;
    /// let second = keys.rotate(&first.id, Duration::from_secs(3600)).await?;
    ///
    /// assert_eq!(second.id, first.id);
    /// assert!(!second.secret.ct_eq(&first.secret));
    /// let key = keys.find(&first.id).await?.ok_or("no key")?;
    /// // Until then both secrets are accepted.
    /// assert!(key.previous_until.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn rotate(&self, id: &str, overlap: Duration) -> Result<Issued, SqlError> {
        let secret = self.secret(id)?;
        let overlap = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX);
        let until = self.store.now().saturating_add(overlap);
        let values = vec![self.digest(id, &secret)?.into(), until.into()];
        if !self.update(id, ROTATE, values).await? {
            return Err(SqlError::NotFound);
        }
        Ok(Issued { id: id.to_owned(), secret })
    }

    /// Updates the credential of this id and returns `true` if a row changed.
    pub(super) async fn update(&self, id: &str, what: &str, values: Vec<Value>) -> Result<bool, SqlError> {
        let Ok(id) = names::id(id) else { return Ok(false) };
        let statement = format!(
            "UPDATE {{p}}credentials SET {what} WHERE tenant = $1 AND kind = $2 AND public_id = $3
                AND revoked_at IS NULL RETURNING id"
        );
        let values =
            [vec![self.store.column().into(), self.kind.as_str().into(), id.into()], values].concat();
        self.store.change(&statement, values, self.change_of(id)).await
    }

    async fn insert(&self, id: &str, secret: &Secret<'_>, new: &NewCredential) -> Result<(), SqlError> {
        match (self.kind, &new.subject, &new.client, &new.org) {
            (Kind::Client, _, _, None) => return Err(SqlError::Incomplete("an organization")),
            (Kind::AccessToken, None, None, _) | (Kind::AccessToken, None, _, None) => {
                return Err(SqlError::Incomplete("a user, or a client and its organization"));
            }
            _ => {}
        }
        for permission in new.permissions.iter().flatten() {
            permission.parse::<Permission>()?;
            names::name(permission)?;
        }
        let values = vec![
            self.store.column().into(),
            self.kind.as_str().into(),
            id.into(),
            self.digest(id, secret)?.into(),
            names::optional(new.subject.as_deref())?.into(),
            names::optional(new.client.as_deref())?.into(),
            names::optional(new.org.as_deref())?.into(),
            names::optional(new.app.as_deref())?.into(),
            names::optional(new.uuid.as_deref())?.into(),
            names::optional(new.label.as_deref())?.into(),
            new.scopes.as_str().into(),
            new.permissions.as_ref().map(|permissions| permissions.join("\n")).into(),
            self.store.now().into(),
            new.expires_at.map(names::millis).into(),
        ];
        match self.store.write(INSERT, values).await?.is_empty() {
            true => Err(SqlError::Exists),
            false => Ok(()),
        }
    }

    fn secret(&self, id: &str) -> Result<Secret<'static>, SqlError> {
        let word = format!("{}{}", self.store.shared.word, self.kind.letter());
        Ok(TokenFormat::new(word)?.secret(names::id(id)?)?)
    }

    /// Returns the digest that the database stores for the secret of this id.
    fn digest(&self, id: &str, secret: &Secret<'_>) -> Result<Digest, SqlError> {
        let pair = || Pair::new(Secret::borrowed(id), secret.reborrow());
        let credential = match self.kind {
            Kind::AccessToken => Credential::AccessToken(secret.reborrow()),
            Kind::AppToken => Credential::AppToken(secret.reborrow()),
            Kind::ApiKey => Credential::ApiKey(secret.reborrow()),
            Kind::KeyPair => Credential::KeyPair(pair()),
            Kind::Client => Credential::Client(ClientKind::from_id(id), pair()),
        };
        Digest::from_credential(&credential, self.store.tenant.as_deref()).ok_or(SqlError::Unreadable)
    }

    pub(super) fn change_of(&self, id: &str) -> Change {
        let tenant = self.store.tenant.as_deref().map(str::to_owned);
        Change::Credential { kind: self.kind, tenant, id: id.to_owned() }
    }
}

const ROTATE: &str = "previous_digest = digest, previous_until = $5, digest = $4";
/// Inserts a credential. A client is never issued to a client: it would be deleted with that one,
/// and the end of its tokens would not be published. A secret that is the old secret of another
/// credential is refused, because a look-up would find two rows.
const INSERT: &str =
    "INSERT INTO {p}credentials (tenant, kind, public_id, digest, subject, user_id, client, client_id,
    org, app, uuid, label, scopes, permissions, created_at, expires_at)
SELECT $1, $2, $3, $4, $5, (SELECT id FROM {p}users WHERE tenant = $1 AND name = $5),
    $6, (SELECT id FROM {p}credentials WHERE tenant = $1 AND kind = 'client' AND public_id = $6 AND $2 <> 'client'),
    $7, $8, $9, $10, $11, $12, $13, $14
WHERE NOT EXISTS (SELECT 1 FROM {p}credentials WHERE previous_digest = $4)
RETURNING id";
