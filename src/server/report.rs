//! What a server reports of its requests.

use std::net::IpAddr;

use super::client::claimed;
use super::refusal::Refusal;
use super::request::EndpointRequest;
use crate::credential::{ClientKind, Credential, Pair, Secret};
use crate::grant::{Grant, GrantId, GrantType};
use crate::observe::issuing::{self, Issuing, TokenEvent};

/// Reports a grant that was issued, renewed or revoked. After a revocation with an earlier refresh
/// token, the grant is not known.
pub(super) fn changed(what: Issuing, request: &EndpointRequest, client: &str, grant: Option<&Grant>) {
    let (id, user) = (grant.map(|grant| grant.id.as_str()), grant.and_then(|grant| grant.user.as_deref()));
    let event = TokenEvent { grant: id, user, client: shown(request, Some(client)), ..of(request) };
    issuing::changed(what, &event, presented(request, Some(client)).as_ref());
}

/// Reports a code or a refresh token that was used again. Its grant has ended.
pub(super) fn replayed(what: Issuing, request: &EndpointRequest, client: &str, grant: &GrantId) {
    let event =
        TokenEvent { grant: Some(grant.as_str()), client: shown(request, Some(client)), ..of(request) };
    issuing::changed(what, &event, presented(request, Some(client)).as_ref());
}

/// Reports what a user did at a page: with a client and its grant, if there is one.
pub(super) fn visited(
    what: Issuing,
    request: &EndpointRequest,
    user: &str,
    allowed: Option<(&str, &GrantId)>,
) {
    let (client, grant) = allowed.map(|(client, grant)| (client, grant.as_str())).unzip();
    let event = TokenEvent { grant, user: Some(user), client: shown(request, client), ..of(request) };
    issuing::changed(what, &event, presented(request, client).as_ref());
}

/// Reports that a user ended the access of a client.
pub(super) fn disconnected(request: &EndpointRequest, user: &str, client: &str) {
    let event = TokenEvent { user: Some(user), client: shown(request, Some(client)), ..of(request) };
    issuing::changed(Issuing::Disconnected, &event, None);
}

/// Reports a refusal of a request that was read.
pub(super) fn refused(refusal: &Refusal, request: &EndpointRequest) {
    refused_as(refusal.kind.as_str(), request);
}

/// Reports a log-in with a wrong name or password.
pub(super) fn log_in_denied(request: &EndpointRequest) {
    refused_as("log_in_denied", request);
}

fn refused_as(kind: &'static str, request: &EndpointRequest) {
    let client = claimed(request);
    let client = client.as_deref();
    let event = TokenEvent { client: shown(request, client), ..of(request) };
    issuing::refused(kind, &event, presented(request, client).as_ref());
}

/// Returns the id of a client for an event; `None` if the platform uses it as a credential.
fn shown<'c>(request: &EndpointRequest, client: Option<&'c str>) -> Option<&'c str> {
    client.filter(|_| !request.route.door.secret_client_ids)
}

/// Returns what a request presents, for its fingerprint: a code or a token, or else the user of a
/// log-in, or else the client. The fingerprint of an id and a secret is that of the id.
fn presented<'r>(request: &'r EndpointRequest, client: Option<&'r str>) -> Option<Credential<'r>> {
    let secret = |name: &&str| request.parameters.secret(name).or_else(|| request.form.secret(name));
    let of = |id: Secret<'r>| Pair::new(id, Secret::borrowed(""));
    if let Some(token) = ["refresh_token", "code", "token"].iter().find_map(secret) {
        return Some(Credential::AccessToken(token));
    }
    if let Some(name) = secret(&"username") {
        return Some(Credential::Password(of(name)));
    }
    Some(Credential::Client(ClientKind::Other, of(Secret::borrowed(client?))))
}

/// Reports a refusal of a request that was not read, or whose outcome is not known.
pub(super) fn refused_unread(refusal: &Refusal, address: Option<IpAddr>) {
    let event = TokenEvent { address, ..TokenEvent::default() };
    issuing::refused(refusal.kind.as_str(), &event, None);
}

fn of(request: &EndpointRequest) -> TokenEvent<'static> {
    let grant_type = request.text("grant_type").and_then(GrantType::named).map(GrantType::as_str);
    TokenEvent { grant_type, address: request.address, ..TokenEvent::default() }
}
