//! Introspection of tokens at an authorization server (REQ-47, REQ-49, REQ-50, and category I of
//! hostile answers).

use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use allocation_counter::measure;
use axum::Router;
use axum::body::Body;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tower_principal::RejectionKind::{DeniedToken, Unavailable};
use tower_principal::fetch::{self, Fetch, FetchError};
use tower_principal::test_util::{Fault, Issuer};
use tower_principal::verify::{Cached, Introspection, IntrospectionError};
use tower_principal::{
    Credential, DenialReason, Pair, Principal, PrincipalKind, Secret, Verifier as _, VerifyContext,
    VerifyError, dialect,
};

use crate::support::*;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// Answers by token: each has a status, headers and a body.
type Answers = HashMap<&'static str, (u16, &'static [(&'static str, &'static str)], String)>;

/// Returns the answers of category I, and for each whether it is a denial (or an outage).
fn hostile() -> (Answers, Vec<(&'static str, bool)>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (past, later) = (now - 60, now + 3_600);
    let object = |members: &str| format!("{{{members}}}");
    let active = |members: String| format!(r#"{{"active":true,"sub":"otto",{members}}}"#);
    let mut answers = Answers::new();
    let mut verdicts = Vec::new();
    let mut add = |name, denies, status, headers, body| {
        answers.insert(name, (status, headers, body));
        verdicts.push((name, denies));
    };
    add("i01-text", true, 200, JSON, object(r#""active":"true","sub":"otto""#));
    add("i02-number", true, 200, JSON, object(r#""active":1,"sub":"otto""#));
    add("i03-empty", true, 200, JSON, object(""));
    add("i04-twice", true, 200, JSON, object(r#""active":false,"active":true,"sub":"otto""#));
    add("i05-expired", true, 200, JSON, active(format!(r#""exp":{past}"#)));
    add("i06-not-yet", true, 200, JSON, active(format!(r#""nbf":{later}"#)));
    add(
        "i07-bound",
        true,
        200,
        JSON,
        active(r#""cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#.to_owned()),
    );
    for (name, word) in [
        ("i07-type", r#""type":"refresh""#),
        ("i07-type-of-identity", r#""type":"ID""#),
        ("i07-token-type", r#""tokenType":"refresh-token""#),
        ("i07-token-use", r#""token_use":"refresh_token""#),
        ("i07-typ", r#""token_type":"Bearer","typ":"Offline""#),
        ("i07-word-beside-access", r#""token_type":"Bearer","type":"REFRESH_TOKEN","scope":"read""#),
    ] {
        add(name, true, 200, JSON, active(format!(r#""exp":{later},{word}"#)));
    }
    add("inactive", true, 200, JSON, object(r#""active":false"#));
    let good = || active(format!(r#""exp":{later}"#));
    add("i08-html", false, 200, &[("content-type", "text/html")], "<html>active: true</html>".to_owned());
    add("i08-json-as-html", false, 200, &[("content-type", "text/html")], good());
    add("i08-untyped", false, 200, &[], good());
    add(
        "i08-typed-twice",
        false,
        200,
        &[("content-type", "application/json"), ("content-type", "text/html")],
        good(),
    );
    add("i09-unauthorized", false, 401, JSON, good());
    add("i10-forbidden", false, 403, JSON, good());
    add(
        "i11-redirect",
        false,
        302,
        &[("content-type", "application/json"), ("location", "/elsewhere")],
        good(),
    );
    add(
        "i11-redirect-308",
        false,
        308,
        &[("content-type", "application/json"), ("location", "/elsewhere")],
        good(),
    );
    // h25: the answer of Cloud Foundry UAA about an unknown token.
    let error = |name: &str| format!(r#"{{"error":"{name}","error_description":"x"}}"#);
    add("i15-invalid-token", true, 400, JSON, error("invalid_token"));
    add("i15-invalid-request", false, 400, JSON, error("invalid_request"));
    add("i15-invalid-client", false, 400, JSON, error("invalid_client"));
    add("i15-other-case", false, 400, JSON, error("Invalid_Token"));
    add("i15-no-error", false, 400, JSON, good());
    add("i15-list", false, 400, JSON, format!("[{}]", error("invalid_token")));
    add("i15-as-html", false, 400, &[("content-type", "text/html")], error("invalid_token"));
    add("i15-twice", false, 400, JSON, r#"{"error":"invalid_request","error":"invalid_token"}"#.to_owned());
    let challenged = &[("content-type", "application/json"), ("www-authenticate", "Bearer")];
    add("i15-challenged", false, 400, challenged, error("invalid_token"));
    add("i15-unauthorized", false, 401, JSON, error("invalid_token"));
    add("i15-forbidden", false, 403, JSON, error("invalid_token"));
    add("i15-not-found", false, 404, JSON, error("invalid_token"));
    add("i15-server", false, 500, JSON, error("invalid_token"));
    add("i12-large", false, 200, JSON, active(format!(r#""padding":"{}""#, "x".repeat(64 * 1024))));
    add("i14-error", false, 500, JSON, good());
    add("i14-busy", false, 503, JSON, good());
    add("i14-created", false, 201, JSON, good());
    add("i14-nothing", false, 204, JSON, String::new());
    add("i14-garbage", false, 200, JSON, "\u{0}\u{1}{{{".to_owned());
    add("i14-list", false, 200, JSON, format!("[{}]", good()));
    add("i14-cut", false, 200, JSON, r#"{"active":true,"sub":"ot"#.to_owned());
    answers.insert("good", (200, &[("content-type", "Application/JSON;charset=UTF-8")], good()));
    (answers, verdicts)
}

/// A client inside the process, for answers that no issuer gives.
struct Fake(Answers);

impl Fetch for Fake {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limit: usize,
    ) -> Result<http::Response<Bytes>, FetchError> {
        let form = fields(request.body());
        let Some((status, headers, body)) = self.0.get(form["token"].as_str()) else {
            return pending().await;
        };
        if body.len() > limit {
            return Err(FetchError::TooLarge);
        }
        let mut response = http::Response::builder().status(*status);
        for (name, value) in *headers {
            response = response.header(*name, *value);
        }
        Ok(response.body(Bytes::from(body.clone())).unwrap())
    }
}

/// Returns the fields of a form without percent-encoding.
fn fields(form: &[u8]) -> HashMap<String, String> {
    let form = std::str::from_utf8(form).unwrap();
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn token(text: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(text))
}

async fn ask<F: Fetch>(verifier: &Introspection<F>, text: &str) -> Result<Principal, VerifyError> {
    verifier.verify(&token(text), &VerifyContext::default()).await
}

/// The headers and the form of one request.
type Asked = (HeaderMap, HashMap<String, String>);

/// The requests that a real server received.
#[derive(Clone, Default)]
struct Seen {
    requests: Arc<Mutex<Vec<Asked>>>,
    elsewhere: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Server {
    answers: Arc<Answers>,
    seen: Seen,
}

async fn introspect(
    State(server): State<Server>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    server.seen.requests.lock().unwrap().push((headers, form.clone()));
    let running = server.seen.running.fetch_add(1, Ordering::SeqCst) + 1;
    server.seen.most.fetch_max(running, Ordering::SeqCst);
    let slow = form["token"].starts_with("slow");
    tokio::time::sleep(Duration::from_millis(if slow { 20 } else { 0 })).await;
    server.seen.running.fetch_sub(1, Ordering::SeqCst);
    let name = if slow { "good" } else { form["token"].as_str() };
    let Some((status, headers, body)) = server.answers.get(name) else { return pending().await };
    let mut response = Response::builder().status(*status);
    for (name, value) in *headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.clone())).unwrap()
}

fn application(answers: Answers, seen: Seen) -> Router {
    let elsewhere = Arc::clone(&seen.elsewhere);
    let visit = async move || {
        elsewhere.fetch_add(1, Ordering::SeqCst);
        ([("content-type", "application/json")], r#"{"active":true,"sub":"evil"}"#).into_response()
    };
    Router::new()
        .route("/introspect", post(introspect))
        .with_state(Server { answers: Arc::new(answers), seen })
        .fallback(visit)
}

/// Starts a real server on the loopback. Returns its endpoint.
async fn serve(answers: Answers) -> (String, Seen) {
    let seen = Seen::default();
    let app = application(answers, seen.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/introspect", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    (endpoint, seen)
}

/// Returns a client over real connections.
fn client() -> impl Fetch {
    fetch::service::<_, Body>(Client::builder(TokioExecutor::new()).build_http())
}

fn over_http(endpoint: String) -> Introspection<impl Fetch> {
    let builder = Introspection::builder(endpoint, client()).client("my api", "s%cr:t+ü").danger_allow_http();
    builder.deadline(Duration::from_millis(500)).build().unwrap()
}

fn assert_verdict(name: &str, denies: bool, answer: Result<Principal, VerifyError>) {
    match answer.unwrap_err() {
        VerifyError::Denied(_) => assert!(denies, "{name} was denied"),
        VerifyError::Unavailable(_) => assert!(!denies, "{name} was unavailable"),
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn req_49_hostile_answers_deny_or_are_our_failing() {
    let (answers, verdicts) = hostile();
    let verifier =
        Introspection::builder("https://as.example/introspect", Fake(answers)).bearer("own").build().unwrap();
    for (name, denies) in verdicts {
        assert_verdict(name, denies, ask(&verifier, name).await);
    }
    assert_eq!(ask(&verifier, "good").await.unwrap().kind(), PrincipalKind::OAuthUser);
}

#[tokio::test]
async fn req_49_the_same_over_real_connections() {
    let (answers, verdicts) = hostile();
    let (endpoint, seen) = serve(answers).await;
    let verifier = over_http(endpoint);
    for (name, denies) in verdicts {
        assert_verdict(name, denies, ask(&verifier, name).await);
    }
    assert_eq!(ask(&verifier, "good").await.unwrap().id(), Some("otto"));
    assert_eq!(seen.elsewhere.load(Ordering::SeqCst), 0, "no redirect is followed");
}

/// I13, and the case without any connection.
#[tokio::test]
async fn req_50_a_server_that_hangs_or_is_gone_is_unavailable_in_time() {
    let (endpoint, _seen) = serve(Answers::new()).await;
    let started = Instant::now();
    assert_verdict("hang", false, ask(&over_http(endpoint), "hang").await);
    assert!((450..2_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_verdict("gone", false, ask(&over_http(format!("http://{gone}/introspect")), "good").await);
}

#[tokio::test]
async fn req_50_the_question_is_a_form_with_credentials_of_its_own() {
    let (endpoint, seen) = serve(hostile().0).await;
    let _ = ask(&over_http(endpoint), "a+b/c=&token=good").await;
    let requests = seen.requests.lock().unwrap();
    let [(headers, form)] = &requests[..] else { panic!("one request: {}", requests.len()) };
    assert_eq!(form["token"], "a+b/c=&token=good");
    assert_eq!((form.len(), form["token_type_hint"].as_str()), (2, "access_token"));
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(headers["accept"], "application/json");
    // Each half is form-encoded, then both together are encoded as Basic (RFC 6749 section 2.3.1).
    assert_eq!(headers["authorization"], basic("my+api", "s%25cr%3At%2B%C3%BC"));
}

/// RFC 6749 section 2.3.1: if the server does not support Basic, the credentials are in the form,
/// encoded like every other member.
#[tokio::test]
async fn req_50_id_and_secret_go_into_the_form_by_choice() {
    let (endpoint, seen) = serve(hostile().0).await;
    let builder = || Introspection::builder(endpoint.clone(), client()).danger_allow_http();
    let verifier = builder().client_secret_post("my api", "s%cr:t+ü&token=evil").build().unwrap();
    assert!(ask(&verifier, "good").await.is_ok());
    let requests = seen.requests.lock().unwrap().clone();
    let [(headers, form)] = &requests[..] else { panic!("one request: {}", requests.len()) };
    assert!(!headers.contains_key("authorization"));
    assert_eq!(
        (form["client_id"].as_str(), form["client_secret"].as_str()),
        ("my api", "s%cr:t+ü&token=evil")
    );
    assert_eq!((form["token"].as_str(), form.len()), ("good", 4));
    // The last call takes precedence.
    let verifier =
        builder().client_secret_post("my api", "secret").client("my api", "secret").build().unwrap();
    assert!(ask(&verifier, "good").await.is_ok());
    let (headers, form) = seen.requests.lock().unwrap().pop().unwrap();
    assert!(headers.contains_key("authorization") && form.len() == 2);
    assert_eq!(
        builder().client_secret_post("", "secret").build().err(),
        Some(IntrospectionError::Credentials)
    );
    let authority = authority();
    authority.register_client("own", "s+e/c=r&t");
    let endpoint = authority.introspection_endpoint();
    let builder = Introspection::builder(endpoint, authority.clone());
    assert!(ask(&builder.client_secret_post("own", "s+e/c=r&t").build().unwrap(), "good").await.is_ok());
}

#[tokio::test]
async fn req_50_no_more_questions_at_a_time_than_allowed() {
    let (endpoint, seen) = serve(hostile().0).await;
    let verifier = Introspection::builder(endpoint, client()).bearer("own").danger_allow_http();
    let verifier = verifier.concurrency(3).deadline(Duration::from_secs(30)).build().unwrap();
    let names: Vec<String> = (0..40).map(|at| format!("slow{at}")).collect();
    let answers = join_all(names.iter().map(|name| ask(&verifier, name))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(seen.most.load(Ordering::SeqCst), 3);
}

/// Returns an authorization server with one token.
fn authority() -> Issuer {
    let issuer = Issuer::new("https://as.example").unwrap();
    issuer.token("otto").opaque_as("good");
    issuer
}

/// If callers give up, their places become free.
#[tokio::test]
async fn req_50_a_caller_that_gives_up_makes_room() {
    let authority = authority();
    let builder = authority.introspection().concurrency(1).deadline(Duration::from_millis(20));
    let verifier = builder.build().unwrap();
    for _ in 0..3 {
        authority.set_fault(Fault::Hang);
        let answers = join_all((0..5).map(|_| ask(&verifier, "good"))).await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(VerifyError::Unavailable(_)))));
        authority.set_fault(None);
        assert!(ask(&verifier, "good").await.is_ok());
    }
}

/// The issuer in an answer is only the server's claim, and may be the name of another issuer.
#[tokio::test]
async fn whose_word_it_is_is_the_issuer_that_is_expected_or_the_endpoint() {
    let authority = authority();
    authority.token("otto").claim("iss", "https://other.example").opaque_as("good");
    authority.register_client("own", "secret");
    let builder = || {
        let endpoint = authority.introspection_endpoint() + "?key=k";
        Introspection::builder(endpoint, authority.clone()).client("own", "secret")
    };
    let otto = ask(&builder().build().unwrap(), "good").await.unwrap();
    assert_eq!(otto.issuer(), Some("https://as.example/introspect"));
    let otto = ask(&builder().issuer("https://other.example").build().unwrap(), "good").await.unwrap();
    assert_eq!(otto.issuer(), Some("https://other.example"));
}

/// The largest answers of 64 KiB in memory, by the shapes that take the most.
#[test]
fn req_54_a_cache_counts_what_an_answer_holds() {
    let nested = format!("{}0{}", r#"{"":"#.repeat(100), "}".repeat(100));
    let names: String = (0..4_000).map(|at| format!(r#","{at:04}":{at}"#)).collect();
    for (shape, member) in [
        ("texts", format!(r#","x":"{}""#, "x".repeat(64_000))),
        ("numbers", format!(r#","x":[{}0]"#, "0,".repeat(32_000))),
        ("lists", format!(r#","x":[{}0]"#, "[0],".repeat(16_000))),
        ("objects", format!(r#","x":[{}0]"#, r#"{"":0},"#.repeat(9_000))),
        ("nested", format!(r#","x":[{}0]"#, format!("{nested},").repeat(100))),
        ("names", names),
        ("nothing", String::new()),
    ] {
        let says = format!(r#"{{"active":true,"sub":"otto"{member}}}"#);
        let fake = Fake(Answers::from([("good", (200, JSON, says))]));
        let verifier = Introspection::builder("https://as.example/i", fake).bearer("own").build().unwrap();
        let mut otto = None;
        let held = measure(|| otto = Some(ask(&verifier, "good").now_or_never().unwrap().unwrap()));
        let (held, counted) = (usize::try_from(held.bytes_current).unwrap(), otto.unwrap().bytes());
        assert!(counted + 200 > held && counted < 2 * held + 1_000, "{shape}: {counted} of {held}");
    }
}

/// The cache stays within its memory limit for answers of any size.
#[test]
fn req_54_large_answers_leave_room_for_fewer() {
    let says = format!(r#"{{"active":true,"sub":"otto","x":"{}"}}"#, "x".repeat(20_000));
    let names: Vec<String> = (0..1_000).map(|at| format!("t{at}")).collect();
    let answer = move |_: &Credential<'_>| {
        let fake = Fake(Answers::from([("good", (200, JSON, says.clone()))]));
        let verifier = Introspection::builder("https://as.example/i", fake).bearer("own").build().unwrap();
        ask(&verifier, "good").now_or_never().unwrap()
    };
    let cached = Cached::new(crate::support::says(answer)).unwrap().capacity(500);
    let held = measure(|| {
        for name in &names {
            cached.verify_now(&token(name), &VerifyContext::default()).unwrap().unwrap();
        }
    });
    let (held, (kept, _)) = (held.bytes_current, cached.stored());
    assert!((20..100).contains(&kept), "{kept}");
    assert!((500_000..500 * 2_500).contains(&held), "{held}");
}

#[tokio::test]
async fn only_access_tokens_are_asked_about() {
    let authority = authority();
    let verifier = authority.introspection().build().unwrap();
    let pair = || Pair::new(Secret::borrowed("good"), Secret::borrowed("good"));
    for credential in [Credential::AppToken(Secret::borrowed("good")), Credential::Password(pair())] {
        let context = VerifyContext::default();
        assert!(matches!(verifier.verify_now(&credential, &context), Some(Err(VerifyError::Unsupported))));
        assert!(matches!(verifier.verify(&credential, &context).await, Err(VerifyError::Unsupported)));
        assert!(matches!(verifier.revoke(&credential, &context).await, Err(VerifyError::Unsupported)));
    }
    assert!(verifier.verify_now(&token("good"), &VerifyContext::default()).is_none());
    assert_eq!(authority.fetches(), 0);
}

#[tokio::test]
async fn behind_a_layer_denied_is_401_and_our_failing_is_503() {
    let (answers, verdicts) = hostile();
    let verifier =
        Introspection::builder("https://as.example/introspect", Fake(answers)).bearer("own").build().unwrap();
    let app = whoami().layer(layer_of(dialect::RFC6750, verifier));
    for (name, denies) in verdicts {
        let answer = send(app.clone(), authorization(bearer(name))).await;
        assert_eq!(answer.outcome(), Err(if denies { DeniedToken } else { Unavailable }), "{name}");
    }
    assert_eq!(send(app, authorization(bearer("good"))).await.body, "OAuthUser:otto");
}

/// The flip of D10: the verifier learns that an active token has become inactive when the cache
/// entry expires. An outage neither ends known tokens nor denies unknown ones.
#[tokio::test]
async fn a_cached_token_is_asked_about_once_until_its_time_is_over() {
    let authority = authority();
    let cached = Cached::new(authority.introspection().build().unwrap()).unwrap();
    for _ in 0..5 {
        assert!(cached.verify(&token("good"), &VerifyContext::default()).await.is_ok());
        let unknown = cached.verify(&token("nobodys"), &VerifyContext::default()).await.unwrap_err();
        assert!(matches!(unknown, VerifyError::Denied(DenialReason::Unknown)));
    }
    assert_eq!(authority.fetches(), 2);
    authority.set_fault(Fault::Status(500));
    for _ in 0..3 {
        assert!(cached.verify(&token("good"), &VerifyContext::default()).await.is_ok());
        assert_verdict("i14", false, cached.verify(&token("another"), &VerifyContext::default()).await);
    }
    assert_eq!(authority.fetches(), 5);
    // The entry expires in the cache, and the server now gives another answer.
    authority.set_fault(None);
    authority.revoke("good");
    cached.evict(&token("good"), &VerifyContext::default());
    assert_verdict("revoked", true, cached.verify(&token("good"), &VerifyContext::default()).await);
}

#[test]
fn an_endpoint_has_to_be_an_https_url_and_to_know_us() {
    for (endpoint, error) in [
        ("https://as.example/introspect", None),
        ("https://as.example:8443/introspect?x=1", None),
        ("http://as.example/introspect", Some(IntrospectionError::Insecure)),
        ("https://user:secret@as.example/introspect", Some(IntrospectionError::Endpoint)),
        ("ftp://as.example/introspect", Some(IntrospectionError::Endpoint)),
        ("/introspect", Some(IntrospectionError::Endpoint)),
        ("as.example", Some(IntrospectionError::Endpoint)),
        ("", Some(IntrospectionError::Endpoint)),
    ] {
        let built = Introspection::builder(endpoint, authority()).bearer("own").build();
        assert_eq!(built.err(), error, "{endpoint}");
    }
    let without = Introspection::builder("https://as.example/introspect", authority());
    assert_eq!(without.build().err(), Some(IntrospectionError::Credentials));
    let broken = Introspection::builder("https://as.example/introspect", authority()).bearer("a\nb");
    assert_eq!(broken.build().err(), Some(IntrospectionError::Credentials));
}

#[test]
fn nothing_of_it_shows_a_secret() {
    let builder =
        Introspection::builder("https://as.example/introspect", authority()).client("id", "hunter2");
    let shown = format!("{builder:?}");
    let shown = format!("{shown} {:?}", builder.build().unwrap());
    assert_eq!(shown, r#"IntrospectionBuilder { .. } Introspection { host: Some("as.example"), .. }"#);
}

/// I15: a certificate without a trusted authority, over real TLS.
#[cfg(feature = "reqwest")]
mod tls {
    use hyper_util::rt::TokioIo;
    use hyper_util::server::conn::auto;
    use hyper_util::service::TowerToHyperService;
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::ServerConfig;
    use rustls::crypto::aws_lc_rs;
    use tokio_rustls::TlsAcceptor;
    use tower_principal::fetch::HttpClient;

    use super::*;

    /// Starts a server with a self-signed certificate. Returns its endpoint, its requests and the
    /// certificate.
    async fn serve_tls(name: &str) -> (String, Seen, String) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .unwrap();
        let (tls, seen) = (TlsAcceptor::from(Arc::new(config)), Seen::default());
        let app = application(hostile().0, seen.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = tls.accept(stream).await else { continue };
                let service = TowerToHyperService::new(app.clone());
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        (format!("https://localhost:{port}/introspect"), seen, cert.pem())
    }

    #[tokio::test]
    async fn req_50_a_certificate_of_an_unknown_authority_is_an_outage() {
        for (name, trusted, good) in
            [("localhost", true, true), ("localhost", false, false), ("other", true, false)]
        {
            let (endpoint, seen, pem) = serve_tls(name).await;
            let builder = HttpClient::builder();
            let client = if trusted { builder.authority(pem) } else { builder }.build().unwrap();
            let verifier = Introspection::builder(endpoint, client).client("id", "secret").build().unwrap();
            match ask(&verifier, "good").await {
                Ok(principal) => assert!(good && principal.id() == Some("otto"), "{name} {trusted}"),
                refused => {
                    assert!(!good, "{name} {trusted} {refused:?}");
                    assert_verdict("i15", false, refused);
                }
            }
            // A server that could not prove its identity received no token.
            assert_eq!(seen.requests.lock().unwrap().len(), usize::from(good));
        }
    }
}

#[tokio::test]
async fn groups_of_an_answer_may_be_keys_of_an_object_or_one_text() {
    use tower_principal::verify::{Claims, GroupForm};

    let issuer = tower_principal::test_util::Issuer::new("https://issuer.example").unwrap();
    let roles = serde_json::json!({"admin": {"5": "acme.example"}});
    let token = issuer.token("otto").claim("project", roles).claim("role", "editor").opaque();
    let builder = issuer.introspection().group_claims_as(GroupForm::Keys, ["project"]);
    let asked = builder.group_claims_as(GroupForm::Text, ["role", "project"]).build().unwrap();
    let credential = Credential::AccessToken(Secret::borrowed(&token));
    let otto = asked.verify(&credential, &VerifyContext::default()).await.unwrap();
    assert_eq!(otto.claims::<Claims>().unwrap().groups(), ["admin", "editor"]);
    let plain = issuer.introspection().build().unwrap();
    let otto = plain.verify(&credential, &VerifyContext::default()).await.unwrap();
    assert!(otto.claims::<Claims>().unwrap().groups().is_empty());
}
