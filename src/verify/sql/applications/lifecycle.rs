//! Disables, deletes and lists applications.

use super::{ApplicationRecord, SqlApplications};
use crate::verify::sql::{SqlError, names};

impl SqlApplications {
    /// Ends the secret from before the last rotation now. Returns `true` if the application is
    /// registered.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn end_overlap(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, "previous_digest = NULL, previous_until = NULL", Vec::new()).await
    }

    /// Disables an application until it is enabled. Its tokens are not in force meanwhile. Returns
    /// `true` if it is registered.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn disable(&self, id: &str) -> Result<bool, SqlError> {
        let values = vec![self.0.now().into()];
        self.update(id, "disabled_at = coalesce(disabled_at, $3)", values).await
    }

    /// Undoes [`disable`](Self::disable). Returns `true` if the application is registered.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn enable(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, "disabled_at = NULL", Vec::new()).await
    }

    /// Deletes an application, with all of its grants. Returns `true` if it was registered.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn delete(&self, id: &str) -> Result<bool, SqlError> {
        let Ok(id) = names::id(id) else { return Ok(false) };
        self.0.change(DELETE, vec![self.0.column().into(), id.into()], self.change_of(id)).await
    }

    /// Returns an application with its state, also if it is disabled.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be asked now.
    pub async fn record(&self, id: &str) -> Result<Option<ApplicationRecord>, SqlError> {
        let Ok(id) = names::id(id) else { return Ok(None) };
        Ok(self.select("public_id = $2", vec![id.into()]).await?.into_iter().next())
    }

    /// Returns the applications whose ids come after this one, in the database's order. Returns at
    /// most `limit`, and never more than a thousand.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be asked now.
    pub async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<ApplicationRecord>, SqlError> {
        let after = after.map(names::id).transpose()?.unwrap_or_default();
        let values = vec![after.into(), i64::from(limit.min(1_000)).into()];
        self.select("public_id > $2 ORDER BY public_id LIMIT $3", values).await
    }
}

const DELETE: &str = "DELETE FROM {p}credentials
WHERE tenant = $1 AND kind = 'client' AND public_id = $2 AND application IS NOT NULL RETURNING id";
