//! What changes a database of credentials.

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

/// What changes a database of credentials: of one tenant, or of none.
///
/// Every change is one statement, runs to its end even if nobody waits for it any more, and is in force
/// everywhere as soon as it returns; see [`SqlVerifier::changes`](super::SqlVerifier::changes) for those
/// who keep answers. Its authority is yours to check: who holds a store may do everything.
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
/// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().tenant("acme")?;
/// store.users().create("alice", Secret::borrowed("correct horse"), NewUser::new()).await?;
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

    /// The same for this tenant's credentials and users alone.
    ///
    /// # Errors
    ///
    /// [`SqlError::InvalidName`] where it is empty, longer than 255 bytes, or has a control character.
    pub fn tenant(mut self, tenant: &str) -> Result<Self, SqlError> {
        self.tenant = Some(names::name(tenant)?.into());
        Ok(self)
    }

    /// People with passwords.
    pub fn users(&self) -> Users {
        Users(self.clone())
    }

    /// Roles, their permissions, and who has them.
    pub fn roles(&self) -> Roles {
        Roles(self.clone())
    }

    /// API keys of one piece (OpenDataSoft).
    pub fn api_keys(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::ApiKey)
    }

    /// API keys of an id and a secret (Socrata).
    pub fn key_pairs(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::KeyPair)
    }

    /// Tokens that identify applications (Socrata).
    pub fn app_tokens(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::AppToken)
    }

    /// Clients of organizations and applications (Usergrid).
    pub fn clients(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::Client)
    }

    /// OAuth access tokens.
    pub fn access_tokens(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::AccessToken)
    }

    /// Puts a digest on the list of what is denied, until this time, or for good: [of a
    /// principal](Digest::of_principal) for what [`Denylisted`](super::Denylisted) asks about, or [of a
    /// credential](Digest::of) of this database, which is refused then. An answer that a cache keeps does not tell
    /// what was shown for it, so a digest that is of no principal empties the caches that hear of it. What is
    /// denied for as long already is no change, and nobody hears of it.
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be changed now.
    pub async fn deny(&self, digest: Digest, until: Option<SystemTime>) -> Result<(), SqlError> {
        let until = until.map_or(i64::MAX, names::millis);
        let of_principal = i64::from(digest.is_of_principal());
        let values = vec![digest.into(), until.into(), of_principal.into()];
        self.change(DENY, values, Change::Denied(digest)).await.map(drop)
    }

    /// Whether a digest is on the list of what is denied, and its time is not over.
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be asked now.
    pub async fn is_denied(&self, digest: Digest) -> Result<bool, SqlError> {
        let rows = self.read(IS_DENIED, vec![digest.into(), self.now().into()]).await?;
        Ok(!rows.is_empty())
    }

    /// Deletes what is over, of every tenant: credentials of every kind that have expired, or were revoked, this
    /// retention time ago or longer, clients with the tokens that were issued to them; and denials whose time is over.
    /// Until then they are in lists, refused as *expired* or *revoked*, and their ids taken; an expired one can be
    /// [prolonged](Credentials::expire). Afterwards they are unknown. Users stay, and so does what is disabled.
    ///
    /// At most a thousand of each, so that it takes no longer than other statements; returns how many there were.
    /// Call it now and then, until it returns 0.
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be changed now.
    pub async fn purge_expired(&self, retention: Duration) -> Result<usize, SqlError> {
        let now = self.now();
        let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let credentials = self.write(PURGE_ENDED, vec![now.saturating_sub(retention).into()]).await?.len();
        let digests = self.write(PURGE_DENIALS, vec![now.into()]).await?.len();
        Ok(credentials + digests)
    }

    /// Whether there is one of this digest. A secret whose overlap is over revokes nothing: whoever found
    /// it could end the one that took its place. One that was revoked before is not changed, and not told again:
    /// who holds it could keep every cache at forgetting.
    pub(super) async fn revoke_digest(&self, digest: Digest) -> Result<bool, SqlError> {
        let values: Vec<Value> = vec![digest.into(), self.now().into()];
        let revoked = self.change_each(REVOKE, values.clone(), Change::Everything, |row| {
            let (kind, tenant, id) = (row.name()?, row.name()?, row.name()?);
            let kind = Kind::named(&kind).ok_or(SqlError::Unreadable)?;
            Ok(Change::Credential { kind, tenant: Some(tenant).filter(|tenant| !tenant.is_empty()), id })
        });
        Ok(revoked.await? > 0 || !self.read(IS_KNOWN, values).await?.is_empty())
    }

    async fn read(&self, template: &str, values: Vec<Value>) -> Result<Vec<Row>, SqlError> {
        let database = &self.shared.database;
        database.read(database.statement(template), values).await
    }

    async fn write(&self, template: &str, values: Vec<Value>) -> Result<Vec<Row>, SqlError> {
        let database = &self.shared.database;
        database.write(database.statement(template), values).await
    }

    /// Whether a statement changed something; then this is told.
    async fn change(&self, template: &str, values: Vec<Value>, change: Change) -> Result<bool, SqlError> {
        let told = change.clone();
        Ok(self.change_each(template, values, change, move |_| Ok(told.clone())).await? > 0)
    }

    /// How many rows a statement changed. Each is told where the statement runs, before anybody has the answer:
    /// a caller may have left by then, or found it too late, and the change is made all the same.
    async fn change_each(
        &self,
        template: &str,
        values: Vec<Value>,
        in_doubt: Change,
        told: impl Fn(&mut Row) -> Result<Change, SqlError> + Send + 'static,
    ) -> Result<usize, SqlError> {
        let Shared { database, hub, listening, .. } = &*self.shared;
        let hub = hub.clone();
        // What is listened to announces by itself what it did, if it did.
        let announced = listening.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let tell = move |done: Result<Vec<Row>, SqlError>| match done {
            Ok(mut rows) => {
                rows.iter_mut().for_each(|row| hub.publish(told(row).unwrap_or(Change::Everything)));
                Ok(rows.len())
            }
            Err(error) => {
                // It may have been made, and who tries again will find nothing to change.
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

    /// The tenant as its column holds it.
    fn column(&self) -> &str {
        self.tenant.as_deref().unwrap_or_default()
    }

    fn now(&self) -> i64 {
        names::millis(self.shared.clock.now())
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
/// Judged once more where it is deleted: somebody may be prolonging it.
const PURGE_ENDED: &str = "DELETE FROM {p}credentials WHERE id IN (
    SELECT id FROM {p}credentials WHERE expires_at <= $1 OR revoked_at <= $1 LIMIT 1000)
AND (expires_at <= $1 OR revoked_at <= $1) RETURNING id";
const PURGE_DENIALS: &str = "DELETE FROM {p}revocations WHERE digest IN (
    SELECT digest FROM {p}revocations WHERE ends_at <= $1 LIMIT 1000) RETURNING digest";
