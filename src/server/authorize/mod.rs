//! The authorization endpoint (RFC 6749 section 3.1): a user at a browser allows a client to act.
//!
//! The parameters of the request stay in the query of the URL until the user has decided. Every
//! step reads and judges them again, so a form cannot carry a request that no step has judged, and
//! requests of strangers take no memory.

mod consent;
mod redirect;
mod request;

use http::Response;

use self::request::{AuthorizationRefusal, AuthorizationRequest, Target};
use super::answer_body::AnswerBody;
use super::pages::LogInProblem;
use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use super::visitor::{Visitor, log_in, see_other};
use super::{report, users};

/// Shows the page that a request needs, or does what its form asks for.
pub(super) async fn answer(
    state: &State,
    request: &EndpointRequest,
) -> Result<Response<AnswerBody>, Refusal> {
    let asked = match AuthorizationRequest::judge(state, request).await {
        Ok(asked) => asked,
        Err(AuthorizationRefusal::Page(refusal)) => return Err(refusal),
        Err(AuthorizationRefusal::Redirect { redirect, state: text, refusal }) => {
            report::refused(&refusal, request);
            return Ok(see_other(refused(state, &redirect, text.as_deref(), &refusal)));
        }
    };
    let application = Some(&asked.application);
    match request.action()? {
        Some("log_in") => return log_in::submit(state, request, application).await,
        Some("switch") => return log_in::show(state, request, application, None),
        Some("allow" | "deny") | None => {}
        Some(_) => return Err(RefusalKind::InvalidRequest.into()),
    }
    let Some(visitor) = Visitor::of(state, request).await? else {
        let problem = request.action()?.map(|_| LogInProblem::Expired);
        return log_in::show(state, request, application, problem);
    };
    let subject = &visitor.subject;
    if !users::is_of_place(subject.org.as_deref(), subject.app.as_deref(), &asked.application) {
        return log_in::show(state, request, application, Some(LogInProblem::Denied));
    }
    match request.action()? {
        Some("allow") => consent::allow(state, request, asked, visitor).await,
        Some("deny") => consent::deny(state, request, &asked, &visitor),
        _ => Ok(consent::show(state, request, &asked, &visitor)),
    }
}

/// Returns the URL that takes a refusal to the client (section 4.1.2.1), with the issuer (RFC
/// 9207).
fn refused(
    state: &State,
    redirect: &redirect::Redirect,
    text: Option<&str>,
    refusal: &Refusal,
) -> http::HeaderValue {
    let row = refusal.kind.row();
    let description = refusal.detail.unwrap_or(row.description);
    let mut answer = vec![("error", row.error), ("error_description", description)];
    answer.extend(text.map(|text| ("state", text)));
    answer.push(("iss", state.issuer.as_str()));
    redirect.location(&answer)
}
