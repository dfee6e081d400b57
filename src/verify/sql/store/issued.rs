//! Credentials as they are issued, with their secrets.

use crate::credential::Secret;

/// Credential that was created or rotated. The secret is stored nowhere else: show it once.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::verify::sql::{Issued, NewCredential, SqlVerifier};
///
/// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
/// let issued =
///     store.api_keys().create(NewCredential::new().id("key-1")).await?;
/// // `Debug` does not show the secret, so a log line cannot leak it.
/// assert!(!format!("{issued:?}").contains(issued.secret.expose_secret()));
/// let Issued { id, secret, .. } = issued;
/// println!("{id}: {}", secret.expose_secret());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Issued {
    /// Public id. For key pairs and for clients it is the user name beside the secret.
    pub id: String,
    /// Secret of the credential.
    pub secret: Secret<'static>,
}
