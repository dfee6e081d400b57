//! Registered applications in the database.

mod description;
mod import;
mod lifecycle;
mod record;

use self::description::describe;
pub use self::record::ApplicationRecord;
use super::store::SqlStore;
use super::{Change, Kind, Row, SqlError, Value, names};
use crate::credential::{ClientKind, Credential, Digest, Pair, Secret, TokenFormat};
use crate::grant::{Application, Applications, StoreError};

/// Registered applications of one tenant; from [`SqlStore::applications`].
///
/// An application is a client of the database. Its tokens end with it: if it is disabled, they are
/// not in force; if it is deleted, they are as well. Its secret is stored as a digest. A client
/// that was made by [`SqlStore::clients`] is no application.
///
/// An application without an organization authenticates only at the authorization server. With one,
/// a [`SqlVerifier`](super::SqlVerifier) accepts its id and secret as those of any client.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tower_principal::grant::{Application, Applications as _, GrantType};
/// use tower_principal::verify::sql::SqlVerifier;
///
/// let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
/// let applications = database.store().applications();
///
/// let viewer =
///     Application::public("viewer").redirect("http://127.0.0.1/callback");
/// assert!(applications.register(&viewer).await?.is_none());
///
/// let weather = Application::confidential("weather")
///     .grants([GrantType::ClientCredentials]);
/// let secret = applications.register(&weather).await?.ok_or("no secret")?;
/// println!("shown once: {}", secret.expose_secret());
///
/// // Both secrets count for a day, then the new one alone.
/// let new =
///     applications.rotate("weather", Duration::from_secs(24 * 3600)).await?;
/// assert!(applications.authenticate("weather", &secret).await?.is_some());
/// assert!(applications.authenticate("weather", &new).await?.is_some());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct SqlApplications(SqlStore);

impl SqlStore {
    /// Returns the registered applications, the clients of an authorization server.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::grant::{Application, Applications as _};
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let viewer =
    ///     Application::public("viewer").redirect("https://viewer.example/");
    /// store.applications().register(&viewer).await?;
    /// assert!(store.applications().find("viewer").await?.is_some());
    /// // The applications of a tenant are apart.
    /// assert!(
    ///     store.tenant("acme")?.applications().find("viewer").await?.is_none()
    /// );
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn applications(&self) -> SqlApplications {
        SqlApplications(self.clone())
    }
}

