//! The `Debug` output of every type that holds a secret, or that was made from one.

use std::convert::Infallible;
use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tempfile::TempDir;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};
use tower_principal::credential::ClientKind;
use tower_principal::credential::typed_headers::{OAuth, XAppToken};
use tower_principal::fetch;
use tower_principal::grant::{GrantId, TokenShape};
use tower_principal::layer::RequestBody;
use tower_principal::read::Reader;
use tower_principal::request::RequestHead;
use tower_principal::test_util::ActAs;
use tower_principal::test_util::conformance::Suite;
use tower_principal::verify::password::Passwords;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlVerifier};
use tower_principal::verify::{self, Cached, Introspection, Throttled};
use tower_principal::{
    ApiKey, AppToken, AuthenticateLayer, AuthenticationExt as _, BasicUser, Credential, OAuthUser, OrgAdmin,
    Pair, Principal, PrincipalKind, Secret, Verifier as _, VerifyContext, VerifyError, dialect, transport,
    verify::MemoryVerifier,
};

use super::needles::Canaries;

/// Field types that hold a secret; every type with such a field must be in [`all`].
const FIELDS: [&str; 6] = ["Secret<", "Pair<", "Credential<", "Presented<", "Zeroizing<", "Credentials<"];

/// Returns the name and the `Debug` output of every type.
pub(crate) async fn all(canaries: &Canaries) -> Vec<(&'static str, String)> {
    let secret = || Secret::owned(canaries.fresh());
    let pair = || Pair::new(Secret::owned("who"), secret());
    let request = Request::get(format!("/x?$$app_token={}", canaries.fresh()))
        .header("authorization", format!("Bearer {}", canaries.fresh()))
        .header("x-app-token", canaries.fresh())
        .body(Body::from(format!("access_token={}", canaries.fresh())))
        .unwrap();
    let (parts, body) = request.into_parts();
    let head = show(&RequestHead::from_request(&Request::from_parts(parts.clone(), ())));
    let mut alone = Request::from_parts(parts, body);
    alone.headers_mut().remove("x-app-token");
    let reader = Reader::new(&dialect::ANY).unwrap();
    let read = reader.read(RequestHead::from_request(&alone)).unwrap();
    let user = OAuthUser::new("otto").with_claims(canaries.fresh());
    let builder = || {
        MemoryVerifier::builder()
            .passwords(Passwords::with_params(64, 1, 1).unwrap())
            .user("alice", canaries.fresh(), BasicUser::new("alice"))
            .key_pair("key", canaries.fresh(), ApiKey::new("key"))
            .client("client", canaries.fresh(), OrgAdmin::new("client", "acme"))
            .app_token(canaries.fresh(), AppToken::new("app"))
            .access_token(canaries.fresh(), OAuthUser::new("otto"))
    };
    let memory = || builder().build().unwrap();
    let layer = AuthenticateLayer::new(dialect::ANY, memory(), transport::from_acceptor());
    let proxied = fetch::HttpClient::builder().proxy(format!("http://me:{}@proxy.example", canaries.fresh()));
    let proxied = proxied.proxy_credentials("me", canaries.fresh());
    let mut service = layer.layer(any(async || "ok"));
    let post = Request::post("/x").header("content-type", "application/x-www-form-urlencoded");
    let post = post.body(Full::new(Bytes::from(format!("access_token={}", canaries.fresh())))).unwrap();
    let open = AuthenticateLayer::new(
        dialect::ANY,
        verify::from_fn(async |_, _| Ok(OAuthUser::new("otto"))),
        transport::danger_assume_secure(),
    );
    let asking = || {
        Introspection::builder("https://login.example/", fetch::service::<_, Body>(Router::new()))
            .client("client", &canaries.fresh())
    };
    let bearing = asking().bearer(&canaries.fresh());
    let suite = Suite::new()
        .good(Credential::AccessToken(secret()), PrincipalKind::OAuthUser)
        .unknown(Credential::Password(pair()))
        .expired(Credential::AppToken(secret()));
    let cached = Cached::new(memory()).unwrap();
    let unknown = Credential::AccessToken(secret());
    assert!(cached.verify(&unknown, &VerifyContext::default()).await.is_err());
    let reads = open.with_form_body(64 * 1024, Duration::from_secs(5)).layer(service_fn(
        async |request: Request<RequestBody<Full<Bytes>>>| {
            let shown = format!("{:?} {:?}", request.authentication(), request.body());
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(shown))))
        },
    ));
    let answer = reads.oneshot(post).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let form = String::from_utf8(answer.to_vec()).unwrap();
    assert!(form.contains("RequestBody") && form.contains("otto"), "{form}");
    let mut all = in_databases(canaries).await;
    all.extend([
        ("Secret", show(&secret())),
        ("Pair", show(&pair())),
        ("IssuedToken", issued_token(canaries)),
        ("IssuedRefresh", issued_refresh(canaries)),
        (
            "Credential",
            show(&[
                Credential::AccessToken(secret()),
                Credential::ApiKey(secret()),
                Credential::KeyPair(pair()),
                Credential::AppToken(secret()),
                Credential::Client(ClientKind::Other, pair()),
                Credential::Password(pair()),
            ]),
        ),
        ("Credentials", show(&read)),
        ("Reader", show(&reader)),
        ("RequestHead", head),
        ("Context", show(&VerifyContext::new(RequestHead::from_request(&alone)))),
        ("XAppToken", show(&XAppToken::new(secret()))),
        ("OAuth", show(&OAuth::new(secret()))),
        ("OAuthUser", show(&user)),
        ("Principal", show(&Principal::from(user.clone()))),
        ("ActAs", show(&ActAs::principal(user))),
        ("VerifyError", show(&VerifyError::unavailable(canaries.fresh()))),
        ("MemoryVerifierBuilder", show(&builder())),
        ("MemoryVerifier", show(&memory())),
        ("Throttled", show(&Throttled::new(memory()).unwrap())),
        ("Cached", show(&cached)),
        ("HttpClientBuilder", show(&proxied)),
        ("IntrospectionBuilder", show(&(asking(), bearing))),
        ("Introspection", show(&asking().build().unwrap())),
        ("Suite", show(&suite)),
        ("Or", show(&memory().or(memory()))),
        ("FromFn", show(&verify::from_fn(async |_, _| Err::<Principal, _>(VerifyError::UNKNOWN)))),
        ("AuthenticateLayer", show(&layer)),
        ("Form", form),
        ("Authenticate", show(&service)),
        ("AuthenticateFuture", show(&service.call(alone))),
    ]);
    all
}

