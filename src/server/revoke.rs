//! The revocation endpoint (RFC 7009).

use super::answer::Answer;
use super::client::Client;
use super::presented::candidates;
use super::refusal::{Refusal, RefusalKind};
use super::report;
use super::request::EndpointRequest;
use super::state::State;
use crate::grant::Ending;
use crate::observe::issuing::Issuing;

/// Ends the grant of a token, if it is the client's.
///
/// The grant ends with either of its tokens, because a client that gives up one of them is done
/// with the authorization (RFC 7009 section 2.1 leaves the choice for an access token). The change
/// is one statement with the client in its condition. The look-up before it is only for the
/// report, and to distinguish another client's token from an unknown one.
///
/// A token that is unknown, expired or revoked is not in force, which is what the client wants, so
/// the answer is the same 200 (section 2.2). Its body is an empty object, because some clients
/// parse every answer as JSON.
///
/// Guesses of clients' secrets are throttled. Unknown tokens are not counted, because a client that
/// logs its users out presents many tokens that have ended. A token has more than 100 random
/// bits, and a text that is not one ends nothing.
pub(super) async fn answer(state: &State, request: &EndpointRequest) -> Result<Answer, Refusal> {
    let client = Client::of(state, request).await?;
    let (grants, id) = (&request.stores.grants, &*client.application.id);
    for token in candidates(state, request)? {
        let found = grants.find_dyn(&token).await?;
        if grants.end_dyn(&Ending::Token { token: &token, client: id }).await? > 0 {
            report::changed(Issuing::Revoked, request, id, found.as_ref());
            break;
        }
        if found.is_some_and(|grant| grant.client != id) {
            return Err(RefusalKind::UnauthorizedClient.because("The token is another client's."));
        }
    }
    Ok(Answer::json("{}".to_owned()))
}
