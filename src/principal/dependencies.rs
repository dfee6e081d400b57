//! What an answer depends on beside the names that a principal has.

use std::sync::Arc;

use super::Principal;

impl Principal {
    /// What the answer depends on, as the verifier that made it numbers it; `None` if that is not known.
    pub(crate) fn depends_on(&self) -> Option<&[u64]> {
        self.record().depends_on.as_deref()
    }

    /// The same, that depends on this as well.
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
