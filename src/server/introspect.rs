//! The introspection endpoint (RFC 7662).

use serde_json::{Map, Value};

use super::answer::Answer;
use super::client::Client;
use super::presented::candidates;
use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use crate::clock::unix_seconds;
use crate::grant::{Application, Grant, Presented};

/// Describes a token to a client that may know of it.
///
/// The caller is a confidential client. It may know of its own tokens, and of access tokens for the
/// services that it [is](Application::serves). Every other token, and every text that is no token
/// in force, gets the same bytes, so the endpoint answers no guess (section 2.2).
///
/// Guesses of clients' secrets are throttled. Unknown tokens are not counted: services introspect
/// whatever they receive, so a stranger who sends them garbage would lock them out. A token has
/// more than 100 random bits, so no number of requests finds one.
pub(super) async fn answer(state: &State, request: &EndpointRequest) -> Result<Answer, Refusal> {
    let client = Client::of(state, request).await?;
    if !client.application.is_confidential() {
        return Err(RefusalKind::InvalidClient.into());
    }
    for token in candidates(state, request)? {
        let found = request.stores.grants.find_dyn(&token).await?;
        if let Some(grant) = found.filter(|grant| may_know(&client.application, &token, grant)) {
            return Ok(Answer::json(active(state, request, &token, &grant)));
        }
    }
    Ok(Answer::json(INACTIVE.to_owned()))
}

/// The answer for every token that is not in force, or that the client may not know of.
const INACTIVE: &str = "{\"active\":false}";

fn may_know(client: &Application, token: &Presented, grant: &Grant) -> bool {
    let is_of_service = || {
        let is_for = |service: &String| grant.audience.is_empty() || grant.audience.contains(service);
        !matches!(token, Presented::Refresh(_)) && client.serves.iter().any(is_for)
    };
    grant.client == client.id || is_of_service()
}

/// Returns the members of a token that is in force. Members without a value are left out.
fn active(state: &State, request: &EndpointRequest, token: &Presented, grant: &Grant) -> String {
    let is_refresh = matches!(token, Presented::Refresh(_));
    let scopes = if is_refresh { &grant.granted_scopes } else { &grant.scopes };
    let audience = if is_refresh { &grant.granted_audience } else { &grant.audience };
    // A service knows a client's own token by its equal `sub` and `client_id`. A user with the name
    // of the client must not pass for it, so the user then has no `sub`.
    let subject = match &grant.user {
        None => Some(&grant.client),
        Some(user) if *user == grant.client => None,
        Some(user) => Some(user),
    };
    let text = |text: &str| Value::from(text);
    let members = [
        ("active", Some(true.into())),
        ("iss", Some(text(state.issuer.as_str()))),
        ("client_id", Some(text(&grant.client))),
        ("sub", subject.map(|subject| text(subject))),
        ("username", grant.user.as_deref().map(text)),
        ("scope", Some(text(scopes.as_str())).filter(|_| !scopes.is_empty())),
        ("aud", Some(audience.clone().into()).filter(|_| !audience.is_empty())),
        ("exp", grant.expires_at.map(|at| unix_seconds(at).into())),
        ("iat", grant.issued_at.filter(|_| !is_refresh).map(|at| unix_seconds(at).into())),
        ("auth_time", grant.authenticated_at.map(|at| unix_seconds(at).into())),
        ("token_type", Some(text("Bearer")).filter(|_| !is_refresh)),
        ("jti", jti(token).map(Value::from)),
        ("sid", Some(text(grant.id.as_str()))),
        ("org", grant.org.as_deref().map(text)),
        ("app", grant.app.as_deref().map(text)),
        ("tenant", request.stores.tenant().map(text)),
    ];
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::from(present.collect::<Map<_, _>>()).to_string()
}

/// Returns the id of a JWT; an opaque token has none that its holder knows.
fn jti(token: &Presented) -> Option<String> {
    match token {
        Presented::Jwt { grant, generation } => Some(grant.token_id(*generation)),
        _ => None,
    }
}
