//! Ends, disables and prolongs credentials of one kind.

use std::time::SystemTime;

use super::Credentials;
use crate::verify::sql::{Change, Row, SqlError, names};

impl Credentials {
    /// Ends the secret from before the last rotation now. Returns `true` if there is a credential
    /// of this id that is not revoked.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn end_overlap(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, END_OVERLAP, Vec::new()).await
    }

    /// Disables a credential until it is enabled. Returns `true` if there is one of this id that is
    /// not revoked.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn disable(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, DISABLE, vec![self.store.now().into()]).await
    }

    /// Undoes [`disable`](Self::disable). Returns `true` if there is a credential of this id that
    /// is not revoked.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn enable(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, ENABLE, Vec::new()).await
    }

    /// Revokes a credential permanently. Returns `true` if there was one of this id that was not
    /// revoked before.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn revoke(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, REVOKE, vec![self.store.now().into()]).await
    }

    /// Permanently revokes all credentials that act for this user or belong to the user. Returns
    /// how many.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn revoke_all_of(&self, user: &str) -> Result<usize, SqlError> {
        let values = vec![self.store.column().into(), self.kind.as_str().into(), names::name(user)?.into()];
        let values = [values, vec![self.store.now().into()]].concat();
        let (kind, tenant) = (self.kind, self.store.tenant.as_deref().map(str::to_owned));
        let told =
            move |row: &mut Row| Ok(Change::Credential { kind, tenant: tenant.clone(), id: row.name()? });
        self.store.change_each(REVOKE_ALL, values, self.store.of_user(user), told).await
    }

    /// Changes the time at which a credential ends. Returns `true` if there is one of this id that
    /// is not revoked.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn expire(&self, id: &str, at: Option<SystemTime>) -> Result<bool, SqlError> {
        self.update(id, EXPIRE, vec![at.map(names::millis).into()]).await
    }

    /// Deletes a credential. Returns `true` if there was one of this id, revoked or not.
    ///
    /// Every token that was issued to a client is deleted with it. [`revoke`](Self::revoke) keeps a
    /// credential in lists, and its id and secret taken, until [it is
    /// purged](SqlStore::purge_expired). This keeps nothing: the secret is unknown afterwards, and
    /// id and secret may be used again.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be changed now.
    pub async fn delete(&self, id: &str) -> Result<bool, SqlError> {
        let Ok(id) = names::id(id) else { return Ok(false) };
        let values = vec![self.store.column().into(), self.kind.as_str().into(), id.into()];
        self.store.change(DELETE, values, self.change_of(id)).await
    }
}

const END_OVERLAP: &str = "previous_digest = NULL, previous_until = NULL";
const DISABLE: &str = "disabled_at = coalesce(disabled_at, $4)";
const ENABLE: &str = "disabled_at = NULL";
const REVOKE: &str = "revoked_at = $4";
const EXPIRE: &str = "expires_at = $4";
const DELETE: &str =
    "DELETE FROM {p}credentials WHERE tenant = $1 AND kind = $2 AND public_id = $3 RETURNING id";
const REVOKE_ALL: &str = "UPDATE {p}credentials SET revoked_at = $4
WHERE tenant = $1 AND kind = $2 AND subject = $3 AND revoked_at IS NULL RETURNING public_id";
