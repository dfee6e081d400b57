//! Connected applications: what a user has allowed, and the end of it.

use http::header::ACCEPT;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use crate::clock::unix_seconds;
use crate::server::allowed_application::{self as allowed, AllowedApplication};
use crate::server::answer::Answer;
use crate::server::answer_body::AnswerBody;
use crate::server::browser::Purpose;
use crate::server::pages::{ApplicationsPage, ConnectedApplication, FormStart};
use crate::server::profile::Endpoint;
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::report;
use crate::server::request::EndpointRequest;
use crate::server::state::State;
use crate::server::visitor::{Visitor, here, page};

/// Returns `true` if a program asks for JSON, in place of a page.
pub(in crate::server) fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

/// Returns the page, or the same as JSON.
pub(super) async fn show(
    state: &State,
    request: &EndpointRequest,
    visitor: &Visitor,
) -> Result<Response<AnswerBody>, Refusal> {
    let user = &*visitor.subject.user;
    let applications = allowed::list(&request.stores, user).await?;
    let token = visitor.token(state, Purpose::Applications, "");
    if wants_json(&request.parts.headers) {
        let applications: Vec<Value> = applications.iter().map(described).collect();
        let document = json!({ "user": user, "form_token": token, "applications": applications });
        return Ok(Answer::json(document.to_string()).into_response());
    }
    let reference = request.reference();
    let connected = applications.iter().map(|of| ConnectedApplication {
        name: of.label.as_deref().unwrap_or(&of.client),
        client_id: &of.client,
        scopes: of.scopes.iter().map(|name| state.browser.scope(name)).collect(),
        since: of.since,
        form: FormStart::new(&reference, &token).with("client", &of.client),
    });
    let connected = connected.collect();
    let log_out = visitor.token(state, Purpose::LogOut, "");
    let log_out_url = state.url(Endpoint::LogOut).filter(|_| state.browser.login.is_none());
    let html = state.browser.pages.applications(&ApplicationsPage {
        user,
        applications: connected,
        log_out: log_out_url.as_deref().map(|url| FormStart::new(url, &log_out)),
    });
    Ok(page(state, StatusCode::OK, html))
}

/// Ends the access of one application, and shows what is left.
pub(super) async fn end(
    state: &State,
    request: &EndpointRequest,
    visitor: &Visitor,
) -> Result<Response<AnswerBody>, Refusal> {
    visitor.check(state, request, Purpose::Applications, "")?;
    let client = request.form.text("client");
    let client = client.ok_or(RefusalKind::InvalidRequest.because("The form names no application."))?;
    let user = &*visitor.subject.user;
    if allowed::end(&request.stores, user, client).await? {
        report::disconnected(request, user, client);
    }
    if wants_json(&request.parts.headers) {
        return Ok(Answer::empty().into_response());
    }
    here(request)
}

fn described(of: &AllowedApplication) -> Value {
    let since = unix_seconds(of.since);
    json!({
        "client_id": of.client,
        "name": of.label,
        "scopes": of.scopes.iter().collect::<Vec<_>>(),
        "since": since,
    })
}
