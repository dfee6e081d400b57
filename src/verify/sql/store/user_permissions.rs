//! Grants permissions to users and withdraws them.

use super::Users;
use crate::principal::Permission;
use crate::verify::sql::{SqlError, names};

impl Users {
    /// Grants a permission, such as `get,put:/users/${user}/**`. Returns `true` if there is such a
    /// user.
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
    /// use tower_principal::Secret;
    /// use tower_principal::verify::sql::{NewUser, SqlError, SqlVerifier};
    ///
    /// let users =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().users();
    /// users
    ///     .create("alice", Secret::borrowed("correct horse"), NewUser::new())
    ///     .await?;
    /// assert!(users.grant("alice", "get,put:/users/${user}/**").await?);
    /// assert!(!users.grant("bob", "get:/**").await?);
    /// let invalid = users.grant("alice", "read:/reports").await;
    /// assert!(matches!(invalid, Err(SqlError::InvalidPermission(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn grant(&self, name: &str, permission: &str) -> Result<bool, SqlError> {
        permission.parse::<Permission>()?;
        self.change(name, GRANT, vec![names::name(permission)?.into()]).await
    }

    /// Withdraws a permission, given in the text with which it was granted. Returns `true` if the
    /// user held it in that text.
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
    /// use tower_principal::Secret;
    /// use tower_principal::verify::sql::{NewUser, SqlVerifier};
    ///
    /// let users =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().users();
    /// users
    ///     .create("alice", Secret::borrowed("correct horse"), NewUser::new())
    ///     .await?;
    /// users.grant("alice", "get:/reports/**").await?;
    /// assert!(users.withdraw("alice", "get:/reports/**").await?);
    /// assert!(!users.withdraw("alice", "get:/reports/**").await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn withdraw(&self, name: &str, permission: &str) -> Result<bool, SqlError> {
        self.change(name, WITHDRAW, vec![names::name(permission)?.into()]).await
    }
}

const GRANT: &str = "INSERT INTO {p}user_permissions (user_id, permission)
SELECT id, $3 FROM {p}users WHERE tenant = $1 AND name = $2
ON CONFLICT (user_id, permission) DO UPDATE SET permission = excluded.permission RETURNING user_id";
const WITHDRAW: &str = "DELETE FROM {p}user_permissions WHERE permission = $3
AND user_id = (SELECT id FROM {p}users WHERE tenant = $1 AND name = $2) RETURNING user_id";
