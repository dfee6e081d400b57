//! Audit events: one for every request that is accepted, refused or revoked, without a secret
//! (REQ-61).

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use bytes::Bytes;
use futures_util::stream;
use http::Request;
use tower_principal::dialect::{self, PairMeaning, TokenMeaning};
use tower_principal::layer::RevocationLimits;
use tower_principal::transport::{self, Peer, PlainConnection};
use tower_principal::{
    ApiKey, AppToken, AuthenticateLayer, BasicUser, Credential, CredentialForm, Dialect, GuestRule,
    OAuthUser, Principal, RequireLayer, Verifier, VerifyError, extract::Authenticated, policy,
};
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::*;

/// Only this file uses this token, because the whole process refuses it while it is revoked.
const SHOWN_TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqkAudit";

const CLIENT: &str = "203.0.113.9";

/// Texts that must never be in a log.
const SECRETS: [&str; 8] =
    [PASSWORD, KEY_SECRET, API_KEY, APP_TOKEN, CLIENT_SECRET, TOKEN, UNKNOWN_TOKEN, "wrong-horse"];

fn from_client(mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(Peer(SocketAddr::new(CLIENT.parse().unwrap(), 4711)));
    request
}

/// Returns the answer to a request and its audit events.
async fn events(log: &Log, app: Router, request: Request<Body>) -> (Answer, Vec<Line>) {
    log.take();
    let answer = send(app, from_client(request)).await;
    let lines = log.take();
    for line in &lines {
        let shown = format!("{line:?}");
        assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
    (answer, lines.into_iter().filter(|line| line.target == "tower_principal::audit").collect())
}

fn no_message(line: &Line) -> Vec<(&str, &str)> {
    let fields = line.fields.iter().map(|(name, value)| (*name, value.as_str()));
    fields.filter(|(name, _)| !matches!(*name, "message" | "fingerprint")).collect()
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the kind of a principal's identity.
fn identity(principal: &str) -> &'static str {
    match principal {
        "OAuthUser" | "BasicUser" => "user",
        "ApiKey" => "api_key",
        "AppToken" => "app_token",
        _ => "client",
    }
}

#[tokio::test]
async fn req_61_an_accepted_credential_is_one_event() {
    let log = listen();
    let query = format!("/?access_token={TOKEN}");
    let client = format!("/?client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}");
    let key = format!("/?apikey={API_KEY}");
    let app_token = format!("/?$$app_token={APP_TOKEN}");
    let oauth = authorization(format!("OAuth {TOKEN}"));
    let colon = authorization(format!("Bearer: {TOKEN}"));
    let apikey = authorization(format!("Apikey {API_KEY}"));
    for (request, credential, (carrier, syntax), principal, id) in [
        (authorization(bearer(TOKEN)), "access_token", ("authorization", "bearer"), "OAuthUser", "otto"),
        (oauth, "access_token", ("authorization", "oauth"), "OAuthUser", "otto"),
        (colon, "access_token", ("authorization", "bearer_colon"), "OAuthUser", "otto"),
        (authorization(TOKEN), "access_token", ("authorization", "bare"), "OAuthUser", "otto"),
        (get(&query, &[]), "access_token", ("query", "parameter"), "OAuthUser", "otto"),
        (
            form("/", format!("access_token={TOKEN}")),
            "access_token",
            ("body", "parameter"),
            "OAuthUser",
            "otto",
        ),
        (authorization(basic(USER, PASSWORD)), "password", ("authorization", "basic"), "BasicUser", USER),
        (authorization(basic(KEY_ID, KEY_SECRET)), "key_pair", ("authorization", "basic"), "ApiKey", KEY_ID),
        (apikey, "api_key", ("authorization", "apikey"), "ApiKey", "whole"),
        (get(&key, &[]), "api_key", ("query", "parameter"), "ApiKey", "whole"),
        (get(&client, &[]), "client", ("query", "parameter_pair"), "OrgAdmin", ORG_CLIENT),
        (
            get("/", &[("x-app-token", APP_TOKEN)]),
            "app_token",
            ("header", "header"),
            "AppToken",
            "weather-map",
        ),
        (get(&app_token, &[]), "app_token", ("query", "parameter"), "AppToken", "weather-map"),
    ] {
        let app = whoami().layer(layer(dialect::ANY).with_form_body(4096, Duration::from_secs(5)));
        let (answer, lines) = events(&log, app, request).await;
        assert_eq!(answer.status, 200, "{credential} {carrier}");
        let [line] = &lines[..] else { panic!("{credential} {carrier}: {lines:?}") };
        assert_eq!(line.level, Level::INFO);
        assert!(is_fingerprint(line.get("fingerprint")), "{line:?}");
        let mut expected = [
            ("carrier", carrier.to_owned()),
            ("client", CLIENT.to_owned()),
            ("credential", credential.to_owned()),
            ("identity", format!("store:/{}/{id}", identity(principal))),
            ("dialect", "any".to_owned()),
            ("id", id.to_owned()),
            ("outcome", "accepted".to_owned()),
            ("principal", line.get("principal").to_owned()),
            ("syntax", syntax.to_owned()),
        ];
        expected.sort();
        let expected: Vec<_> = expected.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(no_message(line), expected);
        assert!(answer.body.starts_with(principal), "{}", answer.body);
        assert_eq!(answer.body.split(':').next(), Some(line.get("principal")), "{line:?}");
    }
}

/// For every pair of places, the two are one request and one event, which names the subject.
#[tokio::test]
async fn req_61_an_app_token_beside_a_subject_is_named_in_its_event() {
    let log = listen();
    let head = authorization(bearer(TOKEN));
    let body = form("/", format!("access_token={TOKEN}"));
    let in_query = get(&format!("/?$$app_token={APP_TOKEN}"), &[("authorization", &bearer(TOKEN))]);
    for (mut request, carrier, app_carrier) in
        [(head, "authorization", "header"), (body, "body", "header"), (in_query, "authorization", "query")]
    {
        if app_carrier == "header" {
            request.headers_mut().insert("x-app-token", APP_TOKEN.parse().unwrap());
        }
        let app = whoami().layer(layer(dialect::ANY).with_form_body(4096, Duration::from_secs(5)));
        let (answer, lines) = events(&log, app, request).await;
        assert_eq!(answer.body, "OAuthUser:otto+weather-map");
        let [line] = &lines[..] else { panic!("{carrier}: {lines:?}") };
        let told = ["outcome", "carrier", "credential", "id", "app", "app_carrier"];
        let told = told.map(|field| line.get(field));
        assert_eq!(told, ["accepted", carrier, "access_token", "otto", "weather-map", app_carrier]);
    }
}

/// A valid app token in the head does not make a refused request an accepted one.
#[tokio::test]
async fn req_61_a_request_that_is_refused_after_its_app_token_passed_is_no_accepted_one() {
    let log = listen();
    for body in [format!("access_token={UNKNOWN_TOKEN}"), "access_token=".to_owned()] {
        let mut request = form("/", body.clone());
        request.headers_mut().insert("x-app-token", APP_TOKEN.parse().unwrap());
        let app = whoami().layer(layer(dialect::ANY).with_form_body(4096, Duration::from_secs(5)));
        let (_, lines) = events(&log, app, request).await;
        let outcomes: Vec<_> = lines.iter().map(|line| line.get("outcome")).collect();
        assert_eq!(outcomes, ["refused"], "{body}");
    }
    let mut request = form("/", "a=b");
    request.headers_mut().insert("x-app-token", APP_TOKEN.parse().unwrap());
    let app = whoami().layer(layer(dialect::ANY).with_form_body(4096, Duration::from_secs(5)));
    let (answer, lines) = events(&log, app, request).await;
    assert_eq!((answer.outcome(), lines.len()), (Ok("AppToken"), 1));
    assert_eq!((lines[0].get("outcome"), lines[0].get("credential")), ("accepted", "app_token"));
}

#[tokio::test]
async fn a_guest_is_no_event() {
    let log = listen();
    let open = app(dialect::ANY.guests([GuestRule::everywhere()]));
    let (answer, lines) = events(&log, open, get("/", &[])).await;
    assert_eq!((answer.status, lines.len()), (200, 0), "{lines:?}");
}

const HIDDEN: &str = "0123456789abcdef";

fn mine() -> Dialect {
    Dialect { name: "mine", ..dialect::RFC6750 }.forms([
        CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::basic(PairMeaning::PASSWORD),
        CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
        CredentialForm::body("access_token", TokenMeaning::ACCESS_TOKEN),
    ])
}

#[tokio::test(start_paused = true)]
async fn req_61_every_refusal_is_one_event_from_every_stage() {
    let log = listen();
    let token = |word: &str| authorization(bearer(&format!("{word}-{HIDDEN}")));
    let to = |path: &str, mut request: Request<Body>| {
        *request.uri_mut() = path.parse().unwrap();
        request
    };
    let slow = || form("/", Body::from_stream(stream::pending::<Result<Bytes, io::Error>>()));
    let app_token = |word: &str| get("/", &[("x-app-token", &format!("{word}-{HIDDEN}"))]);
    let none = "";
    for at_once in [true, false] {
        let rows = [
            ("missing", none, none, none, get("/", &[])),
            ("unknown_scheme", none, none, none, authorization(format!("Digest {HIDDEN}"))),
            ("malformed", none, none, none, authorization(format!("Basic {HIDDEN}!"))),
            ("ambiguous", none, none, none, {
                let mut twice = token("good");
                twice.headers_mut().append("authorization", "Bearer x".parse().unwrap());
                twice
            }),
            ("denied_token", "access_token", "authorization", "unknown", token("unknown")),
            ("denied_token", "access_token", "authorization", "expired", token("expired")),
            ("denied_token", "access_token", "authorization", "disabled", token("disabled")),
            ("denied_token", "access_token", "body", "unknown", form("/", format!("access_token={HIDDEN}"))),
            (
                "denied_token",
                "access_token",
                "authorization",
                "unknown",
                authorization(bearer(&"x".repeat(9000))),
            ),
            (
                "denied_credentials",
                "password",
                "authorization",
                "unknown",
                authorization(basic("bob", HIDDEN)),
            ),
            ("denied_app_token", "app_token", "header", "unknown", app_token("unknown")),
            ("too_many_attempts", "access_token", "authorization", "throttled", token("throttled")),
            ("body_too_large", none, none, none, form("/", "x".repeat(500))),
            ("body_timeout", none, none, none, slow()),
            ("unavailable", "access_token", "authorization", none, token("down")),
            ("server_error", "access_token", "authorization", none, token("guest")),
            ("server_error", "access_token", "authorization", none, token("panic")),
            ("insufficient_scope", "access_token", "authorization", none, to("/scope", token("good"))),
            (
                "forbidden",
                "password",
                "authorization",
                none,
                to("/scope", authorization(basic("good", HIDDEN))),
            ),
            ("forbidden", "app_token", "header", none, to("/key", app_token("good"))),
            ("insufficient_scope", "access_token", "authorization", none, to("/key", token("good"))),
            ("missing", none, none, none, to("/guest/authenticated", get("/", &[]))),
            ("missing", none, none, none, to("/guest/scope", get("/", &[]))),
            ("server_error", none, none, none, to("/panics", token("good"))),
        ];
        for (kind, credential, carrier, reason, request) in rows {
            let shown = format!("{kind} {} {:?}", request.uri(), request.headers());
            let scope = || RequireLayer::new(policy::scope("write"));
            let panics =
                |_: &Principal,
                 _: &tower_principal::request::RequestHead<'_>|
                 -> Result<(), tower_principal::policy::Forbidden> { panic!("on purpose") };
            let routes = Router::new()
                .route("/scope", any(async || "in").layer(scope()))
                .route("/key", any(async |_: ApiKey| "in"))
                .route("/guest/authenticated", any(async |_: Authenticated| "in"))
                .route("/guest/scope", any(async || "in").layer(scope()))
                .route("/panics", any(async || "in").layer(RequireLayer::new(panics)))
                .fallback(async || "in");
            let dialect = mine().guests([GuestRule::path("/guest/**")]);
            let layer = layer_of(dialect, Says { answer: obey, at_once });
            let app = routes.layer(layer.with_form_body(256, Duration::from_secs(5)));
            let (answer, lines) = events(&log, app, request).await;
            assert_eq!(answer.kind().map(|kind| kind.as_str()), Some(kind), "{shown}");
            let refused: Vec<_> = lines.iter().filter(|line| line.get("outcome") == "refused").collect();
            let [line] = &refused[..] else { panic!("{shown}: {lines:?}") };
            let told = ["dialect", "kind", "reason", "client"].map(|field| line.get(field));
            assert_eq!(told, ["mine", kind, reason, CLIENT], "{shown}");
            if !(kind == "server_error" && line.get("credential").is_empty()) {
                assert_eq!((line.get("credential"), line.get("carrier")), (credential, carrier), "{shown}");
                let syntax = match (credential, carrier) {
                    ("password", "authorization") => "basic",
                    (_, "authorization") => "bearer",
                    (_, "body") => "parameter",
                    (_, other) => other,
                };
                assert_eq!(line.get("syntax"), syntax, "{shown}");
                // A credential that could not be read has no fingerprint. Every other credential
                // has one.
                let printed = is_fingerprint(line.get("fingerprint"));
                let too_long = request_is_too_long(&shown);
                assert_eq!(printed, !credential.is_empty() && !too_long, "{shown} {line:?}");
            }
            // A credential that was first accepted and then refused has the same fingerprint in
            // both events.
            let accepted: Vec<_> = lines.iter().filter(|line| line.get("outcome") == "accepted").collect();
            let was_in = ["/scope", "/key", "/panics"].iter().any(|path| shown.contains(path))
                && !shown.contains("/guest");
            assert_eq!(accepted.len(), usize::from(was_in), "{shown}");
            if let Some(accepted) = accepted.first().filter(|_| kind != "server_error") {
                assert_eq!(accepted.get("fingerprint"), line.get("fingerprint"), "{shown}");
            }
            assert!(lines.iter().all(|line| !format!("{line:?}").contains(HIDDEN)), "{lines:?}");
        }
    }
}

fn request_is_too_long(shown: &str) -> bool {
    shown.contains("Bearer xxxxxxxx")
}

#[tokio::test]
async fn nested_layers_report_a_refusal_once() {
    let log = listen();
    let app = whoami().layer(layer(dialect::RFC6750)).layer(layer(dialect::ANY));
    let (answer, lines) = events(&log, app.clone(), authorization(bearer(UNKNOWN_TOKEN))).await;
    assert_eq!((answer.status, lines.len()), (401, 1));
    let inner = whoami().layer(layer_of(dialect::RFC6750, says(|_| Err(VerifyError::UNKNOWN))));
    let (answer, lines) = events(&log, inner.layer(layer(dialect::ANY)), authorization(bearer(TOKEN))).await;
    let outcomes: Vec<_> = lines.iter().map(|line| line.get("outcome")).collect();
    assert_eq!((answer.status, outcomes), (401, vec!["accepted", "refused"]));
}

#[tokio::test]
async fn req_61_a_credential_has_one_fingerprint_everywhere_and_no_other_has_it() {
    let log = listen();
    let print = async |dialect: Dialect, request| {
        let (_, lines) = events(&log, app(dialect), request).await;
        assert_eq!(lines.len(), 1);
        lines[0].get("fingerprint").to_owned()
    };
    let query = |token: &str| get(&format!("/?access_token={token}"), &[]);
    let token = print(dialect::ANY, authorization(bearer(TOKEN))).await;
    for (dialect, request) in [
        (dialect::RFC6750, authorization(bearer(TOKEN))),
        (dialect::USERGRID, query(TOKEN)),
        (dialect::GEODATAHUB, authorization(TOKEN)),
        (dialect::SOCRATA, authorization(format!("OAuth {TOKEN}"))),
    ] {
        assert_eq!(print(dialect, request).await, token);
    }
    let others = [
        print(dialect::ANY, authorization(bearer(UNKNOWN_TOKEN))).await,
        print(dialect::ANY, authorization(bearer(APP_TOKEN))).await,
        print(dialect::ANY, get("/", &[("x-app-token", APP_TOKEN)])).await,
        print(dialect::ANY, authorization(basic(USER, PASSWORD))).await,
        print(dialect::ANY, authorization(basic("bob", PASSWORD))).await,
        print(dialect::ANY, authorization(basic(ORG_CLIENT, CLIENT_SECRET))).await,
        token,
    ];
    assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
    // The fingerprint of an id and a secret is that of the id, because a wrong guess is about the
    // same user.
    assert_eq!(print(dialect::ANY, authorization(basic(USER, "wrong-horse"))).await, others[3]);
}

fn plainly(mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(PlainConnection);
    request
}

/// Accepts one token, and answers its revocation as the test sets it.
struct Revokes(Result<(), VerifyError>);

impl Verifier for Revokes {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        _: &tower_principal::VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        match credential {
            Credential::AccessToken(token) if token.expose_secret() == SHOWN_TOKEN => {
                Ok(OAuthUser::new("otto").with_credential_id("token-7\r\n").into())
            }
            _ => Err(VerifyError::UNKNOWN),
        }
    }

    async fn revoke(
        &self,
        _: &Credential<'_>,
        _: &tower_principal::VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        self.0.clone()
    }
}

