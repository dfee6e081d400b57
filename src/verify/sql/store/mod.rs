//! Functions that change a database of credentials.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use super::{Change, Digest, Kind, Row, Shared, SqlError, Value, names};

mod credentials;
mod draft;
mod lists;
mod records;
mod roles;
mod users;

pub use self::credentials::Credentials;
pub use self::draft::{Issued, NewCredential, NewUser};
pub use self::records::{CredentialRecord, State, UserRecord};
pub use self::roles::Roles;
pub use self::users::Users;

/// Creates, lists, changes and revokes the credentials and users of one tenant, or of none.
///
/// Every change is one statement. It runs to its end even if the caller stops waiting, and it is in
/// force everywhere as soon as it returns. Callers that keep answers use
/// [`SqlVerifier::changes`](super::SqlVerifier::changes). A store checks no authority: code that
/// holds one may do everything, so check authority before the call.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::Secret;
/// use tower_principal::verify::sql::{NewUser, SqlVerifier};
///
/// let store = SqlVerifier::sqlite("sqlite::memory:")
///     .connect()
///     .await?
///     .store()
///     .tenant("acme")?;
/// store
///     .users()
///     .create("alice", Secret::borrowed("correct horse"), NewUser::new())
///     .await?;
/// store.roles().create("editor", ["get,put:/reports/*"]).await?;
/// store.roles().assign("editor", "alice").await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct SqlStore {
    shared: Arc<Shared>,
    tenant: Option<Arc<str>>,
}

impl SqlStore {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared, tenant: None }
    }

    /// Returns a store of this tenant's credentials and users alone.
    ///
    /// # Errors
    ///
    /// [`SqlError::InvalidName`] if it is empty, longer than 255 bytes, or has a control character.
    pub fn tenant(mut self, tenant: &str) -> Result<Self, SqlError> {
        self.tenant = Some(names::name(tenant)?.into());
        Ok(self)
    }

    /// Returns the users with passwords.
    pub fn users(&self) -> Users {
        Users(self.clone())
    }

    /// Returns the roles, their permissions, and their assignments to users.
    pub fn roles(&self) -> Roles {
        Roles(self.clone())
    }

    /// Returns the API keys of one text (OpenDataSoft).
    pub fn api_keys(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::ApiKey)
    }

    /// Returns the API keys of an id and a secret (Socrata).
    pub fn key_pairs(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::KeyPair)
    }

    /// Returns the tokens that identify applications (Socrata).
    pub fn app_tokens(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::AppToken)
    }

    /// Returns the clients of organizations and applications (Usergrid).
    pub fn clients(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::Client)
    }

    /// Returns the OAuth access tokens.
    pub fn access_tokens(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::AccessToken)
    }

    /// Puts a digest on the denial list until this time. With `None` it stays there forever.
    ///
    /// A digest [of a principal](Digest::of_principal) is the one that
    /// [`Denylisted`](super::Denylisted) looks up. A digest [of a credential](Digest::of) of this
    /// database makes the database refuse that credential. A cached answer does not record the
    /// credential that was presented for it. So a digest that is not of a principal clears every
    /// cache that receives the change. If the digest is already denied for at least as long,
    /// nothing changes and no change is published.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn deny(&self, digest: Digest, until: Option<SystemTime>) -> Result<(), SqlError> {
        let until = until.map_or(i64::MAX, names::millis);
        let of_principal = i64::from(digest.is_of_principal());
        let values = vec![digest.into(), until.into(), of_principal.into()];
        self.change(DENY, values, Change::Denied(digest)).await.map(drop)
    }

    /// Returns `true` if a digest is on the denial list and its time is not over.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be asked now.
    pub async fn is_denied(&self, digest: Digest) -> Result<bool, SqlError> {
        let rows = self.read(IS_DENIED, vec![digest.into(), self.now().into()]).await?;
        Ok(!rows.is_empty())
    }

    /// Deletes ended credentials and denials of every tenant.
    ///
    /// A credential of any kind is deleted if it expired or was revoked at least this retention
    /// time ago. A client is deleted with the tokens that were issued to it. A denial is deleted
    /// when its time is over. Until then a credential is listed and refused as *expired* or
    /// *revoked*, and its id is taken. An expired one can be [prolonged](Credentials::expire).
    /// After the deletion it is unknown. Users and disabled credentials stay.
    ///
    /// Deletes at most a thousand of each, so that it takes no longer than other statements.
    /// Returns how many it deleted. Call it now and then, until it returns 0.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn purge_expired(&self, retention: Duration) -> Result<usize, SqlError> {
        let now = self.now();
        let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let credentials = self.write(PURGE_ENDED, vec![now.saturating_sub(retention).into()]).await?.len();
        let digests = self.write(PURGE_DENIALS, vec![now.into()]).await?.len();
        Ok(credentials + digests)
    }

    /// Revokes the credential of this digest and returns `true` if there is one.
    ///
    /// A secret whose overlap is over revokes nothing: otherwise a person with an old secret could
    /// end its replacement. A credential that is already revoked is not changed and not published
    /// again. Otherwise its holder could keep every cache evicting.
    pub(super) async fn revoke_digest(&self, digest: Digest) -> Result<bool, SqlError> {
        let values: Vec<Value> = vec![digest.into(), self.now().into()];
        let revoked = self.change_each(REVOKE, values.clone(), Change::Everything, |row| {
            let (kind, tenant, id) = (row.name()?, row.name()?, row.name()?);
            let kind = Kind::named(&kind).ok_or(SqlError::Unreadable)?;
            Ok(Change::Credential { kind, tenant: Some(tenant).filter(|tenant| !tenant.is_empty()), id })
        });
        Ok(revoked.await? > 0 || !self.read(IS_KNOWN, values).await?.is_empty())
    }

    pub(super) async fn read(&self, template: &str, values: Vec<Value>) -> Result<Vec<Row>, SqlError> {
        let database = &self.shared.database;
        database.read(database.statement(template), values).await
    }

    pub(super) async fn write(&self, template: &str, values: Vec<Value>) -> Result<Vec<Row>, SqlError> {
        let database = &self.shared.database;
        database.write(database.statement(template), values).await
    }

    /// Runs a statement and returns `true` if it changed something; then it publishes the change.
    pub(super) async fn change(
        &self,
        template: &str,
        values: Vec<Value>,
        change: Change,
    ) -> Result<bool, SqlError> {
        let told = change.clone();
        Ok(self.change_each(template, values, change, move |_| Ok(told.clone())).await? > 0)
    }

    /// Runs a statement and returns how many rows it changed.
    ///
    /// Each change is published in the statement's task, before the caller has the answer. The
    /// caller may have stopped waiting or received [`SqlError::Late`], and the change is made all
    /// the same.
    async fn change_each(
        &self,
        template: &str,
        values: Vec<Value>,
        in_doubt: Change,
        told: impl Fn(&mut Row) -> Result<Change, SqlError> + Send + 'static,
    ) -> Result<usize, SqlError> {
        Ok(self.change_rows(template, values, in_doubt, told).await?.len())
    }

    /// Runs a statement as [`change_each`](Self::change_each) does, and returns the changed rows.
    pub(super) async fn change_rows(
        &self,
        template: &str,
        values: Vec<Value>,
        in_doubt: Change,
        told: impl Fn(&mut Row) -> Result<Change, SqlError> + Send + 'static,
    ) -> Result<Vec<Row>, SqlError> {
        let Shared { database, hub, listening, .. } = &*self.shared;
        let hub = hub.clone();
        // A database that is listened to announces by itself what it changed, if it changed
        // anything.
        let announced = listening.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let tell = move |done: Result<Vec<Row>, SqlError>| match done {
            Ok(rows) => {
                let published = rows.iter().cloned();
                published.for_each(|mut row| hub.publish(told(&mut row).unwrap_or(Change::Everything)));
                Ok(rows)
            }
            Err(error) => {
                // The change may have been made, and a caller that tries again would find nothing
                // to change.
                if matches!(error, SqlError::Late) && !announced {
                    hub.publish(in_doubt);
                }
                Err(error)
            }
        };
        database.write_then(database.statement(template), values, tell).await
    }

    fn of_user(&self, name: &str) -> Change {
        Change::User { tenant: self.tenant.as_deref().map(str::to_owned), name: name.to_owned() }
    }

    /// Returns the tenant as its column holds it.
    pub(super) fn column(&self) -> &str {
        self.tenant.as_deref().unwrap_or_default()
    }

    pub(super) fn now(&self) -> i64 {
        names::millis(self.time())
    }

    pub(super) fn time(&self) -> SystemTime {
        self.shared.clock.now()
    }

    /// Returns the word at the start of secrets.
    #[cfg(feature = "server")]
    pub(super) fn word(&self) -> &str {
        &self.shared.word
    }

    /// Returns the tenant of the store.
    #[cfg(feature = "server")]
    pub(super) fn of_tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SqlStore");
        shown.field("database", &self.shared.database).field("tenant", &self.tenant).finish()
    }
}

