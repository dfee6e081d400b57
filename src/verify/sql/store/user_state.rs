//! Disables, enables and deletes users.

use super::Users;
use crate::verify::sql::SqlError;

impl Users {
    /// Disables a user and the user's keys, clients and tokens. Returns `true` if there is such a
    /// user.
    ///
    /// A credential belongs to the user by its link or, if it was made before the user, by the
    /// name.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn disable(&self, name: &str) -> Result<bool, SqlError> {
        self.update(name, "disabled_at = coalesce(disabled_at, $3)", vec![self.0.now().into()]).await
    }

    /// Undoes [`disable`](Self::disable). Returns `true` if there is such a user.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn enable(&self, name: &str) -> Result<bool, SqlError> {
        self.update(name, "disabled_at = NULL", Vec::new()).await
    }

    /// Deletes a user and the credentials that were linked to the user when they were made.
    ///
    /// A later user of the same name does not inherit these. Returns `true` if there was such a
    /// user. Credentials that were made before the user have only the name, and stay: see
    /// [`revoke_all_of`](super::Credentials::revoke_all_of).
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn delete(&self, name: &str) -> Result<bool, SqlError> {
        self.change(name, DELETE, Vec::new()).await
    }
}

const DELETE: &str = "DELETE FROM {p}users WHERE tenant = $1 AND name = $2 RETURNING id";
