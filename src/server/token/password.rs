//! `password` (RFC 6749 section 4.3): a client sends a user's name and password.
//!
//! RFC 9700 section 2.4 forbids it, so only profiles of platforms have it that document it.

use super::TokenRequest;
use crate::grant::GrantId;
use crate::server::answer::Issued;
use crate::server::refusal::Refusal;
use crate::server::{audience, scopes, users};

/// Issues tokens for a user whose password is right.
pub(super) async fn issue(token: TokenRequest<'_>) -> Result<Issued, Refusal> {
    let name = token.presented("username", "The parameter username is missing.")?;
    let password = token.presented("password", "The parameter password is missing.")?;
    let application = &token.client.application;
    let user = users::log_in(token.state, token.request, name, password, |user| {
        users::is_of_place(user.org(), user.app(), application)
    });
    let user = user.await?;
    let id = GrantId::random()?;
    let mut draft = token.draft(id.clone()).user(user.id()).authenticated_at(token.state.clock.now());
    draft.uuid = user.uuid().map(str::to_owned);
    draft.org = draft.org.or_else(|| user.org().map(str::to_owned));
    draft.app = draft.app.or_else(|| user.app().map(str::to_owned));
    draft.scopes = scopes::new(scopes::asked(token.request)?, &application.scopes)?;
    draft.audience = audience::new(token.state, token.request, application)?;
    draft.lifetime = token.grant_lifetime().limit();
    let tokens = token.first(&id)?;
    token.issue(&draft, tokens).await
}
