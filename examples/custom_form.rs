//! A custom platform: its grammar and its table of forms.
//!
//! This one accepts `Authorization: Token token="..", uses="3"` (as some Ruby on Rails services do)
//! and a header `Private-Token`.
//!
//! Run `cargo run --example custom_form`, then the calls it prints.

use std::borrow::Cow;

use axum::{Router, routing::get};
use tower_principal::dialect::{self, CustomPlace, Malformed, TokenMeaning};
use tower_principal::{
    AuthenticateLayer, Credential, CredentialForm, Dialect, OAuthUser, Principal, Secret, transport,
    verify::MemoryVerifier,
};

/// The platform. Places without a row are not read: `Bearer` is an unknown scheme here, and the
/// query is ignored. All other settings are those of the strict standard: no guests, no plain http.
const RAILS: Dialect = Dialect {
    name: "rails",
    realm: Cow::Borrowed("Application"),
    forms: Cow::Borrowed(&[
        CredentialForm::custom(CustomPlace::Scheme("Token"), token),
        // A plain token in its own header needs no grammar.
        CredentialForm::header("private-token", TokenMeaning::ACCESS_TOKEN),
    ]),
    ..dialect::RFC6750
};

/// Reads the text after the word `Token`. It checks only the grammar, so it returns a credential or
/// `Malformed` (400). The verifier decides if the token is valid and which principal it has.
///
/// The bytes come from any client: it must not panic, and it accepts one reading or none.
fn token(value: Secret<'_>) -> Result<Credential<'_>, Malformed> {
    let mut found = None;
    for parameter in value.expose_secret().split(',') {
        let (name, quoted) = parameter.trim().split_once('=').ok_or(Malformed)?;
        let text = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(Malformed)?;
        if text.is_empty() || text.contains(['"', '\\']) {
            return Err(Malformed);
        }
        // A second one would be a choice, and another program might choose differently.
        if name == "token" && found.replace(text).is_some() {
            return Err(Malformed);
        }
    }
    found.map(|text| Credential::AccessToken(Secret::owned(text))).ok_or(Malformed)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let verifier = MemoryVerifier::builder().access_token("otto-token", OAuthUser::new("otto")).build()?;
    let app = Router::new()
        .route("/whoami", get(|me: Principal| async move { format!("{me:?}\n") }))
        .route_layer(AuthenticateLayer::new(RAILS, verifier, transport::danger_assume_secure()));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3003").await?;
    eprintln!("200: curl -i http://127.0.0.1:3003/whoami -H 'Authorization: Token token=\"otto-token\"'");
    eprintln!("200: curl -i http://127.0.0.1:3003/whoami -H 'Private-Token: otto-token'");
    eprintln!("400: curl -i http://127.0.0.1:3003/whoami -H 'Authorization: Token otto-token'");
    eprintln!("401: curl -i http://127.0.0.1:3003/whoami -H 'Authorization: Bearer otto-token'");
    axum::serve(listener, app).await?;
    Ok(())
}
