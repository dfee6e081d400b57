//! Functions that change a database of credentials.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use super::{Change, Row, Shared, SqlError, Value, names};

mod assignments;
mod credentials;
mod denials;
mod draft;
mod issued;
mod lifecycle;
mod lists;
mod parts;
mod records;
mod roles;
mod user_lists;
mod user_permissions;
mod user_state;
mod users;

pub use self::credentials::Credentials;
pub use self::draft::{NewCredential, NewUser};
pub use self::issued::Issued;
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
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlError, SqlVerifier};
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let acme = store.clone().tenant("acme")?.api_keys();
    /// acme.create(NewCredential::new().id("key-1")).await?;
    ///
    /// // The same id is free at another tenant, and unknown there.
    /// assert!(
    ///     store
    ///         .clone()
    ///         .tenant("rival")?
    ///         .api_keys()
    ///         .find("key-1")
    ///         .await?
    ///         .is_none()
    /// );
    /// assert!(matches!(store.tenant(""), Err(SqlError::InvalidName)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn tenant(mut self, tenant: &str) -> Result<Self, SqlError> {
        self.tenant = Some(names::name(tenant)?.into());
        Ok(self)
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
        let change_of_row = change.clone();
        Ok(self.change_each(template, values, change, move |_| Ok(change_of_row.clone())).await? > 0)
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
        change_of_row: impl Fn(&mut Row) -> Result<Change, SqlError> + Send + 'static,
    ) -> Result<usize, SqlError> {
        Ok(self.change_rows(template, values, in_doubt, change_of_row).await?.len())
    }

    /// Runs a statement as [`change_each`](Self::change_each) does, and returns the changed rows.
    pub(super) async fn change_rows(
        &self,
        template: &str,
        values: Vec<Value>,
        in_doubt: Change,
        change_of_row: impl Fn(&mut Row) -> Result<Change, SqlError> + Send + 'static,
    ) -> Result<Vec<Row>, SqlError> {
        let Shared { database, hub, listening, .. } = &*self.shared;
        let hub = hub.clone();
        // A database that is listened to announces by itself what it changed, if it changed
        // anything.
        let announced = listening.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let publish = move |done: Result<Vec<Row>, SqlError>| match done {
            Ok(rows) => {
                let published = rows.iter().cloned();
                published
                    .for_each(|mut row| hub.publish(change_of_row(&mut row).unwrap_or(Change::Everything)));
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
        database.write_then(database.statement(template), values, publish).await
    }

    pub(super) fn of_user(&self, name: &str) -> Change {
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
