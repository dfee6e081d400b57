//! The table of answers, row by row: status, exact challenges, body, and the headers that belong to
//! them (REQ-01, REQ-21 to REQ-23).

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Method, Request, Response, Version};
use tower_principal::RejectionKind::{self, *};
use tower_principal::dialect::{self, PairMeaning, TokenMeaning};
use tower_principal::{
    AuthenticateLayer, Credential, CredentialForm, DenialReason, Dialect, GuestRule, OAuthUser, Rejection,
    RequireLayer, Verifier, VerifyError, policy, transport,
};

use crate::support::*;

/// A verifier; the text of a credential selects its answer.
fn obeys() -> impl Verifier {
    says(|credential| {
        let text = match credential {
            Credential::AccessToken(token) | Credential::AppToken(token) => token.expose_secret(),
            Credential::Password(pair) | Credential::Client(_, pair) => pair.id(),
            _ => "unknown",
        };
        match text {
            "otto" => Ok(OAuthUser::new("otto").into()),
            "alice" => Ok(tower_principal::BasicUser::new("alice").into()),
            "down" => Err(VerifyError::unavailable("the users table is locked")),
            "panic" => panic!("on purpose"),
            "throttled" => Err(VerifyError::Denied(DenialReason::Throttled(Duration::from_secs(30)))),
            _ => Err(VerifyError::UNKNOWN),
        }
    })
}

/// Sends a request to a service with the forms of a dialect and a policy that only `otto` with a
/// scope satisfies.
async fn ask(dialect: Dialect, request: Request<Body>) -> Answer {
    let layer = layer_of(dialect, obeys()).with_form_body(64, Duration::from_secs(5));
    send(whoami().layer(RequireLayer::new(policy::scope("write admin"))).layer(layer), request).await
}

struct Row {
    kind: RejectionKind,
    request: Request<Body>,
    status: u16,
    error: &'static str,
    /// The challenges of a dialect with `Bearer` and `Basic` rows and the realm `data`.
    challenges: &'static [&'static str],
    retry_after: Option<&'static str>,
}

