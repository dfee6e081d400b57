//! The preset `dialect::API_KEY`: a key in its own header.

use axum::body::Body;
use http::Request;
use tower_principal::RejectionKind::{Ambiguous, DeniedCredentials, Malformed, Missing, UnknownScheme};
use tower_principal::dialect::{self, TokenMeaning};
use tower_principal::verify::MemoryVerifier;
use tower_principal::{ApiKey, CredentialForm, Dialect, GuestRule, RejectionKind};

use crate::support::*;

const KEY: &str = "acmek_7Yw1zJ0c9uQ2";
const ODD: &str = "k!#{0123456789}";

fn known() -> MemoryVerifier {
    MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .api_key(KEY, ApiKey::new("robot"))
        .api_key(ODD, ApiKey::new("odd"))
        .build()
        .unwrap()
}

async fn check(dialect: Dialect, cases: &[(Request<Body>, Result<&str, RejectionKind>)]) {
    let app = whoami().layer(layer_of(dialect, known()));
    for (request, expected) in cases {
        let shown = format!("{} {:?}", request.uri(), request.headers());
        let mut copy =
            Request::builder().method(request.method()).uri(request.uri()).body(Body::empty()).unwrap();
        *copy.headers_mut() = request.headers().clone();
        let answer = send(app.clone(), copy).await;
        let outcome = answer.kind().map_or_else(|| Ok(answer.body.as_str()), Err);
        assert_eq!(outcome, *expected, "{shown}");
    }
}

fn key(value: &str) -> Request<Body> {
    get("/", &[("x-api-key", value)])
}

#[tokio::test]
async fn the_preset_reads_a_key_in_x_api_key_and_nothing_else() {
    let bearer_key = format!("Bearer {KEY}");
    check(
        dialect::API_KEY,
        &[
            (key(KEY), Ok("ApiKey:robot")),
            (get("/", &[("X-API-KEY", KEY)]), Ok("ApiKey:robot")),
            (key(ODD), Ok("ApiKey:odd")),
            (key("acmek_7Yw1zJ0c9uQ3"), Err(DeniedCredentials)),
            (key(&"k".repeat(9000)), Err(DeniedCredentials)),
            (key(""), Err(Malformed)),
            (key("two words"), Err(Malformed)),
            (key("k\u{e9}y"), Err(Malformed)),
            (get("/", &[]), Err(Missing)),
            (get(&format!("/?x-api-key={KEY}"), &[]), Err(Missing)),
            (get("/", &[("x-api-key", KEY), ("x-api-key", KEY)]), Err(Ambiguous)),
            (get("/", &[("x-api-key", KEY), ("x-api-key", "")]), Err(Ambiguous)),
            // `Authorization` is always a presented credential.
            (get("/", &[("authorization", &bearer_key)]), Err(UnknownScheme)),
        ],
    )
    .await;
}

/// A key that cannot be verified is no guest, also in a dialect with guests.
#[tokio::test]
async fn a_key_that_is_refused_is_never_a_guest() {
    check(
        dialect::API_KEY.guests([GuestRule::everywhere()]),
        &[
            (get("/", &[]), Ok("Guest:")),
            (key(KEY), Ok("ApiKey:robot")),
            (key("wrong"), Err(DeniedCredentials)),
            (key(""), Err(Malformed)),
            (get("/", &[("authorization", &format!("Bearer {KEY}"))]), Err(UnknownScheme)),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_second_row_reads_the_key_in_authorization_as_well() {
    for word in ["Bearer", "ApiKey"] {
        let dialect = dialect::API_KEY.add_form(CredentialForm::scheme(word, TokenMeaning::API_KEY));
        let line = format!("{word} {KEY}");
        let upper = format!("{} {KEY}", word.to_uppercase());
        check(
            dialect,
            &[
                (key(KEY), Ok("ApiKey:robot")),
                (get("/", &[("authorization", &line)]), Ok("ApiKey:robot")),
                (get("/", &[("authorization", &upper)]), Ok("ApiKey:robot")),
                (get("/", &[("authorization", &format!("{word} wrong-key"))]), Err(DeniedCredentials)),
                // The header allows more characters than the token of a scheme.
                (get("/", &[("authorization", &format!("{word} {ODD}"))]), Err(DeniedCredentials)),
                (get("/", &[("authorization", word)]), Err(Malformed)),
                (get("/", &[("authorization", KEY)]), Err(Malformed)),
                (get("/", &[("authorization", &line), ("x-api-key", KEY)]), Err(Ambiguous)),
            ],
        )
        .await;
    }
}

/// After a `Bearer` challenge, a client would send its key in a place without a row.
#[tokio::test]
async fn the_challenge_is_that_of_a_key() {
    let answer = send(whoami().layer(layer_of(dialect::API_KEY, known())), get("/", &[])).await;
    assert_eq!((answer.status, answer.challenges()), (401, vec![r#"ApiKey realm="api""#]));
}

#[tokio::test]
async fn another_header_is_one_line() {
    let dialect = dialect::API_KEY.forms([CredentialForm::header("x-service-key", TokenMeaning::API_KEY)]);
    check(dialect, &[(get("/", &[("x-service-key", KEY)]), Ok("ApiKey:robot")), (key(KEY), Err(Missing))])
        .await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_key_of_the_store_is_accepted_until_it_is_revoked() {
    use tower_principal::verify::sql::{NewCredential, SqlVerifier};

    let verifier = SqlVerifier::sqlite("sqlite::memory:").secret_word("acme").connect().await.unwrap();
    let keys = verifier.store().api_keys();
    let issued = keys.create(NewCredential::new().owner("alice")).await.unwrap();
    let app = whoami().layer(layer_of(dialect::API_KEY, verifier.clone()));
    let ask = async || send(app.clone(), key(issued.secret.expose_secret())).await;
    assert_eq!(ask().await.body, format!("ApiKey:{}", issued.id));
    keys.revoke(&issued.id).await.unwrap();
    assert_eq!(ask().await.kind(), Some(DeniedCredentials));
}