const DENY: &str = "INSERT INTO {p}revocations (digest, ends_at, of_principal) VALUES ($1, $2, $3)
ON CONFLICT (digest) DO UPDATE SET ends_at = excluded.ends_at
WHERE excluded.ends_at > {p}revocations.ends_at RETURNING digest";
const IS_DENIED: &str = "SELECT ends_at FROM {p}revocations WHERE digest = $1 AND ends_at > $2";
const REVOKE: &str = "UPDATE {p}credentials SET revoked_at = $2
WHERE (digest = $1 OR (previous_digest = $1 AND previous_until > $2)) AND revoked_at IS NULL
RETURNING kind, tenant, public_id";
const IS_KNOWN: &str = "SELECT id FROM {p}credentials
WHERE digest = $1 OR (previous_digest = $1 AND previous_until > $2)";
/// Checks the end again in the deletion, because another caller may be prolonging the credential.
///
/// A grant is kept until its refresh token has expired as well.
const PURGE_ENDED: &str = "DELETE FROM {p}credentials WHERE id IN (
    SELECT id FROM {p}credentials WHERE refresh_until IS NULL AND expires_at <= $1
    UNION SELECT id FROM {p}credentials WHERE refresh_until <= $1 AND expires_at <= $1
    UNION SELECT id FROM {p}credentials WHERE revoked_at <= $1 LIMIT 1000)
AND (revoked_at <= $1 OR (expires_at <= $1 AND (refresh_until IS NULL OR refresh_until <= $1)))
RETURNING id";
const PURGE_DENIALS: &str = "DELETE FROM {p}revocations WHERE digest IN (
    SELECT digest FROM {p}revocations WHERE ends_at <= $1 LIMIT 1000) RETURNING digest";
