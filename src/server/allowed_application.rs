//! Applications that a user has allowed to act.

use std::time::SystemTime;

use super::stores::Stores;
use crate::grant::{Ending, Grant, StoreError};
use crate::principal::Scopes;

/// Application that a user has allowed to act, by one grant or by several.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllowedApplication {
    /// Id of the application.
    pub client: String,
    /// Name of the application for people; `None` if it has none, or is not registered any more.
    pub label: Option<String>,
    /// All scopes that the user has granted to the application, of all these grants together.
    pub scopes: Scopes,
    /// Time at which the user allowed the oldest of the grants that are in force.
    pub since: SystemTime,
    /// Time at which the user allowed the newest of these grants.
    pub latest: SystemTime,
    /// Public id of the browser session in which the user allowed the newest of these grants;
    /// `None` if the user allowed it without a browser session.
    pub session: Option<String>,
}

/// Returns the applications that a user has allowed to act, the most recent first.
pub(in crate::server) async fn list(
    stores: &Stores,
    user: &str,
) -> Result<Vec<AllowedApplication>, StoreError> {
    let mut connected: Vec<AllowedApplication> = Vec::new();
    for grant in stores.grants.of_user_dyn(user).await? {
        match connected.iter_mut().find(|known| known.client == grant.client) {
            Some(known) => known.join(&grant),
            None => connected.push(AllowedApplication::of(grant)),
        }
    }
    for one in &mut connected {
        let application = stores.applications.find_dyn(&one.client).await?;
        one.label = application.and_then(|application| application.label);
    }
    Ok(connected)
}

/// Ends all grants of a user and an application, and returns `true` if there was one.
pub(in crate::server) async fn end(stores: &Stores, user: &str, client: &str) -> Result<bool, StoreError> {
    let what = Ending::User { user, client: Some(client) };
    Ok(stores.grants.end_dyn(&what).await? > 0)
}

impl AllowedApplication {
    /// Returns the application of its newest grant.
    fn of(grant: Grant) -> Self {
        Self {
            client: grant.client,
            label: None,
            scopes: grant.granted_scopes,
            since: grant.created_at,
            latest: grant.created_at,
            session: grant.session,
        }
    }

    /// Adds an older grant.
    fn join(&mut self, grant: &Grant) {
        self.scopes = self.scopes.iter().chain(grant.granted_scopes.iter()).collect();
        self.since = self.since.min(grant.created_at);
    }
}
