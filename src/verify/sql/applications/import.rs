//! Applications whose secrets were made elsewhere.

use super::SqlApplications;
use crate::credential::{Digest, Secret};
use crate::grant::Application;
use crate::verify::sql::SqlError;

impl SqlApplications {
    /// Registers a confidential application whose secret was made elsewhere, such as by the server
    /// that this one replaces. Its clients then keep their settings.
    ///
    /// The secret must have 128 random bits, because the stored digest is fast to search, unlike a
    /// password hash. Randomness cannot be measured, but a secret of less than 16 bytes is refused.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), and:
    ///
    /// * [`SqlError::ShortSecret`] if the secret has less than 16 bytes.
    /// * [`SqlError::Exists`] also if the id and the secret are those of a client.
    /// * [`SqlError::Incomplete`] if the application is public, because it has no secret.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::Secret;
    /// use tower_principal::grant::{Application, Applications as _, GrantType};
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let applications = database.store().applications();
    ///
    /// let secret = Secret::borrowed("YXA65gYlqja8aYYSAy8Ox3Vg5aRZp48");
    /// let weather = Application::confidential("YXA68vghI6FmEeKn9wLoGtzz0A")
    ///     .org("acme")
    ///     .app("weather")
    ///     .grants([GrantType::ClientCredentials]);
    /// applications.import(&weather, &secret).await?;
    /// assert!(applications.authenticate(&weather.id, &secret).await?.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn import(&self, application: &Application, secret: &Secret<'_>) -> Result<(), SqlError> {
        if !application.is_confidential() {
            return Err(SqlError::Incomplete("a confidential type"));
        }
        if !Digest::hides(secret) {
            return Err(SqlError::ShortSecret);
        }
        self.insert(application, Some(secret)).await
    }
}
