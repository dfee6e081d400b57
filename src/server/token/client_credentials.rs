//! `client_credentials` (RFC 6749 section 4.4): a client acts for itself.

use super::TokenRequest;
use crate::grant::{GrantId, Lifetime};
use crate::server::answer::Issued;
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::{audience, scopes};

/// Issues an access token, without a refresh token, because the client can ask again.
pub(super) async fn issue(token: TokenRequest<'_>) -> Result<Issued, Refusal> {
    let application = &token.client.application;
    if !application.is_confidential() {
        return Err(RefusalKind::UnauthorizedClient.into());
    }
    let id = GrantId::random()?;
    let mut draft = token.draft(id.clone());
    draft.scopes = scopes::new(scopes::asked(token.request)?, &application.scopes)?;
    draft.audience = audience::new(token.state, token.request, application)?;
    draft.lifetime = application.lifetimes.grant.and_then(Lifetime::limit);
    let tokens = token.access_alone(&id)?;
    token.issue(&draft, tokens).await
}
