//! The metadata of a server (RFC 8414).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::answer::Answer;
use super::issuer::Issuer;
use super::profile::Endpoint;
use super::state::State;
use crate::grant::GrantType;

/// The part of the document's path that stands before the path of the issuer (section 3).
const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// Returns the path of the document: the well-known part, and then the path of the issuer without a
/// slash at its end.
pub(super) fn path(issuer: &Issuer) -> String {
    format!("{WELL_KNOWN}{}", issuer.path().trim_end_matches('/'))
}

/// Returns the document. It names only what exists.
pub(super) fn answer(state: &State) -> Answer {
    Answer { caching: "public, max-age=3600", ..Answer::json(document(state)) }
}

fn document(state: &State) -> String {
    let keys = Endpoint::Keys;
    let endpoints = [
        (Endpoint::Token, "token_endpoint", "token_endpoint_auth_methods_supported", ANY),
        (Endpoint::Revoke, "revocation_endpoint", "revocation_endpoint_auth_methods_supported", ANY),
        (
            Endpoint::Introspect,
            "introspection_endpoint",
            "introspection_endpoint_auth_methods_supported",
            SECRET,
        ),
    ];
    let mut members = Map::new();
    members.insert("issuer".to_owned(), state.issuer.as_str().into());
    for (endpoint, name, methods, supported) in endpoints {
        if let Some(url) = state.url(endpoint) {
            members.insert(name.to_owned(), url.into());
            members.insert(methods.to_owned(), supported.to_vec().into());
        }
    }
    if let Some(url) = state.url(keys).filter(|_| state.signer.is_some()) {
        members.insert("jwks_uri".to_owned(), url.into());
    }
    let grants = grants(state);
    let authorize = state.url(Endpoint::Authorize).filter(|_| state.has_pages());
    if let Some(url) = authorize {
        members.insert("authorization_endpoint".to_owned(), url.into());
        members.insert("authorization_response_iss_parameter_supported".to_owned(), true.into());
    }
    // A host that offers codes without this server's pages has a page that answers with them.
    if grants.contains(GrantType::AuthorizationCode.as_str()) {
        members.insert("response_types_supported".to_owned(), vec!["code"].into());
        members.insert("code_challenge_methods_supported".to_owned(), vec!["S256"].into());
    }
    let scopes: BTreeSet<&str> =
        state.resources.iter().flat_map(|resource| &resource.scopes).map(String::as_str).collect();
    // A list without elements is left out (section 2).
    for (name, list) in [("grant_types_supported", grants), ("scopes_supported", scopes)] {
        if !list.is_empty() {
            members.insert(name.to_owned(), list.into_iter().collect::<Vec<_>>().into());
        }
    }
    Value::from(members).to_string()
}

const SECRET: &[&str] = &["client_secret_basic", "client_secret_post"];
/// With public clients, which name themselves.
const ANY: &[&str] = &["client_secret_basic", "client_secret_post", "none"];

/// Returns the grant types of the profiles at the token endpoint that the document names.
fn grants(state: &State) -> BTreeSet<&'static str> {
    let Some((_, named)) = state.described(Endpoint::Token).next() else { return BTreeSet::new() };
    let profiles = state.described(Endpoint::Token).filter(|(_, path)| *path == named);
    let grants = profiles.flat_map(|(profile, _)| profile.ways.grants);
    let has_users = state.users.is_some();
    grants.filter(|grant| has_users || **grant != GrantType::Password).map(|grant| grant.as_str()).collect()
}