/// Returns the types that are made from a database's address, or inside a database.
async fn in_databases(canaries: &Canaries) -> Vec<(&'static str, String)> {
    let folder = TempDir::new().unwrap();
    let address = format!("sqlite:{}", folder.path().join("database").display());
    let passwords = Passwords::with_params(64, 1, 1).unwrap();
    let verifier = SqlVerifier::sqlite(address).passwords(passwords).connect().await.unwrap();
    let store = verifier.store();
    store.users().create("alice", Secret::owned(canaries.fresh()), NewUser::new()).await.unwrap();
    let keys = store.api_keys();
    let mut issued = keys.create(NewCredential::new().owner("alice")).await.unwrap();
    let made = show(&issued);
    assert!(!made.contains(issued.secret.expose_secret()), "{made}");
    issued.secret = Secret::owned(canaries.fresh());
    let remote = SqlVerifier::postgres(format!("postgres://portal:{}@127.0.0.1/portal", canaries.fresh()));
    vec![
        ("Issued", show(&issued)),
        ("CredentialRecord", show(&keys.list(None, 10).await.unwrap())),
        ("SqlStore", show(&store)),
        ("SqlVerifier", show(&verifier)),
        ("SqlVerifierBuilder", show(&remote)),
    ]
}

fn issued_token(canaries: &Canaries) -> String {
    let mut token = TokenShape::prefixed("acme").code(&GrantId::random().unwrap()).unwrap();
    token.secret = Secret::owned(canaries.fresh());
    show(&token)
}

fn issued_refresh(canaries: &Canaries) -> String {
    let mut token = TokenShape::prefixed("acme").refresh(&GrantId::random().unwrap()).unwrap();
    token.secret = Secret::owned(canaries.fresh());
    show(&token)
}

fn show(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

/// Returns the public types of the source that hold a secret and are not on the list.
pub(crate) fn unlisted(listed: &[(&'static str, String)]) -> Vec<String> {
    let mut found = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.retain(|name| !listed.iter().any(|(known, _)| known == name));
    found
}

fn visit(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, found);
        } else {
            found.extend(holders(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Returns the types of a file with such a field.
fn holders(text: &str) -> Vec<String> {
    let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    for word in ["pub struct ", "pub enum "] {
        for declaration in code.split(word).skip(1) {
            let name: String = declaration.chars().take_while(|letter| letter.is_alphanumeric()).collect();
            let end = declaration.find(['{', '(', ';']).unwrap_or_default();
            let closing = match declaration.as_bytes().get(end) {
                Some(b'{') => "\n}",
                _ => ";",
            };
            let fields = declaration[end..].split(closing).next().unwrap_or_default();
            // A function that returns a secret holds none.
            let mut fields = fields.lines().filter(|line| !line.contains("fn("));
            if fields.any(|line| FIELDS.iter().any(|field| line.contains(field))) {
                found.push(name);
            }
        }
    }
    found
}

#[test]
fn types_that_hold_a_secret_are_found() {
    let text = "pub struct A(Secret<'static>);\npub enum B<'r> {\n    C(Pair<'r>),\n}\npub struct D {\n    e: u8,\n}\n";
    assert_eq!(holders(text), ["A", "B"]);
}