#[tokio::test]
async fn req_61_what_is_shown_over_plain_http_is_an_event_with_what_came_of_it() {
    let log = listen();
    let limits = RevocationLimits::default();
    let down = || Err(VerifyError::unavailable("down"));
    for (limits, result, outcome) in [
        (limits, Ok(()), "revoked"),
        (limits.dry_run(), Ok(()), "would_be_revoked"),
        (limits.per_minute(0), Ok(()), "spared_by_fuse"),
        (limits, down(), "revocation_failed"),
        (limits, Err(VerifyError::Unsupported), "revocation_failed"),
    ] {
        let layer = AuthenticateLayer::new(dialect::SOCRATA, Revokes(result), transport::from_acceptor());
        let app = whoami().layer(layer.revocation(limits));
        let request = plainly(authorization(format!("OAuth {SHOWN_TOKEN}")));
        let (answer, lines) = events(&log, app.clone(), request).await;
        assert_eq!(answer.status, 403);
        let mut outcomes: Vec<_> = lines.iter().map(|line| line.get("outcome")).collect();
        outcomes.sort_unstable();
        let mut expected = ["refused", outcome];
        expected.sort_unstable();
        assert_eq!(outcomes, expected);
        let of = |outcome| lines.iter().find(|line| line.get("outcome") == outcome).unwrap();
        let (line, refused) = (of(outcome), of("refused"));
        assert_eq!(line.level, Level::WARN);
        assert_eq!((line.get("credential"), line.get("credential_id")), ("access_token", r"token-7\r\n"));
        assert!(is_fingerprint(line.get("fingerprint")));
        assert_eq!(
            (refused.get("kind"), refused.get("fingerprint")),
            ("insecure_transport", line.get("fingerprint"))
        );
        // An unknown token is refused, and nothing is revoked.
        let request = plainly(authorization(format!("OAuth {UNKNOWN_TOKEN}")));
        let (_, lines) = events(&log, app, request).await;
        assert_eq!(lines.iter().map(|line| line.get("outcome")).collect::<Vec<_>>(), ["refused"]);
    }
}

