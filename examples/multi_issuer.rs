//! Three issuers of JWTs and opaque tokens on the same routes, and issuers that are down.
//!
//! Run it with `cargo run --example multi_issuer --features jwt,test-util`; it ends by itself.

use axum::body::Body;
use axum::{Router, routing::get};
use http::Request;
use tower::ServiceExt as _;
use tower_principal::test_util::{Fault, Issuer};
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::TokenUse;
use tower_principal::{
    AuthenticateLayer, OAuthUser, Principal, Verifier as _, dialect, transport, verify::MemoryVerifier,
};

const API: &str = "https://api.example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (staff, partners) = (Issuer::new("https://staff.example")?, Issuer::new("https://partners.example")?);
    let agencies = Issuer::new("https://agencies.example")?;
    agencies.set_fault(Fault::Unreachable);

    // Each issuer has its own keys, audiences and rules. A token goes to the issuer that its `iss`
    // names.
    let staff_tokens =
        JwtVerifier::builder(staff.name()).audience(API).keys(staff.published().build()?).build()?;
    let partner_tokens = JwtVerifier::builder(partners.name())
        .audience("the-id-of-our-client")
        .accept([TokenUse::CognitoAccess])
        .keys(partners.published().build()?)
        .build()?;
    let agency_tokens =
        JwtVerifier::builder(agencies.name()).audience(API).keys(agencies.published().build()?).build()?;
    // Tokens that are not JWTs are looked up.
    let opaque_tokens = MemoryVerifier::builder()
        .access_token("9kxoTUYvSxnAiMpv008NBqRiqk5xWt", OAuthUser::new("olga"))
        .build()?;

    let verifier = staff_tokens.or(partner_tokens).or(agency_tokens).or(opaque_tokens);
    let app = Router::new()
        .route("/", get(|who: Principal| async move { format!("{who:?}") }))
        .layer(AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure()));

    let partner = || partners.token("petra").without_header("typ").claim("token_use", "access");
    let forged = partners.token("eve").audience(API).claim("iss", staff.name());
    for (what, token) in [
        ("a token of the staff's issuer", staff.token("sven").audience(API).sign()),
        ("a token of the partners'", partner().claim("client_id", "the-id-of-our-client").sign()),
        ("an opaque token", "9kxoTUYvSxnAiMpv008NBqRiqk5xWt".to_owned()),
        ("a token for another audience", staff.token("sven").audience("https://other.example").sign()),
        ("a token by the wrong issuer's key", forged.sign()),
    ] {
        say(&app, what, &token).await?;
    }

    // The partners' issuer is down: cached keys remain valid. If a key is missing, the answer is
    // 503 and not 401.
    partners.set_fault(Fault::Unreachable);
    let known = partner().claim("client_id", "the-id-of-our-client").sign();
    say(&app, "in an outage, a known key", &known).await?;
    say(&app, "in an outage, keys that were never fetched", &agencies.token("ada").audience(API).sign())
        .await?;
    Ok(())
}

async fn say(app: &Router, what: &str, token: &str) -> Result<(), Box<dyn std::error::Error>> {
    let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(Body::empty())?;
    let response = app.clone().oneshot(request).await?;
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 4096).await?;
    eprintln!("{what}: {status} {}", String::from_utf8_lossy(&body));
    Ok(())
}
