//! Demo credentials in the database: this start's take the place of those of the start before.

use std::time::SystemTime;

use tower_principal::Secret;
use tower_principal::verify::sql::{Credentials, NewCredential, NewUser, SqlError, SqlStore};

use super::Login;

/// What tells demo credentials from those that were issued.
const LABEL: &str = "demo";
/// How many are looked at in one go; the most there are.
const PAGE: u32 = 1_000;

/// Starts a demo credential.
pub(super) fn demo() -> NewCredential {
    NewCredential::new().label(LABEL)
}

/// Makes a user, or gives the one of an earlier start the new password: whatever was issued to them stays.
pub(super) async fn user(store: &SqlStore, login: &Login, new: NewUser) -> Result<(), SqlError> {
    let (users, password) = (store.users(), Secret::borrowed(&login.password));
    if users.find(&login.username).await?.is_some() {
        return users.set_password(&login.username, password).await;
    }
    users.create(&login.username, password, new).await
}

/// Ends the demo credentials of the start before, and deletes every token that is over.
pub(super) async fn end_old(store: &SqlStore) -> Result<(), SqlError> {
    let kinds =
        [store.access_tokens(), store.api_keys(), store.app_tokens(), store.clients(), store.key_pairs()];
    for credentials in kinds {
        end(&credentials).await?;
    }
    while store.purge_expired().await? > 0 {}
    Ok(())
}

async fn end(credentials: &Credentials) -> Result<(), SqlError> {
    let (now, mut after) = (SystemTime::now(), None);
    loop {
        let page = credentials.list(after.as_deref(), PAGE).await?;
        let is_over = |end: Option<SystemTime>| end.is_some_and(|end| end <= now);
        for old in &page {
            if old.label.as_deref() == Some(LABEL) && !is_over(old.expires_at) {
                credentials.expire(&old.id, Some(now)).await?;
            }
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}
