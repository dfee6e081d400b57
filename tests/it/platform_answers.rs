//! Refusals in the format that a platform's clients expect: every kind of refusal of every preset,
//! and a service's own tables (REQ-23).

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tower_principal::RejectionKind::{self, *};
use tower_principal::credential::Carrier;
use tower_principal::dialect::{self, DialectError, PairMeaning, TokenMeaning};
use tower_principal::rejection::AnswerRow;
use tower_principal::{
    ApiKey, AppAdmin, AppToken, AuthenticateLayer, BasicUser, Credential, CredentialForm, DenialReason,
    Dialect, GuestRule, OAuthUser, Rejection, RequireLayer, Verifier, VerifyError, extract::Authenticated,
    policy, transport,
};

use crate::support::*;

const KINDS: [RejectionKind; 15] = [
    Missing,
    UnknownScheme,
    Malformed,
    Ambiguous,
    DeniedToken,
    DeniedCredentials,
    DeniedAppToken,
    InsecureTransport,
    InsufficientScope,
    Forbidden,
    TooManyAttempts,
    BodyTooLarge,
    BodyTimeout,
    Unavailable,
    ServerError,
];

/// A preset, completed with the rows that it lacks, so that every kind of refusal can occur; and
/// the form of its credentials.
struct Preset {
    dialect: Dialect,
    token: fn(&str) -> String,
    app_header: &'static str,
    /// The sorted member names of a body.
    members: &'static [&'static str],
    /// For each kind in the order of [`KINDS`]: the status, and the member that names the kind.
    says: [(u16, &'static str); 15],
}

const APP_ROW: CredentialForm = CredentialForm::header("x-test-app", TokenMeaning::APP_TOKEN);
const BODY_ROW: CredentialForm = CredentialForm::body("body_token", TokenMeaning::ACCESS_TOKEN);
const BASIC_ROW: CredentialForm = CredentialForm::basic(PairMeaning::PASSWORD);

const STANDARD: [(u16, &str); 15] = [
    (401, "missing_credentials"),
    (401, "missing_credentials"),
    (400, "invalid_request"),
    (400, "invalid_request"),
    (401, "invalid_token"),
    (401, "invalid_credentials"),
    (403, "invalid_app_token"),
    (403, "https_required"),
    (403, "insufficient_scope"),
    (403, "forbidden"),
    (429, "too_many_attempts"),
    (413, "invalid_request"),
    (408, "invalid_request"),
    (503, "temporarily_unavailable"),
    (500, "server_error"),
];

/// Socrata answers 401 if the standard does, because its sources disagree about the other statuses.
const SOCRATA: [(u16, &str); 15] = [
    (401, "authentication_required"),
    (401, "authentication_required"),
    (400, "invalid_request"),
    (400, "invalid_request"),
    (401, "invalid_token"),
    (401, "invalid_credentials"),
    (403, "permission_denied"),
    (403, "https_required"),
    (403, "permission_denied"),
    (403, "permission_denied"),
    (429, "too_many_attempts"),
    (413, "invalid_request"),
    (408, "invalid_request"),
    (503, "temporarily_unavailable"),
    (500, "server_error"),
];

/// Usergrid answers 401 to every refused credential and every missing permission.
const USERGRID: [(u16, &str); 15] = [
    (401, "unauthorized"),
    (401, "unauthorized"),
    (400, "invalid_request"),
    (400, "invalid_request"),
    (401, "auth_invalid"),
    (401, "auth_invalid_credentials"),
    (401, "auth_invalid"),
    (403, "https_required"),
    (401, "unauthorized"),
    (401, "unauthorized"),
    (429, "too_many_attempts"),
    (413, "invalid_request"),
    (408, "invalid_request"),
    (503, "temporarily_unavailable"),
    (500, "server_error"),
];

const GEODATAHUB: [(u16, &str); 15] = [
    (401, "Unauthorized"),
    (401, "Unauthorized"),
    (400, "The credentials are malformed, or there is more than one."),
    (400, "The credentials are malformed, or there is more than one."),
    (401, "Unauthorized"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (403, "Credentials are accepted over https only."),
    (403, "Forbidden"),
    (403, "Forbidden"),
    (429, "Too many failed attempts; try again later."),
    (413, "The form body is too large."),
    (408, "The form body arrived too slowly."),
    (503, "The credentials cannot be checked now; try again later."),
    (500, "The request could not be handled."),
];

fn presets() -> Vec<Preset> {
    let plain: &[&str] = &["error", "error_description"];
    let with_bearer = |dialect: Dialect, members, says| Preset {
        dialect,
        token: bearer,
        app_header: "x-test-app",
        members,
        says,
    };
    vec![
        with_bearer(
            dialect::RFC6750.add_form(BASIC_ROW).add_form(APP_ROW).add_form(BODY_ROW),
            plain,
            STANDARD,
        ),
        Preset {
            dialect: dialect::SOCRATA.guests([]).add_form(BODY_ROW),
            token: |token| format!("OAuth {token}"),
            app_header: "x-app-token",
            members: &["code", "error", "message"],
            says: SOCRATA,
        },
        with_bearer(
            dialect::USERGRID.guests([]).add_form(APP_ROW).add_form(BODY_ROW),
            &["error", "error_description", "exception"],
            USERGRID,
        ),
        Preset {
            dialect: dialect::GEODATAHUB.add_form(BODY_ROW),
            token: str::to_owned,
            app_header: "x-api-key",
            members: &["message"],
            says: GEODATAHUB,
        },
        with_bearer(dialect::OPENDATASOFT.add_form(BASIC_ROW).add_form(APP_ROW), plain, STANDARD),
        Preset { app_header: "x-app-token", ..with_bearer(dialect::ANY, plain, STANDARD) },
    ]
}

impl Preset {
    /// Returns a request that is refused for this reason. Its answer must not contain `secret`.
    fn provoke(&self, kind: RejectionKind, secret: &str) -> Request<Body> {
        let token = |text: &str| authorization((self.token)(&format!("{text}-token-{secret}")));
        match kind {
            Missing => get("/things", &[]),
            UnknownScheme => authorization(format!("Digest {secret}")),
            Malformed => authorization(format!("Basic {secret}!")),
            Ambiguous => {
                let mut twice = token("good");
                twice.headers_mut().append("authorization", secret.parse().unwrap());
                twice
            }
            DeniedToken => token("unknown"),
            DeniedCredentials => authorization(basic("unknown", secret)),
            DeniedAppToken => get("/things", &[(self.app_header, &format!("unknown-{secret}"))]),
            InsecureTransport | InsufficientScope => token("good"),
            Forbidden => authorization(basic("good", secret)),
            TooManyAttempts => token("throttled"),
            BodyTooLarge => form("/things", format!("body_token={secret}&{}", "x".repeat(4096))),
            BodyTimeout => {
                let begin = Ok::<_, io::Error>(Bytes::from(format!("body_token={secret}")));
                let body = stream::iter([begin]);
                let never = stream::pending();
                form("/things", Body::from_stream(futures_util::StreamExt::chain(body, never)))
            }
            Unavailable => token("down"),
            _ => token("panic"),
        }
    }

    async fn ask(&self, dialect: Dialect, kind: RejectionKind, request: Request<Body>) -> Answer {
        let connection = match kind {
            InsecureTransport => transport::from_acceptor(),
            _ => transport::danger_assume_secure(),
        };
        let layer =
            AuthenticateLayer::new(dialect, obeys(), connection).with_form_body(256, Duration::from_secs(5));
        send(whoami().layer(RequireLayer::new(policy::scope("write"))).layer(layer), request).await
    }

    async fn refuse(&self, kind: RejectionKind, secret: &str) -> Answer {
        self.ask(self.dialect.clone(), kind, self.provoke(kind, secret)).await
    }
}

/// A verifier; the first word of a token or an id selects its answer.
fn obeys() -> impl Verifier {
    says(|credential| {
        let text = match credential {
            Credential::AccessToken(token) | Credential::AppToken(token) => token.expose_secret(),
            other => other.id().unwrap_or_default(),
        };
        match text.split('-').next().unwrap_or_default() {
            "good" => Ok(match credential {
                Credential::AccessToken(_) => OAuthUser::new("otto").into(),
                Credential::AppToken(_) => AppToken::new("map").into(),
                Credential::Client(..) => AppAdmin::new("good", "acme", "weather").into(),
                _ => BasicUser::new("alice").into(),
            }),
            "down" => Err(VerifyError::unavailable("the users table is locked")),
            "panic" => panic!("on purpose"),
            "throttled" => Err(VerifyError::Denied(DenialReason::Throttled(Duration::from_millis(29_001)))),
            _ => Err(VerifyError::UNKNOWN),
        }
    })
}

const SECRET: &str = "0123456789abcdef";
const OTHER_SECRET: &str = "fedcba9876543210";

/// The member of a body that names the kind.
fn telling(body: &Value) -> &str {
    let told = ["code", "error", "message"].iter().find_map(|name| body.get(*name)?.as_str());
    told.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn every_refusal_of_every_preset_has_its_platforms_shape() {
    for preset in presets() {
        for (kind, (status, says)) in KINDS.into_iter().zip(preset.says) {
            let shown = format!("{} {kind:?}", preset.dialect.name);
            let answer = preset.refuse(kind, SECRET).await;
            assert_eq!((answer.kind(), answer.status), (Some(kind), status), "{shown}");
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            let mut members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
            members.sort_unstable();
            assert_eq!(members, preset.members, "{shown}");
            assert_eq!(telling(&body), says, "{shown}");
            let is_text = |(name, value): (&String, &Value)| match (preset.dialect.name, &**name) {
                ("socrata", "error") => *value == Value::Bool(true),
                _ => value.as_str().is_some_and(|text| !text.is_empty() && !text.contains(['{', '}'])),
            };
            assert!(body.as_object().unwrap().iter().all(is_text), "{shown} {body}");
            assert_eq!(answer.lines("content-type"), ["application/json"], "{shown}");
            assert_eq!(answer.lines("cache-control"), ["no-store"], "{shown}");
            let retry_after: &[&str] = match kind {
                TooManyAttempts => &["30"],
                Unavailable => &["5"],
                _ => &[],
            };
            assert_eq!(answer.lines("retry-after"), retry_after, "{shown}");
            assert_eq!(answer.lines("connection").is_empty(), kind != InsecureTransport, "{shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn req_23_a_preset_challenges_with_every_401_and_with_nothing_that_may_not() {
    for preset in presets() {
        for kind in KINDS {
            let shown = format!("{} {kind:?}", preset.dialect.name);
            let answer = preset.refuse(kind, SECRET).await;
            match answer.status {
                401 => assert!(!answer.challenges().is_empty(), "{shown}"),
                408 | 413 | 429 | 500.. => assert!(answer.challenges().is_empty(), "{shown}"),
                status => assert!((400..500).contains(&status), "{shown}"),
            }
        }
    }
}

/// These kinds keep the standard status. If a table changes a status to 401, there is at least one
/// challenge.
#[tokio::test(start_paused = true)]
async fn an_answer_table_leaves_the_challenges_alone() {
    for preset in presets() {
        for kind in KINDS {
            let answer = preset.refuse(kind, SECRET).await;
            let standard = preset.dialect.clone().answers([]);
            let standard = preset.ask(standard, kind, preset.provoke(kind, SECRET)).await;
            assert_eq!(standard.status, kind.status().as_u16());
            if answer.status == standard.status || !standard.challenges().is_empty() {
                assert_eq!(answer.challenges(), standard.challenges(), "{} {kind:?}", preset.dialect.name);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn head_is_answered_like_get_but_for_the_body() {
    for preset in presets() {
        for kind in KINDS.into_iter().filter(|kind| !matches!(kind, BodyTooLarge | BodyTimeout)) {
            let shown = format!("{} {kind:?}", preset.dialect.name);
            let got = preset.refuse(kind, SECRET).await;
            let mut head = preset.provoke(kind, SECRET);
            *head.method_mut() = http::Method::HEAD;
            let mut headed = preset.ask(preset.dialect.clone(), kind, head).await;
            assert_eq!((&*headed.body, headed.status), ("", got.status), "{shown}");
            let length = headed.headers.remove("content-length").unwrap();
            assert_eq!(length, got.body.len().to_string(), "{shown}");
            let mut expected = got.headers.clone();
            expected.remove("content-length");
            assert_eq!(headed.headers, expected, "{shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn answers_reveal_nothing_of_the_secret() {
    for preset in presets() {
        for kind in KINDS {
            let (one, other) = (preset.refuse(kind, SECRET).await, preset.refuse(kind, OTHER_SECRET).await);
            let shown = format!("{} {kind:?}", preset.dialect.name);
            assert_eq!(
                (one.status, &one.headers, &one.body),
                (other.status, &other.headers, &other.body),
                "{shown}"
            );
            assert!(!format!("{:?}{}", one.headers, one.body).contains(SECRET), "{shown}");
        }
    }
}

/// Usergrid's clients distinguish the two by name.
#[tokio::test]
async fn usergrid_distinguishes_a_client_in_the_query_from_one_over_basic() {
    let error = async |request| {
        let answer = send(app(dialect::USERGRID), request).await;
        assert_eq!((answer.kind(), answer.status), (Some(DeniedCredentials), 401));
        serde_json::from_str::<Value>(&answer.body).unwrap()["error"].as_str().unwrap().to_owned()
    };
    let query = format!("/acme/weather/x?client_id={APP_CLIENT}&client_secret=wrong");
    assert_eq!(error(get(&query, &[])).await, "invalid_client");
    assert_eq!(error(authorization(basic(APP_CLIENT, "wrong"))).await, "auth_invalid_credentials");
}

/// Usergrid's clients log their user out on certain error names, which must not appear for other
/// reasons.
#[tokio::test]
async fn usergrids_sandbox_guest_is_asked_for_credentials_in_its_words() {
    let secured = whoami().layer(RequireLayer::new(policy::authenticated())).layer(layer(dialect::USERGRID));
    let answer = send(secured, get("/acme/sandbox/things", &[])).await;
    assert_eq!((answer.kind(), answer.status), (Some(Missing), 401));
    assert!(answer.body.contains(r#""error":"unauthorized""#), "{}", answer.body);
}

#[tokio::test]
async fn what_policies_and_extractors_refuse_has_the_platforms_shape_too() {
    let routes = || {
        Router::new()
            .route("/authenticated", any(async |_: Authenticated| "in"))
            .route("/key", any(async |_: ApiKey| "in"))
            .route("/scope", any(async || "in").layer(RequireLayer::new(policy::scope("write"))))
    };
    for (dialect, members) in [
        (dialect::SOCRATA, &["code", "error", "message"][..]),
        (dialect::USERGRID, &["error", "error_description", "exception"]),
        (dialect::GEODATAHUB, &["message"]),
        (dialect::OPENDATASOFT, &["error", "error_description"]),
    ] {
        let dialect = dialect.guests([GuestRule::everywhere()]);
        let token = match dialect.name {
            "socrata" => "OAuth good-token-0123456789".to_owned(),
            "geodatahub" => "good-token-0123456789".to_owned(),
            _ => bearer("good-token-0123456789"),
        };
        let app = routes().layer(layer_of(dialect.clone(), says(obey)));
        for (path, token, kind) in [
            ("/authenticated", None, Missing),
            ("/key", None, Missing),
            ("/scope", None, Missing),
            ("/key", Some(&*token), InsufficientScope),
            ("/scope", Some(&*token), InsufficientScope),
        ] {
            let headers: Vec<_> = token.map(|token| ("authorization", token)).into_iter().collect();
            let answer = send(app.clone(), get(path, &headers)).await;
            let shown = format!("{} {path} {kind:?}", dialect.name);
            assert_eq!(answer.kind(), Some(kind), "{shown}");
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            let mut found: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
            found.sort_unstable();
            assert_eq!(found, members, "{shown}");
            let is_401 = answer.status == 401;
            assert!(!is_401 || !answer.challenges().is_empty(), "{shown}");
        }
    }
}

fn obey(credential: &Credential<'_>) -> Result<tower_principal::Principal, VerifyError> {
    match credential {
        Credential::AccessToken(_) => Ok(OAuthUser::new("otto").into()),
        _ => Err(VerifyError::UNKNOWN),
    }
}

fn try_table(rows: impl IntoIterator<Item = AnswerRow>) -> Result<(), DialectError> {
    let dialect = dialect::RFC6750.answers(rows);
    AuthenticateLayer::try_new(dialect, one_of_each_kind(), transport::danger_assume_secure()).map(drop)
}

#[test]
fn no_table_makes_a_success_of_a_refusal() {
    for status in (100..400).chain(600..1000) {
        let row = AnswerRow::json(&[Forbidden], "{}").status(StatusCode::from_u16(status).unwrap());
        assert_eq!(try_table([row]), Err(DialectError::AnswerStatus(status)));
        // This also applies if an earlier row takes precedence.
        assert_eq!(try_table([AnswerRow::every("{}"), row]), Err(DialectError::AnswerStatus(status)));
    }
    for status in 400..600 {
        assert_eq!(try_table([AnswerRow::every("{}").status(StatusCode::from_u16(status).unwrap())]), Ok(()));
    }
}

async fn asked(rows: impl IntoIterator<Item = AnswerRow>, request: Request<Body>) -> Answer {
    send(app(dialect::OPENDATASOFT.answers(rows)), request).await
}

#[tokio::test]
async fn the_first_row_that_fits_decides() {
    let header = AnswerRow::json(&[DeniedToken], "header").carried_by(Carrier::Authorization);
    let query = AnswerRow::json(&[DeniedToken], "query").carried_by(Carrier::Query);
    let late = AnswerRow::json(&[DeniedToken, Missing], "late");
    let rows = [header, query, late, AnswerRow::every("last")];
    let in_query = format!("/?access_token={UNKNOWN_TOKEN}");
    for (request, body) in [
        (authorization(bearer(UNKNOWN_TOKEN)), "header"),
        (get(&in_query, &[]), "query"),
        (get("/", &[]), "late"),
        (authorization("Digest x"), "last"),
    ] {
        assert_eq!(asked(rows, request).await.body, body);
    }
    let turned = [AnswerRow::every("last"), header, query];
    assert_eq!(asked(turned, authorization(bearer(UNKNOWN_TOKEN))).await.body, "last");
    let other_way = asked([query], authorization(bearer(UNKNOWN_TOKEN))).await;
    assert!(other_way.body.contains("invalid_token"), "no row fits: the standard answer");
}

#[tokio::test]
async fn placeholders_stand_for_the_words_of_the_standard_answer() {
    let standard = asked([], get("/", &[])).await;
    let standard: Value = serde_json::from_str(&standard.body).unwrap();
    let row = AnswerRow::every(r#"{"a":"{error}","b":"{description}","c":"{error} {other}"}"#);
    let body: Value = serde_json::from_str(&asked([row], get("/", &[])).await.body).unwrap();
    assert_eq!(body["a"], standard["error"]);
    assert_eq!(body["b"], standard["error_description"]);
    assert_eq!(body["c"], "missing_credentials {other}");
}

/// RFC 9110 section 15.5.2: a 401 has a challenge, for every table and for every row of the
/// dialect.
#[tokio::test(start_paused = true)]
async fn req_23_a_table_cannot_lose_the_challenge_of_a_401_nor_give_one_to_an_outage() {
    let mut only_basic = presets().remove(0);
    only_basic.dialect = dialect::RFC6750.forms([BASIC_ROW, APP_ROW]);
    for preset in presets().into_iter().chain([only_basic]) {
        for status in [400, 401, 402, 403, 404, 408, 413, 418, 429, 500, 503, 511, 599] {
            let row = AnswerRow::every("{}").status(StatusCode::from_u16(status).unwrap());
            for kind in KINDS {
                let dialect = preset.dialect.clone().answers([row]);
                let answer = preset.ask(dialect, kind, preset.provoke(kind, SECRET)).await;
                let shown = format!("{} {kind:?} {status}", preset.dialect.name);
                assert_eq!(answer.status, status, "{shown}");
                match status {
                    401 => assert!(!answer.challenges().is_empty(), "{shown}"),
                    408 | 413 | 500.. => assert!(answer.challenges().is_empty(), "{shown}"),
                    _ => {}
                }
            }
        }
    }
}

#[tokio::test]
async fn a_respond_of_ones_own_comes_after_the_table() {
    let respond = |rejection: &Rejection, platform: Response<Bytes>| {
        assert_eq!(platform.status(), 418);
        platform
            .map(|body| format!("<{}|{}>", rejection.kind().as_str(), String::from_utf8_lossy(&body)).into())
    };
    let row = AnswerRow::every(r#"{"x":"{error}"}"#).status(StatusCode::IM_A_TEAPOT);
    let app = whoami().layer(layer(dialect::RFC6750.answers([row])).respond(respond));
    let answer = send(app, get("/", &[])).await;
    assert_eq!((answer.status, &*answer.body), (418, r#"<missing|{"x":"missing_credentials"}>"#));
    assert!(!answer.challenges().is_empty());
}
