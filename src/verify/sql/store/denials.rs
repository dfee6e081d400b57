//! The denial list, and the deletion of rows that have ended.

use std::time::{Duration, SystemTime};

use super::SqlStore;
use crate::verify::sql::{Change, Digest, Kind, SqlError, Value, names};

impl SqlStore {
    /// Puts a digest on the denial list until this time. With `None` it stays there forever.
    ///
    /// A digest [of a principal](Digest::from_principal) is the one that
    /// [`Denylisted`](crate::verify::sql::Denylisted) looks up. A digest
    /// [of a credential](Digest::from_credential) of this database makes the database refuse that
    /// credential. A cached answer does not record the credential that was presented for it. So a
    /// digest that is not of a principal clears every cache that receives the change. If the digest
    /// is already denied for at least as long, nothing changes and no change is published.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::{Duration, SystemTime};
    /// use tower_principal::credential::Digest;
    /// use tower_principal::verify::sql::SqlVerifier;
    /// use tower_principal::{OAuthUser, Principal};
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// // At log-out, from the principal of the request: its JWT ends by its `jti`.
    /// let otto: Principal = OAuthUser::new("otto")
    ///     .with_issuer("https://login.example")
    ///     .with_credential_id("jti-1")
    ///     .into();
    /// let digest = Digest::from_principal(&otto).ok_or("no credential id")?;
    /// let until = SystemTime::now() + Duration::from_secs(3600);
    /// store.deny(digest, Some(until)).await?;
    /// assert!(store.is_denied(digest).await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::Secret;
    /// use tower_principal::credential::Digest;
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let digest = Digest::from_access_token(&Secret::borrowed("a.b.c"), None);
    /// assert!(!store.is_denied(digest).await?);
    /// store.deny(digest, None).await?;
    /// assert!(store.is_denied(digest).await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn is_denied(&self, digest: Digest) -> Result<bool, SqlError> {
        let rows = self.read(IS_DENIED, vec![digest.into(), self.now().into()]).await?;
        Ok(!rows.is_empty())
    }

    /// Deletes ended credentials, sessions and denials of every tenant.
    ///
    /// A credential of any kind is deleted if it expired or was revoked at least this retention
    /// time ago. A client is deleted with the tokens that were issued to it. A session is deleted
    /// if it expired or ended at least this retention time ago, and a denial when its time is over.
    /// Until then a credential is listed and refused as *expired* or *revoked*, and its id is
    /// taken. An expired one can be [prolonged](super::Credentials::expire). After the deletion it
    /// is unknown. Users and disabled credentials stay.
    ///
    /// Deletes at most a thousand of each, so that it takes no longer than other statements.
    /// Returns how many it deleted. Call it now and then, until it returns 0.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
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
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let keys = store.api_keys();
    /// let issued = keys.create(NewCredential::new().owner("alice")).await?;
    /// keys.revoke(&issued.id).await?;
    ///
    /// // Lists show what was revoked in the last 90 days.
    /// let quarter = Duration::from_secs(90 * 24 * 3600);
    /// while store.purge_expired(quarter).await? > 0 {}
    /// assert!(keys.find(&issued.id).await?.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn purge_expired(&self, retention: Duration) -> Result<usize, SqlError> {
        let now = self.now();
        let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let before = now.saturating_sub(retention);
        let credentials = self.write(PURGE_ENDED, vec![before.into()]).await?.len();
        let sessions = self.write(PURGE_SESSIONS, vec![before.into()]).await?.len();
        self.write(PURGE_DEPARTURES, vec![now.into()]).await?;
        let digests = self.write(PURGE_DENIALS, vec![now.into()]).await?.len();
        Ok(credentials + sessions + digests)
    }

    /// Revokes the credential of this digest and returns `true` if there is one.
    ///
    /// A secret whose overlap is over revokes nothing: otherwise a person with an old secret could
    /// end its replacement. A credential that is already revoked is not changed and not published
    /// again. Otherwise its holder could keep every cache evicting.
    pub(in crate::verify::sql) async fn revoke_digest(&self, digest: Digest) -> Result<bool, SqlError> {
        let values: Vec<Value> = vec![digest.into(), self.now().into()];
        let revoked = self.change_each(REVOKE, values.clone(), Change::Everything, |row| {
            let (kind, tenant, id) = (row.name()?, row.name()?, row.name()?);
            let kind = Kind::named(&kind).ok_or(SqlError::Unreadable)?;
            Ok(Change::Credential { kind, tenant: Some(tenant).filter(|tenant| !tenant.is_empty()), id })
        });
        Ok(revoked.await? > 0 || !self.read(IS_KNOWN, values).await?.is_empty())
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
const PURGE_SESSIONS: &str = "DELETE FROM {p}sessions WHERE digest IN (
    SELECT digest FROM {p}sessions WHERE expires_at <= $1
    UNION SELECT digest FROM {p}sessions WHERE ended_at <= $1 LIMIT 1000)
AND (expires_at <= $1 OR ended_at <= $1) RETURNING digest";
/// Names that are free again for users that the database does not know.
const PURGE_DEPARTURES: &str = "DELETE FROM {p}departures WHERE deleted_at <= $1 - 3600000 RETURNING name";
const PURGE_DENIALS: &str = "DELETE FROM {p}revocations WHERE digest IN (
    SELECT digest FROM {p}revocations WHERE ends_at <= $1 LIMIT 1000) RETURNING digest";
