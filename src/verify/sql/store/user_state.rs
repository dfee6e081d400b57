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
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, NewUser, SqlVerifier};
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let store = verifier.store();
    /// let password = Secret::borrowed("correct horse");
    /// store.users().create("otto", password, NewUser::new()).await?;
    /// let draft = NewCredential::new().user("otto");
    /// let issued = store.access_tokens().create(draft).await?;
    ///
    /// assert!(store.users().disable("otto").await?);
    /// // With the user, the token is not in force.
    /// let token = Credential::AccessToken(issued.secret.reborrow());
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_err());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn disable(&self, name: &str) -> Result<bool, SqlError> {
        self.update(name, "disabled_at = coalesce(disabled_at, $3)", vec![self.0.now().into()]).await
    }

    /// Undoes [`disable`](Self::disable). Returns `true` if there is such a user.
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
    /// use tower_principal::verify::sql::{NewUser, SqlVerifier, State};
    ///
    /// let users =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().users();
    /// users
    ///     .create("otto", Secret::borrowed("correct horse"), NewUser::new())
    ///     .await?;
    /// users.disable("otto").await?;
    /// assert!(users.enable("otto").await?);
    /// let state = users.find("otto").await?.map(|user| user.state);
    /// assert_eq!(state, Some(State::Live));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::Secret;
    /// use tower_principal::verify::sql::{NewCredential, NewUser, SqlVerifier};
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let password = Secret::borrowed("correct horse");
    /// store.users().create("otto", password, NewUser::new()).await?;
    /// let draft = NewCredential::new().id("token-1").user("otto");
    /// store.access_tokens().create(draft).await?;
    ///
    /// assert!(store.users().delete("otto").await?);
    /// assert!(store.access_tokens().find("token-1").await?.is_none());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn delete(&self, name: &str) -> Result<bool, SqlError> {
        self.change(name, DELETE, Vec::new()).await
    }
}

const DELETE: &str = "DELETE FROM {p}users WHERE tenant = $1 AND name = $2 RETURNING id";