const BEARER: &str = r#"Bearer realm="data""#;
const BASIC: &str = r#"Basic realm="data", charset="UTF-8""#;
const PLAIN: &[&str] = &[BEARER, BASIC];
const MALFORMED: &[&str] = &[r#"Bearer realm="data", error="invalid_request""#];
const DENIED: &[&str] = &[r#"Bearer realm="data", error="invalid_token""#, BASIC];
const SCOPE: &[&str] = &[r#"Bearer realm="data", error="insufficient_scope", scope="write admin""#];

fn mine() -> Dialect {
    Dialect { name: "mine", ..dialect::RFC6750 }
        .forms([
            CredentialForm::basic(PairMeaning::PASSWORD),
            CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
            CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
            CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN),
            CredentialForm::body("access_token", TokenMeaning::ACCESS_TOKEN),
        ])
        .realm("data")
}

#[rustfmt::skip]
fn table() -> Vec<Row> {
    let row = |kind, request, status, error, challenges: &'static [&'static str], retry_after| {
        Row { kind, request, status, error, challenges, retry_after }
    };
    let app = |token: &str| get("/", &[("x-app-token", token)]);
    let slow = form("/", Body::from_stream(stream::pending::<Result<bytes::Bytes, std::io::Error>>()));
    vec![
        row(Missing, get("/", &[]), 401, "missing_credentials", PLAIN, None),
        row(UnknownScheme, authorization("Digest x"), 401, "missing_credentials", PLAIN, None),
        row(Malformed, authorization("Bearer"), 400, "invalid_request", MALFORMED, None),
        row(Malformed, authorization("Basic x"), 400, "invalid_request", &[BASIC], None),
        row(Malformed, get("/?access_token=", &[]), 400, "invalid_request", MALFORMED, None),
        row(Malformed, app(""), 400, "invalid_request", MALFORMED, None),
        row(Ambiguous, get("/?access_token=a", &[("authorization", "Bearer a")]), 400, "invalid_request", MALFORMED, None),
        row(DeniedToken, authorization("Bearer unknown"), 401, "invalid_token", DENIED, None),
        row(DeniedToken, get("/?access_token=unknown", &[]), 401, "invalid_token", DENIED, None),
        row(DeniedToken, form("/", "access_token=unknown"), 401, "invalid_token", DENIED, None),
        row(DeniedCredentials, authorization(basic("unknown", "x")), 401, "invalid_credentials", PLAIN, None),
        row(DeniedAppToken, app("unknown"), 403, "invalid_app_token", &[], None),
        row(InsufficientScope, authorization("Bearer otto"), 403, "insufficient_scope", SCOPE, None),
        row(Forbidden, authorization(basic("alice", "x")), 403, "forbidden", &[], None),
        row(TooManyAttempts, authorization("Bearer throttled"), 429, "too_many_attempts", &[], Some("30")),
        row(BodyTooLarge, form("/", "x".repeat(65)), 413, "invalid_request", &[], None),
        row(BodyTimeout, slow, 408, "invalid_request", &[], None),
        row(Unavailable, authorization("Bearer down"), 503, "temporarily_unavailable", &[], Some("5")),
        row(ServerError, authorization("Bearer panic"), 500, "server_error", &[], None),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_row_of_the_table_gets_its_answer() {
    for Row { kind, request, status, error, challenges, retry_after } in table() {
        let shown = format!("{kind:?} {} {:?}", request.uri(), request.headers());
        let answer = ask(mine(), request).await;
        assert_eq!((answer.kind(), answer.status), (Some(kind), status), "{shown}");
        let mut expected = challenges.to_vec();
        expected.sort_unstable();
        assert_eq!(answer.challenges(), expected, "{shown}");
        assert_eq!(answer.lines("content-type"), ["application/json"], "{shown}");
        assert_eq!(answer.lines("cache-control"), ["no-store"], "{shown}");
        assert_eq!(answer.lines("retry-after").first().copied(), retry_after, "{shown}");
        assert_eq!(answer.lines("connection"), [""; 0], "{shown}");
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let members: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["error", "error_description"], "{shown}");
        assert_eq!(body["error"], error, "{shown}");
        assert!(body["error_description"].as_str().is_some_and(|text| text.len() > 10), "{shown}");
    }
}

/// Defect 3 of the peers: a 401 without a challenge, or with one only if a header is missing.
#[tokio::test(start_paused = true)]
async fn req_23_and_defect_03_every_401_has_a_challenge_and_no_408_413_or_5xx_has_one() {
    for dialect in PRESETS.into_iter().chain([mine()]) {
        let name = dialect.name;
        for Row { request, .. } in table() {
            let answer = ask(dialect.clone(), request).await;
            match answer.status {
                401 => assert!(!answer.challenges().is_empty(), "{name} {answer:?}"),
                408 | 413 | 429 | 500.. => assert!(answer.challenges().is_empty(), "{name} {answer:?}"),
                _ => {}
            }
        }
    }
}

/// Even if a dialect has no scheme, a 401 needs a challenge (RFC 9110 section 15.5.2), and its
/// scheme must not be one that the dialect refuses.
#[tokio::test]
async fn req_23_a_dialect_without_a_scheme_has_the_challenge_api_key_or_its_own() {
    let (token, key) = (TokenMeaning::ACCESS_TOKEN, TokenMeaning::API_KEY);
    let header = CredentialForm::header("x-api-key", key);
    let query = CredentialForm::query("access_token", token);
    let cookie = CredentialForm::cookie("session", token);
    let good = |name: &str, value: &str| get("/", &[(name, value)]);
    for (row, denied) in [
        (header, good("x-api-key", "unknown")),
        (query, get("/?access_token=unknown", &[])),
        (cookie, good("cookie", "session=unknown")),
        (CredentialForm::bare(token), good("authorization", UNKNOWN_TOKEN)),
        (CredentialForm::query_pair("id", "key", PairMeaning::CLIENT), get("/?id=unknown&key=x", &[])),
    ] {
        let only = |row| Dialect { name: "only", ..dialect::RFC6750 }.forms([row]);
        for request in [get("/", &[]), good("authorization", "Digest x"), denied] {
            let shown = format!("{row:?} {} {:?}", request.uri(), request.headers());
            let again = |request: &Request<Body>| {
                let mut again = get(&request.uri().to_string(), &[]);
                *again.headers_mut() = request.headers().clone();
                again
            };
            let answer = ask(only(row).realm("data"), again(&request)).await;
            assert_eq!(
                (answer.status, answer.challenges()),
                (401, vec![r#"ApiKey realm="data""#]),
                "{shown}"
            );
            let answer = ask(only(row.challenge("Own")), request).await;
            assert_eq!((answer.status, answer.challenges()), (401, vec![r#"Own realm="api""#]), "{shown}");
        }
    }
    // A 400 needs no challenge.
    let malformed = ask(dialect::RFC6750.forms([query]), get("/?access_token=", &[])).await;
    assert_eq!((malformed.status, malformed.challenges()), (400, vec![]));
}

#[tokio::test]
async fn a_row_without_a_scheme_is_challenged_for_by_the_schemes_of_the_others() {
    let basic = r#"Basic realm="api", charset="UTF-8""#;
    let query = CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN);
    let of = |query| dialect::RFC6750.forms([query, CredentialForm::basic(PairMeaning::PASSWORD)]);
    let unknown = || get("/?access_token=unknown", &[]);
    let answer = ask(of(query), unknown()).await;
    assert_eq!((answer.kind(), answer.challenges()), (Some(DeniedToken), vec![basic]));
    // If a dialect names `Bearer` for its query, its challenges follow RFC 6750.
    for (request, status, expected) in [
        (unknown(), 401, vec![basic, r#"Bearer realm="api", error="invalid_token""#]),
        (get("/?access_token=", &[]), 400, vec![r#"Bearer realm="api", error="invalid_request""#]),
    ] {
        let answer = ask(of(query.challenge("Bearer")), request).await;
        assert_eq!((answer.status, answer.challenges()), (status, expected));
    }
    // A challenge with any other name has no error.
    let answer = ask(of(query.challenge("SignedLink")), unknown()).await;
    assert_eq!(answer.challenges(), [basic, r#"SignedLink realm="api""#]);
    let answer = ask(dialect::GEODATAHUB, authorization(UNKNOWN_TOKEN)).await;
    assert_eq!((answer.kind(), answer.challenges()), (Some(DeniedToken), vec![basic]));
}

/// Every scheme in a challenge is read: its credential is not an unknown scheme.
#[tokio::test]
async fn a_credential_of_every_scheme_that_a_preset_challenges_with_is_read() {
    for dialect in [
        dialect::RFC6750,
        dialect::SOCRATA.guests([]),
        dialect::USERGRID,
        dialect::GEODATAHUB,
        dialect::OPENDATASOFT,
        dialect::ANY,
    ] {
        let name = dialect.name;
        let refused = ask(dialect.clone(), get("/", &[])).await;
        assert!(!refused.challenges().is_empty(), "{name}");
        for line in refused.challenges() {
            let scheme = line.split(' ').next().unwrap();
            let value = if scheme == "Basic" { basic("unknown", "x") } else { format!("{scheme} unknown") };
            let answer = ask(dialect.clone(), authorization(value)).await;
            assert!(
                matches!(answer.kind(), Some(DeniedToken | DeniedCredentials)),
                "{name} {line} {answer:?}"
            );
        }
    }
}

#[test]
fn a_challenge_that_is_no_token_is_an_error_at_start_up() {
    for name in ["", "Api Key", "Api,Key", "Schlüssel", "a\r\nb", "a=b"] {
        let row = CredentialForm::header("x-api-key", TokenMeaning::API_KEY).challenge(name);
        let made =
            AuthenticateLayer::try_new(dialect::RFC6750.add_form(row), obeys(), transport::from_acceptor());
        let expected = tower_principal::dialect::DialectError::Name { what: "challenge", name };
        assert_eq!(made.unwrap_err(), expected, "{name:?}");
    }
}

#[tokio::test]
async fn req_01_a_missing_credential_is_challenged_for_by_every_scheme_of_the_dialect() {
    let basic = r#"Basic realm="api", charset="UTF-8""#;
    let bearer = r#"Bearer realm="api""#;
    let oauth = r#"OAuth realm="api""#;
    let apikey = r#"Apikey realm="api""#;
    for (dialect, expected) in [
        (dialect::RFC6750, vec![bearer]),
        (dialect::SOCRATA, vec![basic, oauth]),
        (dialect::USERGRID, vec![basic, bearer]),
        (dialect::GEODATAHUB, vec![basic]),
        (dialect::OPENDATASOFT, vec![apikey, bearer]),
        (dialect::ANY, vec![apikey, basic, bearer, oauth]),
    ] {
        let name = dialect.name;
        let answer = ask(dialect, request("POST", "/", &[])).await;
        assert_eq!((answer.kind(), answer.challenges()), (Some(Missing), expected), "{name}");
        assert!(!answer.lines("www-authenticate").iter().any(|line| line.contains("error")), "{name}");
    }
}

/// A 400 has a challenge only if the dialect has a row for access tokens.
#[tokio::test]
async fn malformed_basic_is_challenged_as_basic_with_or_without_access_tokens() {
    let dialect =
        Dialect { name: "basic", ..dialect::RFC6750 }.forms([CredentialForm::basic(PairMeaning::PASSWORD)]);
    let answer = ask(dialect, authorization("Basic x")).await;
    let challenge = r#"Basic realm="api", charset="UTF-8""#;
    assert_eq!((answer.status, answer.challenges()), (400, vec![challenge]));
    let answer = ask(dialect::SOCRATA, authorization("Basic x")).await;
    assert_eq!(answer.challenges(), [challenge]);
    let answer = ask(dialect::SOCRATA, authorization("OAuth")).await;
    assert_eq!(answer.challenges(), [r#"OAuth realm="api", error="invalid_request""#]);
}

#[tokio::test]
async fn a_guest_short_of_a_requirement_is_asked_for_credentials() {
    let answer = ask(mine().guests([GuestRule::everywhere()]), get("/", &[])).await;
    assert_eq!((answer.kind(), answer.status), (Some(Missing), 401));
    let [basic, bearer] = answer.challenges()[..] else { panic!("{answer:?}") };
    assert_eq!((basic, bearer), (BASIC, &*format!(r#"{BEARER}, scope="write admin""#)));
}

/// REQ-22: no text from a client is in a challenge, and a realm that would break a challenge is
/// invalid.
#[tokio::test]
async fn req_22_a_realm_that_would_break_a_challenge_is_an_error_at_start_up() {
    for realm in ["a\"b", "a\r\nb", "a\nb", "a\\b", "é", "a\u{7f}", "a\tb"] {
        let dialect = dialect::RFC6750.realm(realm.to_owned());
        let made = AuthenticateLayer::try_new(dialect, obeys(), transport::from_acceptor());
        assert_eq!(made.unwrap_err(), tower_principal::dialect::DialectError::Realm, "{realm:?}");
    }
    let answer = ask(dialect::RFC6750.realm("open data (v2), all"), get("/", &[])).await;
    assert_eq!(answer.challenges(), [r#"Bearer realm="open data (v2), all""#]);
}

#[tokio::test]
async fn req_22_nothing_that_the_client_sent_is_in_an_answer() {
    for request in [
        authorization("Bearer canary-canary"),
        authorization("Canary canary-canary"),
        authorization("canary-canary"),
        authorization(basic("canary", "canary")),
        authorization("Basic canary"),
        get("/canary?access_token=canary&canary", &[]),
        get("/canary?access_token=canary%", &[("x-canary", "canary")]),
        get("/", &[("x-app-token", "canary")]),
        form("/canary", "access_token=canary"),
        authorization("Bearer down"),
    ] {
        let answer = ask(mine(), request).await;
        assert!(answer.status >= 400);
        let all = format!("{:?} {} {:?}", answer.headers, answer.body, answer.rejection).to_lowercase();
        assert!(!all.contains("canary") && !all.contains("users table"), "{all}");
    }
}

#[tokio::test]
async fn answers_to_inputs_that_differ_only_in_the_secret_are_the_same_bytes() {
    let long = "x".repeat(9000);
    let secrets = ["a", "other", "tok=mid=x", long.as_str()];
    let builds: [fn(&str) -> Request<Body>; 4] = [
        |secret| authorization(bearer(secret)),
        |secret| authorization(basic("alice-or-not", secret)),
        |secret| get("/", &[("x-app-token", secret)]),
        |secret| get(&format!("/?access_token={secret}"), &[]),
    ];
    for build in builds {
        let mut answers = Vec::new();
        for secret in secrets {
            let answer = ask(mine(), build(secret)).await;
            answers.push((answer.status, answer.headers, answer.body));
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn head_is_answered_without_a_body_and_else_alike() {
    for Row { mut request, kind, .. } in table() {
        if matches!(kind, BodyTooLarge | BodyTimeout) || *request.method() == Method::POST {
            continue;
        }
        let mut twin = Request::builder().uri(request.uri()).body(Body::empty()).unwrap();
        *twin.headers_mut() = request.headers().clone();
        *request.method_mut() = Method::HEAD;
        let (head, get) = (ask(mine(), request).await, ask(mine(), twin).await);
        assert_eq!(head.body, "", "{kind:?}");
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{kind:?}");
    }
}

#[tokio::test]
async fn retry_after_of_an_outage_is_that_of_the_layer() {
    for (told, said) in [
        (Duration::from_secs(60), "60"),
        (Duration::from_millis(10), "1"),
        (Duration::from_millis(1900), "2"),
        (Duration::MAX, "18446744073709551615"),
    ] {
        let layer = layer_of(mine(), obeys()).retry_after(told);
        let answer = send(whoami().layer(layer), authorization("Bearer down")).await;
        assert_eq!((answer.status, answer.lines("retry-after")), (503, vec![said]));
    }
}

/// The answer to a gRPC call has only a status, also if the service has its own answer table.
#[tokio::test]
async fn an_answer_to_grpc_has_no_length_of_a_body_it_has_not() {
    let layer = layer_of(mine(), obeys()).respond(|_: &Rejection, mut standard: Response<Bytes>| {
        *standard.body_mut() = Bytes::from_static(b"{}");
        standard.headers_mut().insert("content-length", HeaderValue::from_static("2"));
        standard
    });
    let mut request = authorization("Bearer nobody");
    *request.method_mut() = Method::POST;
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let answer = send(whoami().layer(layer), request).await;
    assert_eq!((answer.status, &*answer.body), (200, ""));
    assert_eq!(answer.lines("grpc-status"), ["16"]);
    assert!(answer.lines("content-length").iter().all(|length| *length == "0"), "{answer:?}");
}

#[tokio::test]
async fn credentials_over_an_insecure_connection_are_refused_without_a_challenge() {
    for (version, connection) in [
        (Version::HTTP_10, Some("close")),
        (Version::HTTP_11, Some("close")),
        (Version::HTTP_2, None),
        (Version::HTTP_3, None),
    ] {
        let layer = AuthenticateLayer::new(mine(), obeys(), transport::from_acceptor());
        let mut request = authorization("Bearer otto");
        *request.version_mut() = version;
        let answer = send(whoami().layer(layer), request).await;
        assert_eq!((answer.kind(), answer.status), (Some(InsecureTransport), 403));
        assert_eq!((answer.challenges(), answer.lines("cache-control")), (vec![], vec!["no-store"]));
        assert_eq!(answer.lines("connection").first().copied(), connection, "{version:?}");
        assert!(answer.body.starts_with(r#"{"error":"https_required""#), "{}", answer.body);
    }
}
