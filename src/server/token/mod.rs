//! The token endpoint (RFC 6749 section 3.2): a table of grant types.

mod authorization_code;
mod client_credentials;
mod password;
mod refresh_token;
mod tokens;

use super::answer::Answer;
use super::client::Client;
use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use crate::grant::GrantType;
use crate::verify::VerifyError;

/// A token request of a client that may use its grant type.
#[derive(Clone, Copy, Debug)]
struct TokenRequest<'t> {
    state: &'t State,
    request: &'t EndpointRequest,
    client: &'t Client<'t>,
}

/// Outcome of a code or a refresh token: issued, refused for another reason than that it is
/// unknown, or unknown.
type Verified<T> = Result<Result<T, Refusal>, VerifyError>;

/// Issues tokens.
pub(super) async fn answer(state: &State, request: &EndpointRequest) -> Result<Answer, Refusal> {
    let name = request.parameters.needed("grant_type", "The parameter grant_type is missing.")?;
    let client = Client::of(state, request).await?;
    let of_profile = |grant: &GrantType| client.ways.grants.contains(grant);
    let grant = GrantType::named(name).filter(of_profile).ok_or(RefusalKind::UnsupportedGrantType)?;
    if !client.application.allows(grant) {
        return Err(RefusalKind::UnauthorizedClient.into());
    }
    let token = TokenRequest { state, request, client: &client };
    let issued = match grant {
        GrantType::AuthorizationCode => authorization_code::issue(token).await?,
        GrantType::RefreshToken => refresh_token::issue(token).await?,
        GrantType::ClientCredentials => client_credentials::issue(token).await?,
        GrantType::Password => password::issue(token).await?,
    };
    Ok(Answer::issued(&issued, client.ways, request))
}
