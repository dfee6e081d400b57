//! Pages of a user's account: log-in, connected applications, log-out.

mod log_out;

use http::Response;

use super::answer_body::AnswerBody;
use super::pages::LogInProblem;
use super::profile::Endpoint;
use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use super::visitor::{Visitor, log_in};

/// Shows a page of the account, or does what its form asks for.
pub(super) async fn answer(
    state: &State,
    request: &EndpointRequest,
) -> Result<Response<AnswerBody>, Refusal> {
    let action = request.action()?;
    if action == Some("log_in") {
        return log_in::submit(state, request, None).await;
    }
    let visitor = Visitor::of(state, request).await?;
    match (request.route.endpoint, visitor, action) {
        (Endpoint::LogOut, visitor, None) => log_out::show(state, request, visitor.as_ref()),
        (Endpoint::LogOut, visitor, Some("log_out")) => log_out::submit(state, request, visitor).await,
        (_, None, None) => log_in::show(state, request, None, None),
        (_, None, Some(_)) => log_in::show(state, request, None, Some(LogInProblem::Expired)),
        _ => Err(RefusalKind::InvalidRequest.into()),
    }
}
