//! Assignments of roles to users.

use super::Roles;
use crate::verify::sql::{SqlError, names};

impl Roles {
    /// Assigns a role to a user. Returns `true` if both exist.
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
    /// use tower_principal::principal::Operation;
    /// use tower_principal::verify::sql::{NewUser, SqlVerifier};
    /// use tower_principal::{Credential, Pair, Secret, Verifier, VerifyContext};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let store = verifier.store();
    /// let password = Secret::borrowed("correct horse");
    /// store.users().create("alice", password.reborrow(), NewUser::new()).await?;
    /// store.roles().create("editor", ["put:/reports/*"]).await?;
    /// assert!(store.roles().assign("editor", "alice").await?);
    /// assert!(!store.roles().assign("editor", "no-such-user").await?);
    ///
    /// let pair = Pair::new(Secret::borrowed("alice"), password);
    /// let credential = Credential::Password(pair);
    /// let alice = verifier.verify(&credential, &VerifyContext::default()).await?;
    /// assert!(alice.may(Operation::Put, "/reports/2026"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn assign(&self, role: impl AsRef<str> + Send, user: &str) -> Result<bool, SqlError> {
        self.with_user(ASSIGN, role.as_ref(), user).await
    }

    /// Removes a role from a user. Returns `true` if the user had it.
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
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let password = Secret::borrowed("correct horse");
    /// store.users().create("alice", password, NewUser::new()).await?;
    /// store.roles().create("editor", []).await?;
    /// store.roles().assign("editor", "alice").await?;
    /// assert!(store.roles().unassign("editor", "alice").await?);
    /// assert!(!store.roles().unassign("editor", "alice").await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn unassign(&self, role: impl AsRef<str> + Send, user: &str) -> Result<bool, SqlError> {
        self.with_user(UNASSIGN, role.as_ref(), user).await
    }

    /// Returns the roles of a user, in order. Returns none if there is no such user.
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
    /// use tower_principal::verify::sql::{NewUser, SqlVerifier};
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let password = Secret::borrowed("correct horse");
    /// store.users().create("alice", password, NewUser::new()).await?;
    /// for role in ["reader", "editor"] {
    ///     store.roles().create(role, []).await?;
    ///     store.roles().assign(role, "alice").await?;
    /// }
    /// assert_eq!(store.roles().of_user("alice").await?, ["editor", "reader"]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn of_user(&self, user: &str) -> Result<Vec<String>, SqlError> {
        self.names(OF_USER, user).await
    }

    async fn with_user(&self, statement: &str, role: &str, user: &str) -> Result<bool, SqlError> {
        if !names::is_name(role) || !names::is_name(user) {
            return Ok(false);
        }
        let values = vec![self.0.column().into(), role.into(), user.into()];
        self.0.change(statement, values, self.0.of_user(user)).await
    }
}

const ASSIGN: &str = "INSERT INTO {p}assignments (user_id, role_id)
SELECT u.id, r.id FROM {p}users u, {p}roles r
WHERE u.tenant = $1 AND u.name = $3 AND r.tenant = $1 AND r.name = $2
ON CONFLICT (user_id, role_id) DO UPDATE SET role_id = excluded.role_id RETURNING user_id";
const UNASSIGN: &str = "DELETE FROM {p}assignments
WHERE user_id = (SELECT id FROM {p}users WHERE tenant = $1 AND name = $3)
AND role_id = (SELECT id FROM {p}roles WHERE tenant = $1 AND name = $2) RETURNING user_id";
const OF_USER: &str = "SELECT r.name FROM {p}roles r JOIN {p}assignments ur ON ur.role_id = r.id
JOIN {p}users u ON u.id = ur.user_id WHERE u.tenant = $1 AND u.name = $2 ORDER BY r.name";
