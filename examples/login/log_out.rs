//! `gdh logout`.

use oauth2::RefreshToken;

use crate::error::Error;
use crate::file::{self, Authentication};
use crate::flags::Shared;
use crate::server::Server;

/// Revokes first, because a token that is deleted but in force could not be revoked afterwards.
pub(crate) async fn run(shared: &Shared) -> Result<(), Error> {
    let file = Authentication::at(shared.file.as_deref())?;
    let lock = file.lock().await?;
    let variable = file::from_environment();
    let is_variable = variable.is_some();
    let tokens: Vec<_> = variable.into_iter().chain(file.read()?).collect();
    if tokens.is_empty() {
        return Err(Error::NotLoggedIn(file.path().to_owned()));
    }
    revoke(shared, &tokens).await.map_err(|error| Error::NotRevoked(Box::new(error)))?;
    file.delete(&lock).map_err(|error| Error::NotDeleted(Box::new(error)))?;
    eprintln!("You are logged out.");
    if is_variable {
        eprintln!("The token in GDH_REFRESH_TOKEN is revoked: unset the variable.");
    }
    Ok(())
}

async fn revoke(shared: &Shared, tokens: &[RefreshToken]) -> Result<(), Error> {
    let server = Server::find(shared).await?;
    for token in tokens {
        server.revoke(token).await?;
    }
    Ok(())
}
