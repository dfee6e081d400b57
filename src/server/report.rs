//! What a server reports of its requests.

use std::net::IpAddr;

use super::client::claimed;
use super::refusal::Refusal;
use super::request::EndpointRequest;
use crate::credential::{ClientKind, Credential, Pair, Secret};
use crate::grant::{Grant, GrantId, GrantType};
use crate::observe::issuing::{self, Issuing, TokenEvent};

/// Reports tokens that were issued, or a replay that ended a grant.
pub(super) fn changed(what: Issuing, request: &EndpointRequest, client: &str, grant: &Grant) {
    let (id, user) = (Some(grant.id.as_str()), grant.user.as_deref());
    let event = TokenEvent { grant: id, user, client: Some(client), ..of(request) };
    issuing::changed(what, &event);
}

/// Reports a code or a refresh token that was used again. Its grant has ended.
pub(super) fn replayed(what: Issuing, request: &EndpointRequest, client: &str, grant: &GrantId) {
    issuing::changed(what, &TokenEvent { grant: Some(grant.as_str()), client: Some(client), ..of(request) });
}

/// Reports a grant that a client revoked. It is not known if the client had an earlier refresh
/// token of it.
pub(super) fn revoked(request: &EndpointRequest, client: &str, grant: Option<&Grant>) {
    let (id, user) = (grant.map(|grant| grant.id.as_str()), grant.and_then(|grant| grant.user.as_deref()));
    let event = TokenEvent { grant: id, user, client: Some(client), ..of(request) };
    issuing::changed(Issuing::Revoked, &event);
}

/// Reports a refusal of a request that was read.
pub(super) fn refused(refusal: &Refusal, request: &EndpointRequest) {
    let client = claimed(request);
    let client = client.as_deref();
    let event = TokenEvent { client, ..of(request) };
    let token = ["refresh_token", "code", "token"].into_iter();
    let presented = token.filter_map(|name| request.parameters.secret(name)).next();
    let presented = presented.map(Credential::AccessToken).or_else(|| {
        let id = Secret::borrowed(client?);
        Some(Credential::Client(ClientKind::Other, Pair::new(id, Secret::borrowed(""))))
    });
    issuing::refused(refusal.kind.as_str(), &event, presented.as_ref());
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
