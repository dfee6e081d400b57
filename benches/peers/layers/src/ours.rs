//! This crate: its layer, a verifier in memory, and an extractor.

use std::time::Duration;

use axum::Router;
use kit::{ID, Made, Setup, greet};
use tower_principal::dialect::{PairMeaning, TokenMeaning};
use tower_principal::extract::protect;
use tower_principal::verify::MemoryVerifier;
use tower_principal::verify::password::Passwords;
use tower_principal::{ApiKey, AuthenticateLayer, CredentialForm, Dialect, OAuthUser, Principal};
use tower_principal::{dialect, transport};

use crate::paths;
use crate::users::{CLIENT, SCOPES, pairs, tokens};

const BEARER: CredentialForm = CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN);
const QUERY: CredentialForm = CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN);
const BODY: CredentialForm = CredentialForm::body("access_token", TokenMeaning::ACCESS_TOKEN);
const BASIC: CredentialForm = CredentialForm::basic(PairMeaning::KEY_PAIR);

fn verifier(crowd: usize) -> MemoryVerifier {
    // No request of these has a password.
    let passwords = Passwords::with_params(8, 1, 1).expect("parameters");
    let user = || OAuthUser::new(ID).with_client(CLIENT).with_scopes(SCOPES);
    let key = || ApiKey::new(ID).with_owner(CLIENT).with_scopes(SCOPES);
    let known = MemoryVerifier::builder().passwords(passwords);
    let known = tokens(crowd).fold(known, |known, token| known.access_token(token, user()));
    let pairs = pairs(crowd.min(1_000));
    let known = pairs.fold(known, |known, (id, secret)| known.key_pair(id, secret, key()));
    known.build().expect("a verifier")
}

fn layer(dialect: Dialect, setup: &Setup<'_>) -> AuthenticateLayer<MemoryVerifier> {
    AuthenticateLayer::new(dialect, verifier(setup.crowd), transport::danger_assume_secure())
}

fn greeting() -> Router {
    paths::route(async |caller: Principal| greet(caller.id().unwrap_or_default()))
}

/// The dialect has one form, as its peers read one.
pub(crate) fn bearer(setup: &Setup<'_>) -> Made<Router> {
    paths::bearer(greeting().layer(layer(dialect::RFC6750, setup)))
}

/// The same around a whole router, whose responses then keep axum's own body.
pub(crate) fn protected(setup: &Setup<'_>) -> Made<Router> {
    paths::bearer(protect(greeting(), layer(dialect::RFC6750, setup)).into_router())
}

/// The dialect reads headers, the query and the body.
pub(crate) fn bearer_of_many(setup: &Setup<'_>) -> Made<Router> {
    paths::bearer(greeting().layer(layer(dialect::OPENDATASOFT, setup)))
}

pub(crate) fn basic(setup: &Setup<'_>) -> Made<Router> {
    paths::basic(greeting().layer(layer(dialect::RFC6750.forms([BASIC]), setup)))
}

pub(crate) fn query(setup: &Setup<'_>) -> Made<Router> {
    paths::query(greeting().layer(layer(dialect::RFC6750.forms([BEARER, QUERY]), setup)))
}

pub(crate) fn form(setup: &Setup<'_>) -> Made<Router> {
    let layer = layer(dialect::RFC6750.forms([BEARER, BODY]), setup);
    paths::form(greeting().layer(layer.with_form_body(64 * 1024, Duration::from_secs(5))))
}
