//! `password` (RFC 6749 section 4.3): a client sends a user's name and password.
//!
//! RFC 9700 section 2.4 forbids it, so only profiles of platforms have it that document it.

use super::TokenRequest;
use crate::credential::{Credential, Pair};
use crate::grant::{Application, GrantId};
use crate::principal::{BasicUser, Principal};
use crate::server::answer::Issued;
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::{audience, scopes};
use crate::verify::VerifyError;

/// Issues tokens for a user whose password is right.
pub(super) async fn issue(token: TokenRequest<'_>) -> Result<Issued, Refusal> {
    let name = token.presented("username", "The parameter username is missing.")?;
    let password = token.presented("password", "The parameter password is missing.")?;
    let credential = Credential::Password(Pair::new(name, password));
    let user = log_in(token, &credential).await?;
    let application = &token.client.application;
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

async fn log_in(token: TokenRequest<'_>, credential: &Credential<'_>) -> Result<BasicUser, Refusal> {
    let users = token.state.users.as_ref().ok_or(RefusalKind::UnsupportedGrantType)?;
    let context = token.request.context();
    let verification = async {
        match users.verify_dyn(credential, &context).await? {
            // A right password of another place is a failed attempt like a wrong one.
            Principal::BasicUser(user) if is_of_place(&user, &token.client.application) => Ok(user),
            _ => Err(VerifyError::UNKNOWN),
        }
    };
    let user = token.state.guesses.around(credential, &context, verification).await;
    user.map_err(|error| Refusal::of(&error, RefusalKind::InvalidGrant))
}

/// Returns `true` if a user belongs to the organization and to the application of the client. A
/// user of one application does not belong to the whole organization.
fn is_of_place(user: &BasicUser, client: &Application) -> bool {
    let of_org = client.org.is_none() || client.org.as_deref() == user.org();
    let of_app = match (client.app.as_deref(), user.app()) {
        (_, None) => true,
        (None, Some(_)) => client.org.is_none(),
        (Some(app), Some(own)) => app == own,
    };
    of_org && of_app
}
