//! People with passwords.

use zeroize::Zeroizing;

use super::{NewUser, SqlStore, UserRecord};
use crate::credential::Secret;
use crate::principal::Permission;
use crate::verify::sql::{SqlError, Value, names};

/// The users of one tenant; from [`SqlStore::users`].
///
/// A user's permissions are those granted here and those of the [roles](super::Roles) that were assigned.
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
/// users.create("alice", Secret::borrowed("correct horse"), NewUser::new()).await?;
/// users.grant("alice", "get:/reports/**").await?;
///
/// let pair = Pair::new(Secret::borrowed("alice"), Secret::borrowed("correct horse"));
/// let alice = verifier.verify(&Credential::Password(pair), &VerifyContext::default()).await?;
/// assert_eq!(alice.id(), Some("alice"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Users(pub(super) SqlStore);

impl Users {
    /// Makes a user. The password is hashed off the reactor, as it is: never trimmed, folded or cut.
    ///
    /// # Errors
    ///
    /// [`SqlError::Exists`] if the name is taken, also in other case of ASCII letters; if the name is or was
    /// the UUID of another user of the tenant, or the UUID is another's name or UUID; [`SqlError::InvalidName`] for what cannot be one;
    /// [`SqlError::ShortSecret`] for an empty password; others where the database cannot be changed now.
    pub async fn create(&self, name: &str, password: Secret<'_>, new: NewUser) -> Result<(), SqlError> {
        names::name(name)?;
        let hash = self.hash(&password).await?;
        self.insert(name, hash, new).await
    }

    /// Takes a user over by the PHC string of the password's argon2id hash
    /// ([`Passwords::hash`](crate::verify::password::Passwords::hash)). Give all the same cost, that of the verifier's
    /// [`passwords`](crate::verify::sql::SqlVerifierBuilder::passwords): another one tells users apart by
    /// time. A hash of an empty password matches nothing.
    ///
    /// With the feature `legacy-hashes` also hashes of bcrypt, scrypt, argon2i and argon2d are imported;
    /// see [`Passwords::verify`](crate::verify::password::Passwords::verify). Each is replaced by one of argon2id when its
    /// user logs in, unless the password was changed in between.
    ///
    /// # Errors
    ///
    /// [`SqlError::UnusableHash`] for a hash that no password can match or that costs too much to check;
    /// others as [`create`](Self::create).
    pub async fn import(&self, name: &str, hash: &str, new: NewUser) -> Result<(), SqlError> {
        self.0.shared.passwords.accept(hash)?;
        self.insert(name, names::name(hash)?.to_owned(), new).await
    }

    /// Changes a user's password. Tokens and keys live on; see
    /// [`revoke_all_of`](super::Credentials::revoke_all_of).
    ///
    /// # Errors
    ///
    /// [`SqlError::NotFound`] where there is no such user; [`SqlError::ShortSecret`] for an empty password; others
    /// where the database cannot be changed now.
    pub async fn set_password(&self, name: &str, password: Secret<'_>) -> Result<(), SqlError> {
        names::name(name)?;
        let hash = self.hash(&password).await?;
        match self.update(name, "password_hash = $3", vec![hash.as_str().into()]).await? {
            true => Ok(()),
            false => Err(SqlError::NotFound),
        }
    }

    /// Disables a user, with every key, client and token that is theirs by its link or, where it was made before
    /// them, by their name; says whether there is such a user.
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be changed now.
    pub async fn disable(&self, name: &str) -> Result<bool, SqlError> {
        self.update(name, "disabled_at = coalesce(disabled_at, $3)", vec![self.0.now().into()]).await
    }

    /// Undoes [`disable`](Self::disable); says whether there is such a user.
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be changed now.
    pub async fn enable(&self, name: &str) -> Result<bool, SqlError> {
        self.update(name, "disabled_at = NULL", Vec::new()).await
    }

    /// Deletes a user with every key and token that was linked to them when it was made, so that nobody
    /// inherits these with the name; says whether there was such a user. What was made before the user has only the
    /// name, and stays: see [`revoke_all_of`](super::Credentials::revoke_all_of).
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be changed now.
    pub async fn delete(&self, name: &str) -> Result<bool, SqlError> {
        self.change(name, DELETE, Vec::new()).await
    }

    /// Grants a permission, such as `get,put:/users/${user}/**`; says whether there is such a user.
    ///
    /// # Errors
    ///
    /// [`SqlError::InvalidPermission`] for what is none; others where the database cannot be changed now.
    pub async fn grant(&self, name: &str, permission: &str) -> Result<bool, SqlError> {
        permission.parse::<Permission>()?;
        self.change(name, GRANT, vec![names::name(permission)?.into()]).await
    }

    /// Withdraws a permission, in the words it was granted in; says whether the user held it so.
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be changed now.
    pub async fn withdraw(&self, name: &str, permission: &str) -> Result<bool, SqlError> {
        self.change(name, WITHDRAW, vec![names::name(permission)?.into()]).await
    }

    /// The user of this name.
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be asked now.
    pub async fn find(&self, name: &str) -> Result<Option<UserRecord>, SqlError> {
        if !names::is_name(name) {
            return Ok(None);
        }
        Ok(self.select("name = $2", vec![name.into()]).await?.into_iter().next())
    }

    /// Those whose names come after this one, in the database's order: at most `limit`, and never more
    /// than a thousand.
    ///
    /// # Errors
    ///
    /// [`SqlError`] where the database cannot be asked now.
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
        // What was made for this name before ends with this user.
        self.0.change(INSERT, values, self.0.of_user(name)).await.map(drop)
    }

    async fn update(&self, name: &str, what: &str, values: Vec<Value>) -> Result<bool, SqlError> {
        let statement = format!("UPDATE {{p}}users SET {what} WHERE tenant = $1 AND name = $2 RETURNING id");
        self.change(name, &statement, values).await
    }

    async fn change(&self, name: &str, statement: &str, values: Vec<Value>) -> Result<bool, SqlError> {
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
const DELETE: &str = "DELETE FROM {p}users WHERE tenant = $1 AND name = $2 RETURNING id";
const GRANT: &str = "INSERT INTO {p}user_permissions (user_id, permission)
SELECT id, $3 FROM {p}users WHERE tenant = $1 AND name = $2
ON CONFLICT (user_id, permission) DO UPDATE SET permission = excluded.permission RETURNING user_id";
const WITHDRAW: &str = "DELETE FROM {p}user_permissions WHERE permission = $3
AND user_id = (SELECT id FROM {p}users WHERE tenant = $1 AND name = $2) RETURNING user_id";
