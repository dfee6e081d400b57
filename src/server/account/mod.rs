//! Pages of a user's account: log-in, connected applications, log-out.

mod applications;
mod log_out;

pub(super) use self::applications::wants_json;

use http::{HeaderValue, Response};

use super::answer_body::AnswerBody;
use super::pages::LogInProblem;
use super::profile::Endpoint;
use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use super::visitor::{Visitor, log_in, see_other};

/// Shows a page of the account, or does what its form asks for.
pub(super) async fn answer(
    state: &State,
    request: &EndpointRequest,
) -> Result<Response<AnswerBody>, Refusal> {
    // A service that logs users in logs them out as well. A page here would claim that it has.
    if request.route.endpoint == Endpoint::LogOut && state.browser.login.is_some() {
        return Err(RefusalKind::NotFound.into());
    }
    let action = request.action()?;
    if action == Some("log_in") {
        return log_in::submit(state, request, None).await;
    }
    let visitor = Visitor::of(state, request).await?;
    match (request.route.endpoint, visitor, action) {
        (Endpoint::LogOut, visitor, None) => log_out::show(state, request, visitor.as_ref()),
        (Endpoint::LogOut, visitor, Some("log_out")) => log_out::submit(state, request, visitor).await,
        (Endpoint::Applications, None, _) if wants_json(&request.parts.headers) => {
            Err(RefusalKind::LogInRequired.into())
        }
        (_, None, None) => log_in::show(state, request, None, None),
        (_, None, Some(_)) => log_in::show(state, request, None, Some(LogInProblem::Expired)),
        (Endpoint::LogIn, Some(_), None) => {
            let applications = state.url(Endpoint::Applications);
            let url = applications.and_then(|url| HeaderValue::try_from(url).ok());
            url.map(see_other).ok_or(RefusalKind::NotFound.into())
        }
        (Endpoint::Applications, Some(visitor), None) => applications::show(state, request, &visitor).await,
        (Endpoint::Applications, Some(visitor), Some("end")) => {
            applications::end(state, request, &visitor).await
        }
        _ => Err(RefusalKind::InvalidRequest.into()),
    }
}
