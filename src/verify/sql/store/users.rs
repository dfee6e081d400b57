//! Users with passwords: creates and imports them, and changes passwords.

use zeroize::Zeroizing;

use super::{NewUser, SqlStore};
use crate::credential::Secret;
use crate::verify::sql::{SqlError, Value, names};

/// Users of one tenant; from [`SqlStore::users`].
///
/// A user has the permissions that are granted here and those of the assigned
/// [roles](super::Roles).
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::verify::sql::{NewUser, SqlVerifier};
/// use tower_principal::{Credential, Pair, Secret, Verifier, VerifyContext};
///
/// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
/// let users = verifier.store().users();
/// users
///     .create("alice", Secret::borrowed("correct horse"), NewUser::new())
///     .await?;
/// users.grant("alice", "get:/reports/**").await?;
///
/// let pair =
///     Pair::new(Secret::borrowed("alice"), Secret::borrowed("correct horse"));
/// let alice = verifier
///     .verify(&Credential::Password(pair), &VerifyContext::default())
///     .await?;
/// assert_eq!(alice.id(), Some("alice"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Users(pub(super) SqlStore);

impl Users {
    /// Creates a user. The password is hashed off the reactor and unchanged: never trimmed, folded
    /// or cut.
    ///
    /// # Errors
    ///
    /// [`SqlError::Exists`] if the name is taken (ASCII letters match in any case), or is or was
    /// the UUID of another user of the tenant. Also [`SqlError::Exists`] if the UUID is another
    /// user's name or UUID. [`SqlError::InvalidName`] for a value that cannot be a name.
    /// [`SqlError::ShortSecret`] for an empty password. Other variants if the database cannot be
    /// changed now.
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
    /// let password = || Secret::borrowed("correct horse");
    /// users.create("alice", password(), NewUser::new()).await?;
    /// // ASCII letters match in any case, so no user can imitate another.
    /// let alike = users.create("ALICE", password(), NewUser::new()).await;
    /// assert!(matches!(alike, Err(SqlError::Exists)));
    /// let empty = users.create("bob", Secret::borrowed(""), NewUser::new()).await;
    /// assert!(matches!(empty, Err(SqlError::ShortSecret)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn create(&self, name: &str, password: Secret<'_>, new: NewUser) -> Result<(), SqlError> {
        names::name(name)?;
        let hash = self.hash(&password).await?;
        self.insert(name, hash, new).await
    }

    /// Imports a user by the PHC string of the password's argon2id hash
    /// ([`Passwords::hash`](crate::verify::password::Passwords::hash)).
    ///
    /// Give all hashes the cost of the verifier's
    /// [`passwords`](crate::verify::sql::SqlVerifierBuilder::passwords): with different costs,
    /// response times distinguish users. A hash of an empty password matches nothing.
    ///
    /// With the feature `legacy-hashes`, hashes of bcrypt, scrypt, argon2i and argon2d are imported
    /// as well; see [`Passwords::verify`](crate::verify::password::Passwords::verify). Each is
    /// replaced by an argon2id hash when its user logs in, unless the password was changed in
    /// between.
    ///
    /// # Errors
    ///
    /// [`SqlError::UnusableHash`] if no password can match the hash or its check costs too much.
    /// Other variants as in [`create`](Self::create).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::password::Passwords;
    /// use tower_principal::verify::sql::{NewUser, SqlError, SqlVerifier};
    ///
    /// let users =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().users();
    /// // From the table of another service:
    /// let hash = Passwords::new()?.hash("correct horse")?;
    /// users.import("alice", &hash, NewUser::new().org("acme")).await?;
    /// assert!(users.find("alice").await?.is_some());
    ///
    /// let plain = users.import("bob", "correct horse", NewUser::new()).await;
    /// assert!(matches!(plain, Err(SqlError::UnusableHash(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn import(&self, name: &str, hash: &str, new: NewUser) -> Result<(), SqlError> {
        self.0.shared.passwords.accept(hash)?;
        self.insert(name, names::name(hash)?.to_owned(), new).await
    }

    /// Changes a user's password. Tokens and keys stay valid; see
    /// [`revoke_all_of`](super::Credentials::revoke_all_of).
    ///
    /// # Errors
    ///
    /// [`SqlError::NotFound`] if there is no such user. [`SqlError::ShortSecret`] for an empty
    /// password. Other variants if the database cannot be changed now.
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
    /// let (old, new) =
    ///     (Secret::borrowed("correct horse"), Secret::borrowed("staple"));
    /// users.create("alice", old, NewUser::new()).await?;
    /// users.set_password("alice", new.reborrow()).await?;
    /// let missing = users.set_password("bob", new).await;
    /// assert!(matches!(missing, Err(SqlError::NotFound)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn set_password(&self, name: &str, password: Secret<'_>) -> Result<(), SqlError> {
        names::name(name)?;
        let hash = self.hash(&password).await?;
        match self.update(name, "password_hash = $3", vec![hash.as_str().into()]).await? {
            true => Ok(()),
            false => Err(SqlError::NotFound),
        }
    }

    async fn insert(&self, name: &str, hash: String, new: NewUser) -> Result<(), SqlError> {
        let values = vec![
            self.0.column().into(),
            names::name(name)?.into(),
            hash.as_str().into(),
            names::optional(new.uuid.as_deref())?.into(),
            names::optional(new.org.as_deref())?.into(),
            names::optional(new.app.as_deref())?.into(),
            self.0.now().into(),
            new.expires_at.map(names::millis).into(),
        ];
        // Credentials that were made for this name earlier end with this user.
        self.0.change(INSERT, values, self.0.of_user(name)).await.map(drop)
    }

    pub(super) async fn update(&self, name: &str, what: &str, values: Vec<Value>) -> Result<bool, SqlError> {
        let statement = format!("UPDATE {{p}}users SET {what} WHERE tenant = $1 AND name = $2 RETURNING id");
        self.change(name, &statement, values).await
    }

    pub(super) async fn change(
        &self,
        name: &str,
        statement: &str,
        values: Vec<Value>,
    ) -> Result<bool, SqlError> {
        if !names::is_name(name) {
            return Ok(false);
        }
        let values = [vec![self.0.column().into(), name.into()], values].concat();
        self.0.change(statement, values, self.0.of_user(name)).await
    }

    async fn hash(&self, password: &Secret<'_>) -> Result<String, SqlError> {
        if password.expose_secret().is_empty() {
            return Err(SqlError::ShortSecret);
        }
        let password = Zeroizing::new(password.expose_secret().to_owned());
        Ok(self.0.shared.passwords.hash_later(password).await.map_err(|_| SqlError::Busy)??)
    }
}

const INSERT: &str =
    "INSERT INTO {p}users (tenant, name, password_hash, uuid, org, app, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