#[tokio::test]
async fn a_client_secret_from_a_browser_is_reported_and_goes_on() {
    let log = listen();
    let query = format!("/?client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}");
    let wrong = format!("/?client_id={ORG_CLIENT}&client_secret=wrong-horse");
    let origin = [("origin", "https://page.example")];
    let reported = async |target: &str, headers: &[(&str, &str)]| {
        let (answer, lines) = events(&log, app(dialect::USERGRID), get(target, headers)).await;
        let found: Vec<_> =
            lines.iter().filter(|line| line.get("outcome") == "client_secret_in_browser").collect();
        assert!(
            found.iter().all(|line| line.level == Level::WARN && is_fingerprint(line.get("fingerprint")))
        );
        (answer.status, found.len())
    };
    assert_eq!(reported(&query, &[]).await, (200, 0));
    assert_eq!(reported(&query, &origin).await, (200, 1));
    for name in ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"] {
        assert_eq!(reported(&query, &[(name, "cross-site")]).await, (200, 1), "{name}");
    }
    assert_eq!(reported(&wrong, &origin).await, (401, 1), "an unknown token may be an expired one");
    let over_basic = basic(ORG_CLIENT, CLIENT_SECRET);
    let headers = [origin[0], ("authorization", &*over_basic)];
    assert_eq!(reported("/", &headers).await, (200, 1));
    // Access tokens are meant for browsers.
    assert_eq!(reported(&format!("/?access_token={TOKEN}"), &origin).await, (200, 0));
    assert_eq!(reported("/acme/sandbox/x", &origin).await, (200, 0));
}

