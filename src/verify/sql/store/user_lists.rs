//! Look-ups and lists of users.

use super::{UserRecord, Users};
use crate::verify::sql::{SqlError, Value, names};

impl Users {
    /// Returns the user of this name.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be asked now.
    pub async fn find(&self, name: &str) -> Result<Option<UserRecord>, SqlError> {
        if !names::is_name(name) {
            return Ok(None);
        }
        Ok(self.select("name = $2", vec![name.into()]).await?.into_iter().next())
    }

    /// Returns the users whose names come after this one, in the database's order. Returns at most
    /// `limit`, and never more than a thousand.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be asked now.
    pub async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<UserRecord>, SqlError> {
        let after = after.map(names::name).transpose()?.unwrap_or_default();
        let values = vec![after.into(), i64::from(limit.min(1_000)).into()];
        self.select("name > $2 ORDER BY name LIMIT $3", values).await
    }

    async fn select(&self, condition: &str, values: Vec<Value>) -> Result<Vec<UserRecord>, SqlError> {
        let columns = UserRecord::COLUMNS;
        let statement = format!("SELECT {columns} FROM {{p}}users WHERE tenant = $1 AND {condition}");
        let values = [vec![self.0.column().into()], values].concat();
        self.0.read(&statement, values).await?.iter_mut().map(UserRecord::read).collect()
    }
}
