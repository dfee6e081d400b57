//! Roles, which are groups of users with permissions.

use super::SqlStore;
use crate::principal::Permission;
use crate::verify::sql::{Change, SqlError, Value, names};

/// Roles of one tenant; from [`SqlStore::roles`].
///
/// The name of a role is a group of every user to which it is assigned; see
/// [`policy::group`](crate::policy::group()). If a key or an access token of the user has no
/// permissions of its own, it has the user's groups as well. They count in the user's organization
/// and application.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::verify::sql::SqlVerifier;
///
/// let roles =
///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().roles();
/// roles.create("editor", ["get,put:/reports/*"]).await?;
/// roles.allow("editor", "get:/users/me").await?;
/// assert_eq!(
///     roles.permissions("editor").await?,
///     ["get,put:/reports/*", "get:/users/me"]
/// );
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Roles(pub(super) SqlStore);

impl Roles {
    /// Creates a role with these permissions. Each permission is a statement of its own. If the
    /// creation is interrupted, the role allows less, and [`allow`](Self::allow) completes it.
    ///
    /// # Errors
    ///
    /// [`SqlError::Exists`] if there is a role of this name. [`SqlError::InvalidName`] or
    /// [`SqlError::InvalidPermission`] if a text is not a name or a permission. Other variants if
    /// the database cannot be changed now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{SqlError, SqlVerifier};
    ///
    /// let roles =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().roles();
    /// roles.create("editor", ["get,put:/reports/*"]).await?;
    /// let again = roles.create("editor", []).await;
    /// assert!(matches!(again, Err(SqlError::Exists)));
    /// let invalid = roles.create("writer", ["patch:/reports"]).await;
    /// assert!(matches!(invalid, Err(SqlError::InvalidPermission(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn create<'p>(
        &self,
        role: impl AsRef<str> + Send,
        permissions: impl IntoIterator<Item = &'p str> + Send,
    ) -> Result<(), SqlError> {
        let role = role.as_ref();
        let permissions: Vec<&str> = permissions.into_iter().collect();
        for permission in &permissions {
            permission.parse::<Permission>()?;
        }
        self.0.write(CREATE, vec![self.0.column().into(), names::name(role)?.into()]).await?;
        for permission in permissions {
            self.allow(role, permission).await?;
        }
        Ok(())
    }

    /// Deletes a role. Returns `true` if there was one.
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
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let roles =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().roles();
    /// roles.create("editor", ["get,put:/reports/*"]).await?;
    /// // Users with the role lose its permissions at once.
    /// assert!(roles.delete("editor").await?);
    /// assert!(!roles.delete("editor").await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn delete(&self, role: impl AsRef<str> + Send) -> Result<bool, SqlError> {
        self.change(DELETE, role.as_ref(), Vec::new()).await
    }

    /// Adds a permission to a role. Returns `true` if there is such a role.
    ///
    /// # Errors
    ///
    /// [`SqlError::InvalidPermission`] if the text is not a permission. Other variants if the
    /// database cannot be changed now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let roles =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().roles();
    /// roles.create("reader", []).await?;
    /// assert!(roles.allow("reader", "get:/users/${user}/**").await?);
    /// assert!(!roles.allow("no-such-role", "get:/**").await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn allow(&self, role: impl AsRef<str> + Send, permission: &str) -> Result<bool, SqlError> {
        permission.parse::<Permission>()?;
        self.change(ALLOW, role.as_ref(), vec![names::name(permission)?.into()]).await
    }

    /// Removes a permission from a role, given in the text with which it was added. Returns `true`
    /// if the role had it in that text.
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
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let roles =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().roles();
    /// roles.create("editor", ["get,put:/reports/*"]).await?;
    /// // The text counts, not its meaning.
    /// assert!(!roles.forbid("editor", "put,get:/reports/*").await?);
    /// assert!(roles.forbid("editor", "get,put:/reports/*").await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn forbid(&self, role: impl AsRef<str> + Send, permission: &str) -> Result<bool, SqlError> {
        self.change(FORBID, role.as_ref(), vec![names::name(permission)?.into()]).await
    }

    /// Returns the permissions of a role, in order. Returns none if there is no such role.
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
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let roles =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().roles();
    /// roles.create("editor", ["put:/reports/*", "get:/reports/*"]).await?;
    /// assert_eq!(
    ///     roles.permissions("editor").await?,
    ///     ["get:/reports/*", "put:/reports/*"]
    /// );
    /// assert!(roles.permissions("no-such-role").await?.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn permissions(&self, role: impl AsRef<str> + Send) -> Result<Vec<String>, SqlError> {
        self.names(PERMISSIONS, role.as_ref()).await
    }

    /// Returns the first thousand roles whose names come after this one, in the database's order.
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
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let roles =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().roles();
    /// roles.create("editor", []).await?;
    /// roles.create("reader", []).await?;
    /// assert_eq!(roles.list(None).await?, ["editor", "reader"]);
    /// assert_eq!(roles.list(Some("editor")).await?, ["reader"]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn list(&self, after: Option<&str>) -> Result<Vec<String>, SqlError> {
        let after = after.map(names::name).transpose()?.unwrap_or_default();
        let rows = self.0.read(LIST, vec![self.0.column().into(), after.into()]).await?;
        rows.into_iter().map(|mut row| row.name()).collect()
    }

    pub(super) async fn names(&self, statement: &str, of: &str) -> Result<Vec<String>, SqlError> {
        if !names::is_name(of) {
            return Ok(Vec::new());
        }
        let rows = self.0.read(statement, vec![self.0.column().into(), of.into()]).await?;
        rows.into_iter().map(|mut row| row.name()).collect()
    }

    /// Changes a role, which concerns all users that have it.
    async fn change(&self, statement: &str, role: &str, values: Vec<Value>) -> Result<bool, SqlError> {
        if !names::is_name(role) {
            return Ok(false);
        }
        let values = [vec![self.0.column().into(), role.into()], values].concat();
        self.0.change(statement, values, Change::Everything).await
    }
}

const CREATE: &str = "INSERT INTO {p}roles (tenant, name) VALUES ($1, $2) RETURNING id";
const DELETE: &str = "DELETE FROM {p}roles WHERE tenant = $1 AND name = $2 RETURNING id";
const ALLOW: &str = "INSERT INTO {p}role_permissions (role_id, permission)
SELECT id, $3 FROM {p}roles WHERE tenant = $1 AND name = $2
ON CONFLICT (role_id, permission) DO UPDATE SET permission = excluded.permission RETURNING role_id";
const FORBID: &str = "DELETE FROM {p}role_permissions WHERE permission = $3
AND role_id = (SELECT id FROM {p}roles WHERE tenant = $1 AND name = $2) RETURNING role_id";
const PERMISSIONS: &str =
    "SELECT rp.permission FROM {p}role_permissions rp JOIN {p}roles r ON r.id = rp.role_id
WHERE r.tenant = $1 AND r.name = $2 ORDER BY rp.permission";
const LIST: &str = "SELECT name FROM {p}roles WHERE tenant = $1 AND name > $2 ORDER BY name LIMIT 1000";
