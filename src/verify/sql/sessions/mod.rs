//! Sessions of browsers in the database.

#[cfg(test)]
mod plans;
mod statements;

use std::time::Duration;

use super::store::SqlStore;
use super::{Change, Row, SqlError, Value, names};
use crate::credential::Digest;
use crate::grant::{NewSession, Session, Sessions, StoreError};

/// Sessions of one tenant; from [`SqlStore::sessions`].
///
/// If the user of a session is disabled or has expired, the session is not in force. If the user is
/// deleted, the session is deleted as well. A user that the database does not know may have
/// sessions. Each change is one statement. The statement that ends a session also ends the grants
/// that were made in it, and is published as a change of the user.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tower_principal::Secret;
/// use tower_principal::credential::Digest;
/// use tower_principal::grant::{NewSession, Sessions as _};
/// use tower_principal::verify::sql::{NewUser, SqlVerifier};
///
/// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
/// let (users, sessions) = (store.users(), store.sessions());
/// users.create("alice", Secret::borrowed("correct horse"), NewUser::new()).await?;
///
/// let cookie = Digest::random()?;
/// let draft = NewSession::new(cookie, "alice", Duration::from_secs(3600))?;
/// sessions.create(&draft).await?;
/// assert!(sessions.find(&cookie).await?.is_some());
///
/// users.disable("alice").await?;
/// assert!(sessions.find(&cookie).await?.is_none());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct SqlSessions(SqlStore);

impl SqlStore {
    /// Returns the sessions of browsers, the users that are logged in at an authorization server.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use tower_principal::credential::Digest;
    /// use tower_principal::grant::{NewSession, Sessions as _};
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let cookie = Digest::random()?;
    /// let draft = NewSession::new(cookie, "alice", Duration::from_secs(3600))?;
    /// store.sessions().create(&draft).await?;
    /// // The sessions of a tenant are apart.
    /// let acme = store.tenant("acme")?;
    /// assert!(acme.sessions().find(&cookie).await?.is_none());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn sessions(&self) -> SqlSessions {
        SqlSessions(self.clone())
    }
}

impl Sessions for SqlSessions {
    async fn create(&self, session: &NewSession) -> Result<(), StoreError> {
        let new = Session::from_draft(session, self.0.time()).ok_or(StoreError::Invalid("a lifetime"))?;
        let named = |text: Option<&str>, what| match names::optional(text) {
            Ok(text) => Ok(text),
            Err(_) => Err(StoreError::Invalid(what)),
        };
        let values = vec![
            self.0.column().into(),
            session.digest.into(),
            named(Some(&new.id), "a session id")?.into(),
            named(Some(&new.user), "a user name")?.into(),
            named(new.uuid.as_deref(), "a UUID")?.into(),
            named(new.org.as_deref(), "an organization")?.into(),
            named(new.app.as_deref(), "an application")?.into(),
            names::millis(new.created_at).into(),
            names::millis(new.authenticated_at).into(),
            names::millis(new.expires_at).into(),
        ];
        let rows = self.0.write(statements::CREATE, values).await?;
        if rows.is_empty() { Err(StoreError::UserDeleted) } else { Ok(()) }
    }

    async fn find(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        let values = vec![self.0.column().into(), self.0.now().into(), (*digest).into()];
        let rows = self.0.read(statements::FIND, values).await?;
        Ok(rows.into_iter().next().map(read).transpose()?)
    }

    async fn end(&self, digest: &Digest) -> Result<bool, StoreError> {
        Ok(self.ended(statements::END, (*digest).into()).await? > 0)
    }

    async fn end_all_of(&self, user: &str) -> Result<usize, StoreError> {
        // A name that the database cannot hold is not that of a session.
        if !names::is_name(user) {
            return Ok(0);
        }
        self.ended(statements::END_ALL, user.into()).await
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let before = self.0.now().saturating_sub(retention);
        Ok(self.0.write(statements::PURGE, vec![before.into(), self.0.column().into()]).await?.len())
    }
}

impl SqlSessions {
    /// Runs a statement that ends sessions, publishes it for each user, and returns how many of the
    /// sessions were in force.
    async fn ended(&self, template: &str, what: Value) -> Result<usize, StoreError> {
        let store = self.0.clone();
        let now = store.now();
        let change_of_row = move |row: &mut Row| Ok(store.of_user(&row.name()?));
        let values = vec![self.0.column().into(), now.into(), what];
        let rows = self.0.change_rows(template, values, Change::Everything, change_of_row).await?;
        let mut in_force = 0;
        for mut row in rows {
            row.name()?;
            in_force += usize::from(row.number()? > now);
        }
        Ok(in_force)
    }
}

/// Reads a row of the columns of a session.
fn read(mut row: Row) -> Result<Session, SqlError> {
    Ok(Session {
        id: row.name()?,
        user: row.name()?,
        uuid: row.text()?,
        org: row.text()?,
        app: row.text()?,
        created_at: names::time(row.number()?),
        authenticated_at: names::time(row.number()?),
        expires_at: names::time(row.number()?),
    })
}
