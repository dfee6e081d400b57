//! Who a request is from: the layer's result as JSON, and the account of a user at Socrata.

use axum::Json;
use serde_json::{Value, json};
use tower_principal::{Authentication, Principal, PrincipalKind};

/// Returns the answer of each `whoami` route.
pub(crate) async fn whoami(found: Authentication) -> Json<Value> {
    let principal = found.principal();
    // An app token that is the principal itself does not accompany another one.
    let beside = found.app().filter(|_| principal.kind() != PrincipalKind::AppToken);
    let sandbox = matches!(principal, Principal::Guest(guest) if guest.is_sandbox());
    Json(json!({
        "principal": principal.kind().to_string(),
        "id": principal.id(),
        "app": beside.map(|app| app.id()).or(principal.app()),
        "org": principal.org(),
        "scopes": principal.scopes().iter().collect::<Vec<_>>(),
        "carrier": found.credential_source().map(|source| source.carrier().as_str()),
        "sandbox": sandbox,
    }))
}

/// Returns the account of a user, with Socrata's fields.
pub(crate) fn current(user: &str) -> Value {
    json!({
        "id": four_by_four(user),
        "displayName": user,
        "screenName": user,
        "email": user,
        "emailUnsubscribed": false,
        "privacyControl": "login",
        "profileLastModified": 1_400_000_000,
        "rights": ["create_datasets", "edit_others_datasets"],
        "flags": [],
    })
}

/// Returns an object as XML: an element for each member, and in a list one for each of its parts,
/// named in the singular.
pub(crate) fn xml(name: &str, object: &Value) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", element(name, object))
}

fn element(name: &str, value: &Value) -> String {
    let content = match value {
        Value::Object(members) => members.iter().map(|(name, value)| element(name, value)).collect(),
        Value::Array(parts) => parts.iter().map(|part| element(name.trim_end_matches('s'), part)).collect(),
        Value::String(text) => escaped(text),
        other => other.to_string(),
    };
    format!("<{name}>{content}</{name}>")
}

/// Returns an id in Socrata's form, always the same for one user.
fn four_by_four(user: &str) -> String {
    let hash = user.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let digits = format!("{:08x}", hash & 0xffff_ffff);
    let (left, right) = digits.split_at(4);
    format!("{left}-{right}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
