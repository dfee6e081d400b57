//! Demo credentials in the database: those of this start replace those of the previous start.

use std::time::Duration;

use tower_principal::Secret;
use tower_principal::grant::{Application, StoreError};
use tower_principal::verify::sql::{
    Credentials, Kind, NewCredential, NewUser, SqlApplications, SqlError, SqlStore,
};

use super::Login;

/// The label that distinguishes demo credentials from issued ones.
const LABEL: &str = "demo";
/// The start of the labels of the portal's own applications. An operator's application has another
/// label.
pub(crate) const OWN: &str = "portal: ";
/// The label of applications that are replaced at each start.
const CLIENT: &str = "portal: demo client";
/// The label of applications that stay, because tokens that were issued to them stay.
const PLACE: &str = "portal: log-in of users";
/// The page size of a query, which is the maximum.
const PAGE: u32 = 1_000;
/// The time for which a revoked or expired credential is refused as such.
const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Starts a demo credential.
pub(super) fn demo() -> NewCredential {
    NewCredential::new().label(LABEL)
}

/// Returns the database's error for one of the store of grants.
pub(super) fn unstored(error: StoreError) -> SqlError {
    match error {
        StoreError::Exists => SqlError::Exists,
        _ => SqlError::Unreadable,
    }
}

/// Creates a user, or sets the new password of the existing one; credentials issued to the user
/// remain.
pub(super) async fn user(store: &SqlStore, login: &Login, new: NewUser) -> Result<(), SqlError> {
    let (users, password) = (store.users(), Secret::borrowed(&login.password));
    if users.find(&login.username).await?.is_some() {
        return users.set_password(&login.username, password).await;
    }
    users.create(&login.username, password, new).await
}

/// Registers a client of this start.
pub(super) async fn client(
    store: &SqlStore,
    application: Application,
    secret: Option<&str>,
) -> Result<(), SqlError> {
    let (application, applications) = (application.label(CLIENT), store.applications());
    match secret {
        Some(secret) => applications.import(&application, &Secret::borrowed(secret)).await,
        None => applications.register(&application).await.map(drop),
    }
}

/// Registers an application that stays, or changes the existing one.
pub(super) async fn place(store: &SqlStore, application: Application) -> Result<(), SqlError> {
    let (application, applications) = (application.label(PLACE), store.applications());
    if applications.change(&application).await? {
        return Ok(());
    }
    applications.register(&application).await.map(drop)
}

/// Deletes the demo credentials of the previous start, and stores the new ones.
pub(super) async fn replace<'s, F>(
    store: &'s SqlStore,
    new: impl FnOnce(&'s SqlStore) -> F,
) -> Result<(), SqlError>
where
    F: Future<Output = Result<(), SqlError>>,
{
    end_old(store).await?;
    new(store).await
}

/// Deletes the demo credentials of the previous start, and other credentials that ended long ago.
async fn end_old(store: &SqlStore) -> Result<(), SqlError> {
    let kinds =
        [store.access_tokens(), store.api_keys(), store.app_tokens(), store.clients(), store.key_pairs()];
    for credentials in kinds {
        end(store, &credentials).await?;
    }
    end_clients(&store.applications()).await?;
    while store.purge_expired(RETENTION).await? > 0 {}
    Ok(())
}

async fn end_clients(applications: &SqlApplications) -> Result<(), SqlError> {
    let mut after = None;
    loop {
        let page = applications.list(after.as_deref(), PAGE).await?;
        for old in page.iter().filter(|old| old.application.label.as_deref() == Some(CLIENT)) {
            applications.delete(&old.application.id).await?;
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last.application.id),
            None => return Ok(()),
        }
    }
}

async fn end(store: &SqlStore, credentials: &Credentials) -> Result<(), SqlError> {
    let mut after = None;
    loop {
        let page = credentials.list(after.as_deref(), PAGE).await?;
        for old in page.iter().filter(|old| old.label.as_deref() == Some(LABEL)) {
            // A registered application is also a client, and may have any label.
            let is_client = old.kind == Kind::Client;
            if !is_client || store.applications().record(&old.id).await?.is_none() {
                credentials.delete(&old.id).await?;
            }
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}
