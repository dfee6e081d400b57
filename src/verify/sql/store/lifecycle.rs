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
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let issued = keys.create(NewCredential::new().owner("alice")).await?;
    /// keys.rotate(&issued.id, Duration::from_secs(24 * 3600)).await?;
    ///
    /// // The old secret has leaked, so it must not last for the rest of the day.
    /// assert!(keys.end_overlap(&issued.id).await?);
    /// let key = keys.find(&issued.id).await?.ok_or("no key")?;
    /// assert_eq!(key.previous_until, None);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn end_overlap(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, END_OVERLAP, Vec::new()).await
    }

    /// Disables a credential until it is enabled. Returns `true` if there is one of this id that is
    /// not revoked.
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
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier, State};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let issued = keys.create(NewCredential::new().owner("alice")).await?;
    /// assert!(keys.disable(&issued.id).await?);
    /// let state = keys.find(&issued.id).await?.map(|key| key.state);
    /// assert_eq!(state, Some(State::Disabled));
    ///
    /// assert!(!keys.disable("no-such-key").await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn disable(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, DISABLE, vec![self.store.now().into()]).await
    }

    /// Undoes [`disable`](Self::disable). Returns `true` if there is a credential of this id that
    /// is not revoked.
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
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier, State};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let issued = keys.create(NewCredential::new().owner("alice")).await?;
    /// keys.disable(&issued.id).await?;
    /// assert!(keys.enable(&issued.id).await?);
    /// let state = keys.find(&issued.id).await?.map(|key| key.state);
    /// assert_eq!(state, Some(State::Live));
    ///
    /// // A revoked credential is never in force again.
    /// keys.revoke(&issued.id).await?;
    /// assert!(!keys.enable(&issued.id).await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn enable(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, ENABLE, Vec::new()).await
    }

    /// Revokes a credential permanently. Returns `true` if there was one of this id that was not
    /// revoked before.
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
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    /// use tower_principal::{Credential, Verifier, VerifyContext};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let tokens = verifier.store().access_tokens();
    /// let issued = tokens.create(NewCredential::new().user("otto")).await?;
    /// let token = Credential::AccessToken(issued.secret.reborrow());
    /// let context = VerifyContext::default();
    /// assert!(verifier.verify(&token, &context).await.is_ok());
    ///
    /// assert!(tokens.revoke(&issued.id).await?);
    /// assert!(verifier.verify(&token, &context).await.is_err());
    /// // It was revoked before.
    /// assert!(!tokens.revoke(&issued.id).await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn revoke(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, REVOKE, vec![self.store.now().into()]).await
    }

    /// Permanently revokes all credentials that act for this user or belong to the user. Returns
    /// how many.
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
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let tokens = store.access_tokens();
    /// for _ in 0..3 {
    ///     tokens.create(NewCredential::new().user("otto")).await?;
    /// }
    /// tokens.create(NewCredential::new().user("olga")).await?;
    ///
    /// // At a change of the password. Other kinds need a call of their own.
    /// assert_eq!(tokens.revoke_all_of("otto").await?, 3);
    /// assert_eq!(store.api_keys().revoke_all_of("otto").await?, 0);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn revoke_all_of(&self, user: &str) -> Result<usize, SqlError> {
        let values = vec![self.store.column().into(), self.kind.as_str().into(), names::name(user)?.into()];
        let values = [values, vec![self.store.now().into()]].concat();
        let (kind, tenant) = (self.kind, self.store.tenant.as_deref().map(str::to_owned));
        let change_of_row =
            move |row: &mut Row| Ok(Change::Credential { kind, tenant: tenant.clone(), id: row.name()? });
        self.store.change_each(REVOKE_ALL, values, self.store.of_user(user), change_of_row).await
    }

    /// Changes the time at which a credential ends. Returns `true` if there is one of this id that
    /// is not revoked.
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
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let issued = keys.create(NewCredential::new().owner("alice")).await?;
    ///
    /// let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    /// assert!(keys.expire(&issued.id, Some(end)).await?);
    /// let key = keys.find(&issued.id).await?.ok_or("no key")?;
    /// assert_eq!(key.expires_at, Some(end));
    /// // Without an end again:
    /// assert!(keys.expire(&issued.id, None).await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn expire(&self, id: &str, at: Option<SystemTime>) -> Result<bool, SqlError> {
        self.update(id, EXPIRE, vec![at.map(names::millis).into()]).await
    }

    /// Deletes a credential. Returns `true` if there was one of this id, revoked or not.
    ///
    /// Every token that was issued to a client is deleted with it. [`revoke`](Self::revoke) keeps a
    /// credential in lists, and its id and secret taken, until [it is
    /// purged](super::SqlStore::purge_expired). This keeps nothing: the secret is unknown
    /// afterwards, and id and secret may be used again.
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
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let draft = NewCredential::new().id("key-1").owner("alice");
    /// keys.create(draft.clone()).await?;
    /// assert!(keys.delete("key-1").await?);
    ///
    /// assert!(keys.find("key-1").await?.is_none());
    /// // The id is free again.
    /// assert!(keys.create(draft).await.is_ok());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
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
