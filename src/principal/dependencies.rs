//! The dependencies of an answer beside the principal's names.

use std::sync::Arc;

use super::Principal;

impl Principal {
    /// Returns the topics that the answer depends on, as its verifier numbers them; `None` if they
    /// are not known.
    pub(crate) fn depends_on(&self) -> Option<&[u64]> {
        self.record().depends_on.as_deref()
    }

    /// Returns the same principal, which depends on these topics as well.
    pub(crate) fn depending_on(mut self, topics: &[u64]) -> Self {
        let record = match &mut self {
            Self::Guest(guest) => &mut guest.0,
            Self::AppToken(app) => &mut app.0,
            Self::BasicUser(user) => &mut user.0,
            Self::ApiKey(key) => &mut key.0,
            Self::OrgAdmin(client) => &mut client.0,
            Self::AppAdmin(client) => &mut client.0,
            Self::OAuthUser(user) => &mut user.0,
        };
        let record = Arc::make_mut(record);
        let known = record.depends_on.take().unwrap_or_default();
        record.depends_on = Some(known.iter().chain(topics).copied().collect());
        self
    }
}