/// A log of warnings alone still names the client.
#[tokio::test]
async fn a_browsers_client_has_a_fingerprint_if_only_warnings_are_recorded() {
    let text = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::WARN)
        .with_ansi(false)
        .with_writer(text.clone())
        .finish();
    hear_all_threads();
    let guard = tracing::subscriber::set_default(subscriber);
    let request = get(
        &format!("/?client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}"),
        &[("origin", "https://page.example")],
    );
    assert_eq!(send(app(dialect::USERGRID), request).await.status, 200);
    drop(guard);
    let text = text.text();
    assert!(text.contains("client_secret_in_browser") && text.contains("fingerprint="), "{text}");
}

/// The output of a subscriber.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn req_61_what_a_client_or_a_store_chose_stays_on_its_line() {
    const ODD: &str =
        "eve\r\n2026-01-01 INFO accepted id=\"root\"\u{1b}[31m\u{0}\u{202e}\u{2028}\u{85}\u{9b}2J\u{7f}";
    let text = Written::default();
    let format = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(text.clone());
    hear_all_threads();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(format));
    let verifier = says(|credential| match credential {
        Credential::AppToken(_) => Ok(AppToken::new(ODD).into()),
        Credential::Password(pair) if pair.id() == "gone" => Err(VerifyError::UNKNOWN),
        Credential::Password(pair) if pair.id() == "down" => Err(VerifyError::unavailable(ODD)),
        Credential::Password(_) => Ok(BasicUser::new(ODD).with_credential_id(ODD).into()),
        _ => Err(VerifyError::UNKNOWN),
    });
    let app = whoami().layer(layer_of(dialect::ANY, verifier));
    let mut requests = 0;
    for (id, app_token) in
        [("alice", Some("map")), ("gone", None), ("down", None), ("g\u{202e}one\u{85}", None)]
    {
        let mut request = from_client(authorization(basic(id, "x")));
        if let Some(app_token) = app_token {
            request.headers_mut().insert("x-app-token", app_token.parse().unwrap());
        }
        request.headers_mut().insert("user-agent", "eve\x1b".parse().unwrap_or("eve".parse().unwrap()));
        send(app.clone(), request).await;
        requests += 1;
    }
    drop(guard);
    let text = text.text();
    let odd =
        |letter: char| letter != '\n' && (letter.is_control() || matches!(letter, '\u{202e}' | '\u{2028}'));
    assert!(!text.contains(odd), "{text:?}");
    let lines: Vec<_> = text.lines().filter(|line| line.contains("tower_principal::audit")).collect();
    assert_eq!(lines.len(), requests, "{text}");
    assert!(lines[0].contains(r#"id="eve\\r\\n2026"#) && lines[0].contains("app="), "{text}");
    assert!(text.lines().all(|line| line.contains(" tower_principal")), "{text}");
}

#[tokio::test]
async fn no_event_is_written_without_a_listener() {
    let log = listen();
    let Log { .. } = &log;
    let quiet = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::default());
    assert_eq!(send(app(dialect::ANY), authorization(bearer(TOKEN))).await.status, 200);
    assert_eq!(send(app(dialect::ANY), authorization(bearer(UNKNOWN_TOKEN))).await.status, 401);
    drop(quiet);
    assert_eq!(log.take().len(), 0);
}
