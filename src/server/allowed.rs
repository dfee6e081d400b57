//! What a user has allowed a client, as a code.

use std::time::SystemTime;

use super::offer_error::OfferError;
use super::profile::Ways;
use super::state::State;
use super::stores::Stores;
use crate::credential::Secret;
use crate::grant::{Application, GrantId, NewCode, NewGrant};
use crate::principal::Scopes;

/// What a user has allowed a client. It was judged: the client may have it.
#[derive(Debug)]
pub(super) struct Allowed<'a> {
    pub(super) application: &'a Application,
    pub(super) ways: &'a Ways,
    pub(super) user: String,
    pub(super) uuid: Option<String>,
    /// Organization of the user, if the application belongs to none.
    pub(super) org: Option<String>,
    /// Application of the user, if the client belongs to none.
    pub(super) app: Option<String>,
    pub(super) session: Option<String>,
    pub(super) authenticated_at: Option<SystemTime>,
    pub(super) scopes: Scopes,
    pub(super) audience: Vec<String>,
    pub(super) redirect_uri: Option<String>,
    pub(super) challenge: Option<String>,
}

/// A stored code.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) secret: Secret<'static>,
    pub(super) grant: GrantId,
}

impl Allowed<'_> {
    /// Stores a grant with a code, and returns the code.
    pub(super) async fn code(self, state: &State, stores: &Stores) -> Result<Code, OfferError> {
        let (application, ways) = (self.application, self.ways);
        let id = GrantId::random()?;
        let mut grant = NewGrant::new(id.clone(), &*application.id).user(self.user);
        grant.scopes = self.scopes;
        grant.audience = self.audience;
        grant.uuid = self.uuid;
        grant.org = application.org.clone().or(self.org);
        grant.app = application.app.clone().or(self.app);
        grant.session = self.session;
        grant.authenticated_at = self.authenticated_at;
        grant.lifetime = application.lifetimes.grant.unwrap_or(ways.grant_lifetime).limit();
        let signer = state.signer.as_deref().filter(|_| ways.access.jwt.is_some());
        if signer.is_some_and(|signer| !signer.can_sign(&grant)) {
            return Err(OfferError::User);
        }
        let code = ways.codes.shape.code(&id)?;
        let mut new = NewCode::new(code.digest, ways.codes.lifetime);
        new.redirect_uri = self.redirect_uri;
        new.challenge = self.challenge;
        stores.grants.offer_dyn(&grant, &new).await?;
        Ok(Code { secret: code.secret, grant: id })
    }
}
