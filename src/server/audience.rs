//! The resources of a token request (RFC 8707).

use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use crate::grant::Application;

/// Returns the audience of a new grant: the resources that were asked for, or all of the
/// application's; empty for any service.
///
/// A resource has to be registered for the application, or for the server if the application has no
/// list of its own.
pub(super) fn new(
    state: &State,
    request: &EndpointRequest,
    application: &Application,
) -> Result<Vec<String>, Refusal> {
    let asked = asked(request);
    if asked.is_empty() {
        return Ok(application.audiences.clone());
    }
    let are_known = asked.iter().all(|uri| is_known(state, application, uri));
    if are_known { Ok(asked) } else { Err(RefusalKind::InvalidTarget.into()) }
}

/// Returns `true` if an application may get tokens for a resource: one of its own list or, if it
/// has none, of the server's.
pub(super) fn is_known(state: &State, application: &Application, uri: &String) -> bool {
    match application.audiences.is_empty() {
        true => state.resources.iter().any(|resource| resource.uri == *uri),
        false => application.audiences.contains(uri),
    }
}

/// Returns the audience of a token of an existing grant: `None` for the whole audience of the
/// grant.
///
/// A request narrows the audience and never introduces a resource. A resource that was removed from
/// the application after the grant is in no new token.
pub(super) fn remaining(
    request: &EndpointRequest,
    granted: &[String],
    application: &Application,
) -> Result<Option<Vec<String>>, Refusal> {
    let asked = asked(request);
    let is_registered = |uri: &String| are_within(std::slice::from_ref(uri), &application.audiences);
    if granted.is_empty() {
        // A grant for any service is not one for a service that the client names later, and it is
        // for none if the application has a list by now.
        let is_any = asked.is_empty() && application.audiences.is_empty();
        return if is_any { Ok(None) } else { Err(RefusalKind::InvalidTarget.into()) };
    }
    let remaining: Vec<String> = granted.iter().filter(|uri| is_registered(uri)).cloned().collect();
    if remaining.is_empty() || !asked.iter().all(|uri| remaining.contains(uri)) {
        return Err(RefusalKind::InvalidTarget.into());
    }
    Ok(Some(if asked.is_empty() { remaining } else { asked }))
}

/// Returns `true` if an application may get tokens for this audience.
pub(super) fn are_within(audience: &[String], registered: &[String]) -> bool {
    registered.is_empty() || !audience.is_empty() && audience.iter().all(|uri| registered.contains(uri))
}

/// Returns `true` if the audience of a token is within that of its grant; empty for any service.
pub(super) fn is_granted(audience: &[String], granted: &[String]) -> bool {
    if granted.is_empty() { audience.is_empty() } else { are_within(audience, granted) }
}

/// Returns the resources that a request names, each once.
pub(super) fn asked(request: &EndpointRequest) -> Vec<String> {
    let mut asked = Vec::new();
    for uri in request.parameters.resources() {
        if !asked.iter().any(|other| other == uri) {
            asked.push(uri.to_owned());
        }
    }
    asked
}
