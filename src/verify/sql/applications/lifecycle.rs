//! Rotates, disables, deletes and lists applications.

use std::time::Duration;

use super::{ApplicationRecord, SqlApplications};
use crate::credential::Secret;
use crate::verify::sql::{SqlError, names};

impl SqlApplications {
    /// Ends the secret from before the last rotation now. Returns `true` if the application is
    /// registered.
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
    /// use tower_principal::grant::{Application, Applications as _};
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// let old =
    ///     applications.register(&Application::confidential("weather")).await?;
    /// let old = old.ok_or("no secret")?;
    /// applications.rotate("weather", Duration::from_secs(3600)).await?;
    /// assert!(applications.authenticate("weather", &old).await?.is_some());
    /// applications.end_overlap("weather").await?;
    /// assert!(applications.authenticate("weather", &old).await?.is_none());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn end_overlap(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, "previous_digest = NULL, previous_until = NULL", Vec::new()).await
    }

    /// Disables an application until it is enabled. Its tokens are not in force meanwhile. Returns
    /// `true` if it is registered.
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
    /// use tower_principal::grant::{Application, Applications as _};
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// applications.register(&Application::public("viewer")).await?;
    /// assert!(applications.disable("viewer").await?);
    /// // The server refuses it, and lists still show it.
    /// assert!(applications.find("viewer").await?.is_none());
    /// assert!(applications.record("viewer").await?.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn disable(&self, id: &str) -> Result<bool, SqlError> {
        let values = vec![self.0.now().into()];
        self.update(id, "disabled_at = coalesce(disabled_at, $3)", values).await
    }

    /// Undoes [`disable`](Self::disable). Returns `true` if the application is registered.
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
    /// use tower_principal::grant::{Application, Applications as _};
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// applications.register(&Application::public("viewer")).await?;
    /// applications.disable("viewer").await?;
    /// assert!(applications.enable("viewer").await?);
    /// assert!(applications.find("viewer").await?.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn enable(&self, id: &str) -> Result<bool, SqlError> {
        self.update(id, "disabled_at = NULL", Vec::new()).await
    }

    /// Deletes an application, with all of its grants. Returns `true` if it was registered.
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
    /// use tower_principal::grant::Application;
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// applications.register(&Application::public("viewer")).await?;
    /// assert!(applications.delete("viewer").await?);
    /// assert!(!applications.delete("viewer").await?);
    /// assert!(applications.record("viewer").await?.is_none());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn delete(&self, id: &str) -> Result<bool, SqlError> {
        let Ok(id) = names::id(id) else { return Ok(false) };
        self.0.change(DELETE, vec![self.0.column().into(), id.into()], self.change_of(id)).await
    }

    /// Returns an application with its state, also if it is disabled.
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
    /// use tower_principal::grant::Application;
    /// use tower_principal::verify::sql::{SqlVerifier, State};
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// applications
    ///     .register(&Application::public("viewer").label("Map viewer"))
    ///     .await?;
    /// let viewer =
    ///     applications.record("viewer").await?.ok_or("not registered")?;
    /// assert_eq!(viewer.application.label.as_deref(), Some("Map viewer"));
    /// assert_eq!(viewer.state, State::Live);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::grant::Application;
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// for id in ["editor", "viewer"] {
    ///     applications.register(&Application::public(id)).await?;
    /// }
    /// let page = applications.list(Some("editor"), 100).await?;
    /// assert_eq!(page.len(), 1);
    /// assert_eq!(page[0].application.id, "viewer");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<ApplicationRecord>, SqlError> {
        let after = after.map(names::id).transpose()?.unwrap_or_default();
        let values = vec![after.into(), i64::from(limit.min(1_000)).into()];
        self.select("public_id > $2 ORDER BY public_id LIMIT $3", values).await
    }

    /// Gives a confidential application a new secret. The old one stays valid for the overlap,
    /// which may be zero. A secret from before the last rotation ends now.
    ///
    /// # Errors
    ///
    /// [`SqlError::NotFound`] if there is no confidential application of this id. Other variants if
    /// the database cannot be changed now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use tower_principal::grant::{Application, Applications as _};
    /// use tower_principal::verify::sql::{SqlError, SqlVerifier};
    ///
    /// let applications = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .applications();
    /// applications.register(&Application::public("viewer")).await?;
    /// let old =
    ///     applications.register(&Application::confidential("weather")).await?;
    /// let old = old.ok_or("no secret")?;
    ///
    /// let new = applications.rotate("weather", Duration::ZERO).await?;
    /// assert!(applications.authenticate("weather", &old).await?.is_none());
    /// assert!(applications.authenticate("weather", &new).await?.is_some());
    /// let public = applications.rotate("viewer", Duration::ZERO).await;
    /// assert!(matches!(public, Err(SqlError::NotFound)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn rotate(&self, id: &str, overlap: Duration) -> Result<Secret<'static>, SqlError> {
        let record = self.record(id).await?.filter(|record| record.application.is_confidential());
        record.ok_or(SqlError::NotFound)?;
        let secret = self.secret(id)?;
        let until = self.0.now().saturating_add(i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX));
        let values = vec![self.digest(id, &secret)?.into(), until.into()];
        let what = "previous_digest = digest, previous_until = $4, digest = $3";
        if self.update(id, what, values).await? { Ok(secret) } else { Err(SqlError::NotFound) }
    }
}

const DELETE: &str = "DELETE FROM {p}credentials
WHERE tenant = $1 AND kind = 'client' AND public_id = $2 AND application IS NOT NULL RETURNING id";
