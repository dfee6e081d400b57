//! The record behind every kind of principal.

use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Ground, Groups, Permissions, Scopes};

/// The fields of all kinds. Each kind exposes only the fields that have a meaning for it.
#[derive(Clone, Default)]
pub(super) struct Record {
    pub(super) id: Box<str>,
    pub(super) org: Option<Box<str>>,
    pub(super) app: Option<Box<str>>,
    pub(super) owner: Option<Box<str>>,
    pub(super) uuid: Option<Box<str>>,
    pub(super) client: Option<Box<str>>,
    pub(super) credential_id: Option<Box<str>>,
    /// Shared, because a verifier gives the same issuer to all its principals.
    pub(super) issuer: Option<Arc<str>>,
    pub(super) store: Option<Arc<str>>,
    /// The tenant of the store.
    pub(super) tenant: Option<Arc<str>>,
    /// The immutable id, if it is not `id`.
    pub(super) subject: Option<Box<str>>,
    /// The claim of `id`, if a token has no immutable id.
    pub(super) claim: Option<Box<str>>,
    pub(super) scopes: Scopes,
    pub(super) permissions: Permissions,
    /// The place of the permissions, if it is not the organization and the application above.
    pub(super) ground: Option<Ground>,
    pub(super) groups: Groups,
    /// The place of the groups, if it is not the organization and the application above.
    pub(super) groups_ground: Option<Ground>,
    pub(super) expires_at: Option<SystemTime>,
    pub(super) claims: Option<Arc<dyn Any + Send + Sync>>,
    pub(super) claims_bytes: usize,
    /// The numbers of the topics that the answer depends on, as its verifier numbers them; `None`
    /// if they are not known.
    pub(super) depends_on: Option<Box<[u64]>>,
    /// The number of seconds after its expiry for which the verifier still accepts the credential.
    /// A list of denied credentials has to keep an entry longer than that.
    pub(super) leeway: u16,
    pub(super) sandbox: bool,
    /// Marks a client that acts for itself.
    pub(super) for_itself: bool,
    /// Marks such a client as its organization's or its application's client.
    #[cfg_attr(not(any(feature = "introspection", feature = "jwt")), allow(dead_code))]
    pub(super) is_admin: bool,
}

impl Record {
    /// Returns the size of the record with its texts, its permissions and the declared size of its
    /// claims.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.org, &self.app, &self.owner, &self.uuid, &self.client, &self.subject, &self.claim];
        let texts = texts.into_iter().chain([&self.credential_id]).flatten();
        let texts = texts.map(|text| text.len()).sum::<usize>();
        let grounds = [&self.ground, &self.groups_ground].into_iter().flatten();
        let grounds = grounds.map(Ground::bytes).sum::<usize>();
        let own = size_of::<Self>() + self.id.len() + texts + grounds + self.groups.bytes();
        let own = own + self.scopes.as_str().len();
        let own = own + self.depends_on.as_ref().map_or(0, |topics| size_of_val(&**topics));
        own.saturating_add(self.permissions.bytes()).saturating_add(self.claims_bytes)
    }
}
