//! Routes that allow guests and recognize logged-in users.
//!
//! Run `cargo run --example optional_login`, then the three calls it prints.

use axum::{Router, routing::get};
use tower_principal::dialect::{self, PairMeaning};
use tower_principal::{
    AuthenticateLayer, BasicUser, CredentialForm, GuestRule, OAuthUser, Principal, transport,
    verify::MemoryVerifier,
};

/// `None` means that no credential was sent. It never means that a credential was invalid, because
/// the layer refuses that before it calls the handler.
async fn greet(who: Option<Principal>) -> String {
    match who {
        Some(who) => format!("hello, {}\n", who.id().unwrap_or("you")),
        None => "hello, stranger\n".to_owned(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let verifier = MemoryVerifier::builder()
        .access_token("otto-token", OAuthUser::new("otto"))
        .user("alice", "correct horse", BasicUser::new("alice"))
        .build()?;

    let dialect = dialect::RFC6750
        .add_form(CredentialForm::basic(PairMeaning::PASSWORD))
        // Without a rule there are no guests, and the handler never gets `None`.
        .guests([GuestRule::everywhere()]);

    let app = Router::new()
        .route("/", get(greet))
        // An `OAuthUser` or `Authenticated` argument closes a single route to guests: 401.
        .route("/mine", get(|user: OAuthUser| async move { format!("datasets of {}\n", user.id()) }))
        .route_layer(AuthenticateLayer::new(dialect, verifier, transport::danger_assume_secure()));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3001").await?;
    eprintln!("a guest:    curl -i http://127.0.0.1:3001/");
    eprintln!("a user:     curl -i http://127.0.0.1:3001/ -u 'alice:correct horse'");
    eprintln!("refused:    curl -i http://127.0.0.1:3001/ -u 'alice:wrong'");
    axum::serve(listener, app).await?;
    Ok(())
}
