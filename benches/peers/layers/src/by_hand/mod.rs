//! Middleware as services write it: a function, a map behind an `Arc`, and the user as an extension
//! of the request.

pub(crate) mod functions;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::middleware::from_fn_with_state;
use kit::{Made, Setup, greet};

use crate::paths;
use crate::users::{User, pairs, tokens, user};

/// The users by their tokens.
pub(crate) type Users<U> = Arc<HashMap<String, U>>;

/// The secrets and users by the ids of their keys.
type Keys = Arc<HashMap<String, (String, User)>>;

pub(crate) fn users(setup: &Setup<'_>) -> Users<User> {
    Arc::new(tokens(setup.crowd).map(|token| (token, user())).collect())
}

fn keys(setup: &Setup<'_>) -> Keys {
    Arc::new(pairs(setup.crowd).map(|(id, secret)| (id, (secret, user()))).collect())
}

/// Returns the route whose handler has a copy of the user.
pub(crate) fn greeting() -> Router {
    paths::route(async |Extension(user): Extension<User>| greet(&user.id))
}

/// The map owns each user, so a request has a copy.
pub(crate) fn owned(setup: &Setup<'_>) -> Made<Router> {
    paths::bearer(greeting().layer(from_fn_with_state(users(setup), functions::bearer::<User>)))
}

/// The same, and the response has the headers that keep it out of shared caches.
pub(crate) fn marked(setup: &Setup<'_>) -> Made<Router> {
    paths::bearer(greeting().layer(from_fn_with_state(users(setup), functions::bearer_marked)))
}

/// The users are shared.
pub(crate) fn shared(setup: &Setup<'_>) -> Made<Router> {
    let users: Users<Arc<User>> =
        Arc::new(tokens(setup.crowd).map(|token| (token, Arc::new(user()))).collect());
    let router = paths::route(async |Extension(user): Extension<Arc<User>>| greet(&user.id));
    paths::bearer(router.layer(from_fn_with_state(users, functions::bearer::<Arc<User>>)))
}

/// axum-extra reads the header.
pub(crate) fn typed(setup: &Setup<'_>) -> Made<Router> {
    paths::bearer(greeting().layer(from_fn_with_state(users(setup), functions::bearer_typed)))
}

pub(crate) fn basic(setup: &Setup<'_>) -> Made<Router> {
    paths::basic(greeting().layer(from_fn_with_state(keys(setup), functions::basic)))
}

/// axum-extra reads the header.
pub(crate) fn basic_typed(setup: &Setup<'_>) -> Made<Router> {
    paths::basic(greeting().layer(from_fn_with_state(keys(setup), functions::basic_typed)))
}

pub(crate) fn query(setup: &Setup<'_>) -> Made<Router> {
    paths::query(greeting().layer(from_fn_with_state(users(setup), functions::query)))
}

pub(crate) fn form(setup: &Setup<'_>) -> Made<Router> {
    paths::form(greeting().layer(from_fn_with_state(users(setup), functions::form)))
}