impl SqlApplications {
    /// Registers an application. Returns the secret of a confidential one, which is stored nowhere
    /// else, and `None` for a public one.
    ///
    /// # Errors
    ///
    /// [`SqlError::Exists`] if the id is taken, also by a client. [`SqlError::InvalidName`] or
    /// [`SqlError::Incomplete`] for values that cannot be used. Other variants if the database
    /// cannot be changed now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::grant::Application;
    /// use tower_principal::verify::sql::{SqlError, SqlVerifier};
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// let weather = Application::confidential("weather").label("Weather service");
    /// let secret = applications.register(&weather).await?.ok_or("no secret")?;
    /// println!("shown once: {}", secret.expose_secret());
    /// let again = applications.register(&weather).await;
    /// assert!(matches!(again, Err(SqlError::Exists)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn register(&self, application: &Application) -> Result<Option<Secret<'static>>, SqlError> {
        let secret = match application.is_confidential() {
            true => Some(self.secret(&application.id)?),
            false => None,
        };
        self.insert(application, secret.as_ref()).await?;
        Ok(secret)
    }

    /// Inserts an application with this secret, or with none.
    async fn insert(&self, application: &Application, secret: Option<&Secret<'_>>) -> Result<(), SqlError> {
        let digest = match secret {
            Some(secret) => self.digest(&application.id, secret)?,
            None => Digest::random()?,
        };
        let values = vec![digest.into(), self.0.now().into()];
        let values = [self.columns(application)?, values].concat();
        let inserted = self.0.write(INSERT, values).await?;
        if inserted.is_empty() { Err(SqlError::Exists) } else { Ok(()) }
    }

    /// Replaces everything of an application except its id and its secrets. Returns `true` if it is
    /// registered.
    ///
    /// Tokens that were issued keep their scopes until they end. A public application that becomes
    /// confidential needs a secret from [`rotate`](Self::rotate).
    ///
    /// # Errors
    ///
    /// [`SqlError::InvalidName`] or [`SqlError::Incomplete`] for values that cannot be used. Other
    /// variants if the database cannot be changed now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::grant::{Application, Applications as _, GrantType};
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// let weather = Application::confidential("weather");
    /// let secret = applications.register(&weather).await?.ok_or("no secret")?;
    /// let weather = weather.grants([GrantType::ClientCredentials]);
    /// assert!(applications.change(&weather).await?);
    ///
    /// // The secret is still the same.
    /// let found = applications.authenticate("weather", &secret).await?;
    /// assert!(found.is_some_and(|it| it.allows(GrantType::ClientCredentials)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn change(&self, application: &Application) -> Result<bool, SqlError> {
        let values = self.columns(application)?;
        self.0.change(CHANGE, values, self.change_of(&application.id)).await
    }

    async fn select(&self, condition: &str, values: Vec<Value>) -> Result<Vec<ApplicationRecord>, SqlError> {
        let values = [vec![self.0.column().into()], values].concat();
        let rows = self.0.read(&format!("{SELECT} AND {condition}"), values).await?;
        rows.into_iter().map(|mut row| ApplicationRecord::read(&mut row)).collect()
    }

    fn columns(&self, application: &Application) -> Result<Vec<Value>, SqlError> {
        let org = names::optional(application.org.as_deref())?;
        if org.is_none() && application.app.is_some() {
            return Err(SqlError::Incomplete("an organization"));
        }
        Ok(vec![
            self.0.column().into(),
            names::id(&application.id)?.into(),
            // The column is never null for a client, and no other client has an empty one.
            org.as_deref().unwrap_or_default().into(),
            names::optional(application.app.as_deref())?.into(),
            names::optional(application.label.as_deref())?.into(),
            application.scopes.as_str().into(),
            describe(application)?.as_str().into(),
        ])
    }

    async fn update(&self, id: &str, what: &str, values: Vec<Value>) -> Result<bool, SqlError> {
        let Ok(id) = names::id(id) else { return Ok(false) };
        let statement =
            format!("UPDATE {{p}}credentials SET {what} WHERE {OF_ID} AND revoked_at IS NULL RETURNING id");
        let values = [vec![self.0.column().into(), id.into()], values].concat();
        self.0.change(&statement, values, self.change_of(id)).await
    }

    fn secret(&self, id: &str) -> Result<Secret<'static>, SqlError> {
        let word = format!("{}{}", self.0.word(), Kind::Client.letter());
        Ok(TokenFormat::new(word)?.secret(names::id(id)?)?)
    }

    fn digest(&self, id: &str, secret: &Secret<'_>) -> Result<Digest, SqlError> {
        let pair = Pair::new(Secret::borrowed(id), secret.reborrow());
        let credential = Credential::Client(ClientKind::from_id(id), pair);
        Digest::from_credential(&credential, self.0.of_tenant()).ok_or(SqlError::Unreadable)
    }

    fn change_of(&self, id: &str) -> Change {
        let tenant = self.0.of_tenant().map(str::to_owned);
        Change::Credential { kind: Kind::Client, tenant, id: id.to_owned() }
    }

    /// Returns the application of a row, if it is in force.
    async fn in_force(&self, condition: &str, values: Vec<Value>) -> Result<Option<Application>, StoreError> {
        let values = [vec![self.0.column().into(), self.0.now().into()], values].concat();
        let rows = self.0.read(&format!("{SELECT} AND {IN_FORCE} AND {condition}"), values).await?;
        let read = |mut row: Row| ApplicationRecord::read(&mut row);
        Ok(rows.into_iter().next().map(read).transpose()?.map(|record| record.application))
    }
}

impl Applications for SqlApplications {
    async fn find(&self, id: &str) -> Result<Option<Application>, StoreError> {
        let Ok(id) = names::id(id) else { return Ok(None) };
        self.in_force("public_id = $3", vec![id.into()]).await
    }

    async fn authenticate(&self, id: &str, secret: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        // Any pair costs one look-up by its digest.
        let digest = self.digest(id, secret)?;
        let condition = "(digest = $3 OR (previous_digest = $3 AND previous_until > $2))";
        let found = self.in_force(condition, vec![digest.into()]).await?;
        Ok(found.filter(|application| application.is_confidential() && application.id == id))
    }
}

const SELECT: &str = "SELECT public_id, org, app, label, scopes, application, revoked_at, disabled_at,
    created_at, expires_at, previous_until FROM {p}credentials
WHERE tenant = $1 AND kind = 'client' AND application IS NOT NULL";
/// The condition that neither the application nor its owner has ended.
const IN_FORCE: &str = "revoked_at IS NULL AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
AND NOT EXISTS (SELECT 1 FROM {p}users u WHERE (u.id = {p}credentials.user_id
    OR ({p}credentials.user_id IS NULL AND u.tenant = {p}credentials.tenant AND u.name = {p}credentials.subject))
    AND (u.disabled_at IS NOT NULL OR u.expires_at <= $2))";
const INSERT: &str =
    "INSERT INTO {p}credentials (tenant, kind, public_id, org, app, label, scopes, application,
    digest, created_at)
SELECT $1, 'client', $2, $3, $4, $5, $6, $7, $8, $9
WHERE NOT EXISTS (SELECT 1 FROM {p}credentials WHERE previous_digest = $8) RETURNING id";
const CHANGE: &str = "UPDATE {p}credentials SET org = $3, app = $4, label = $5, scopes = $6, application = $7
WHERE tenant = $1 AND kind = 'client' AND public_id = $2 AND application IS NOT NULL AND revoked_at IS NULL
RETURNING id";
const OF_ID: &str = "tenant = $1 AND kind = 'client' AND public_id = $2 AND application IS NOT NULL";
