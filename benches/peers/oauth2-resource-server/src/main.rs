//! tower-oauth2-resource-server: its layer with keys in memory, and the claims as an extension. It
//! refuses algorithms with a shared secret.

use axum::Router;
use axum::extract::Extension;
use axum::routing::get;
use kit::Measured::Accepted;
use kit::jwt::{AUDIENCE, ISSUER, key_set, made};
use kit::{Case, HELLO, Made, Setup, greet};
use serde::Deserialize;
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;
use tower_oauth2_resource_server::validation::ClaimsValidationSpec;

#[derive(Clone, Deserialize)]
#[allow(dead_code, reason = "the handler needs only the subject")]
struct User {
    sub: String,
    client_id: String,
    scope: String,
}

fn protected(algorithm: &str, setup: &Setup<'_>) -> Made<Router> {
    let claims = ClaimsValidationSpec::new().exp(true).iss(ISSUER).aud(&vec![AUDIENCE.to_owned()]);
    let tenant = TenantConfiguration::static_builder(key_set(algorithm));
    let tenant = tenant.identifier(ISSUER).claims_validation(claims).build().expect("a tenant");
    let server = OAuth2ResourceServer::<User>::builder().add_tenant(tenant).build();
    let server = setup.runtime.block_on(server).expect("a resource server");
    let handler = get(async |Extension(user): Extension<User>| greet(&user.sub));
    let router = Router::new().route("/", handler).layer(server.into_layer());
    made(algorithm, router, Router::new().route("/", get(async || HELLO)))
}

const CASES: &[Case<Router>] = &[
    Case {
        name: "rs256/oauth2-resource-server",
        measured: Accepted,
        make: |setup| protected("rs256", setup),
    },
    Case {
        name: "es256/oauth2-resource-server",
        measured: Accepted,
        make: |setup| protected("es256", setup),
    },
];

fn main() {
    kit::run::<_, axum::body::Body, _>(CASES);
}
