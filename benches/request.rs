//! The way of a request through the layer, to count instructions.
//!
//!     benches/instructions                      # every case under callgrind, as differences
//!     cargo bench --bench request -- bearer 1000    # one case, 1,000 requests; the script counts these
//!
//! Each case has a twin without the layer, so that the cost of building the request and the answer
//! cancels out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body::{Body, Frame};
use tower_layer::Layer as _;
use tower_principal::dialect::{self, PairMeaning, TokenMeaning};
#[cfg(feature = "axum")]
use tower_principal::extract;
use tower_principal::verify::password::Passwords;
use tower_principal::{
    ApiKey, AppToken, AuthenticateLayer, Authentication, Credential, CredentialForm, Dialect, OAuthUser,
    OrgAdmin, Principal, Verifier, VerifyError, transport, verify::MemoryVerifier,
};
use tower_service::Service;

const TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt0123456789";
const APP_TOKEN: &str = "09sIcqEhoY0teGY5rhupZGqhW";
const KEY: (&str, &str) = ("6q8nsfbqnxy2n1mo1aqjjzyr5", "a-secret-of-twenty-ch");
const CLIENT: (&str, &str) = ("b3U68vghI6FmEeKn9wLoGtzz0A", "b3U65gYlqja8aYYSAy8Ox3Vg5aRZp48");

/// A form body of 64 bytes.
const FORM: &str = "access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt0123456789&limit=1000";

/// The number of other principals in the verifier.
const CROWD: usize = 1_000;

struct Case {
    name: &'static str,
    dialect: fn() -> Dialect,
    header: Option<Header>,
    target: fn() -> String,
    /// The only frame of the body, or empty.
    body: &'static [u8],
    by: By,
}

/// The service of a case.
#[derive(Clone, Copy)]
enum By {
    /// The layer around a plain service, with a verifier that answers without waiting.
    Now,
    /// The same with a type-erased verifier.
    Dyn,
    /// The same with a verifier that has only `verify`.
    Waits,
    /// The same with a type-erased verifier that has only `verify`.
    DynWaits,
    /// The layer reads form bodies.
    Form,
    /// An axum router whose handler extracts the principal.
    #[cfg(feature = "axum")]
    Axum,
    /// The same router, protected as a whole.
    #[cfg(feature = "axum")]
    Protect,
    /// The same router with a middleware of twenty lines in place of the layer.
    #[cfg(feature = "axum")]
    Hand,
    /// A JWT verifier.
    #[cfg(feature = "jwt")]
    Jwt,
    /// In its place `decode` of jsonwebtoken.
    #[cfg(all(feature = "jwt", not(without_dev_dependencies)))]
    Decode,
}

/// A header's name and value.
type Header = (&'static str, fn() -> String);

fn cases() -> Vec<Case> {
    let any = || dialect::ANY;
    let socrata = || dialect::SOCRATA;
    let plain = || "/datasets".to_owned();
    let three = || {
        dialect::RFC6750.forms([
            CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
            CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
            CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN),
        ])
    };
    let bearer: fn() -> String = || format!("Bearer {TOKEN}");
    let authorization = |line: fn() -> String| Some(("authorization", line));
    let case = |name, dialect, header, target| Case { name, dialect, header, target, body: b"", by: By::Now };
    let form_type: Option<Header> = Some(("content-type", || "application/x-www-form-urlencoded".to_owned()));
    let two = || {
        dialect::RFC6750.forms([
            CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
            CredentialForm::basic(PairMeaning::PASSWORD),
            CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
        ])
    };
    let nobodys: fn() -> String = || format!("Bearer {}", "z".repeat(40));
    vec![
        case("bearer", three, authorization(bearer), plain),
        Case { by: By::Dyn, ..case("bearer-dyn", three, authorization(bearer), plain) },
        #[cfg(feature = "axum")]
        Case { by: By::Axum, ..case("bearer-axum", three, authorization(bearer), plain) },
        #[cfg(feature = "axum")]
        Case { by: By::Protect, ..case("bearer-protect", three, authorization(bearer), plain) },
        #[cfg(feature = "axum")]
        Case { by: By::Hand, ..case("hand-axum", three, authorization(bearer), plain) },
        case("bearer-any", any, authorization(bearer), plain),
        case("bare", any, authorization(|| TOKEN.to_owned()), plain),
        case("app-token", any, Some(("x-app-token", || APP_TOKEN.to_owned())), plain),
        case(
            "basic",
            socrata,
            authorization(|| format!("Basic {}", STANDARD.encode(format!("{}:{}", KEY.0, KEY.1)))),
            plain,
        ),
        case("query", any, None, || format!("/datasets?access_token={TOKEN}")),
        case("query-2k", any, None, || {
            format!("/datasets?{}access_token={TOKEN}", "key=value123456&".repeat(125))
        }),
        case("client", any, None, || format!("/datasets?client_id={}&client_secret={}", CLIENT.0, CLIENT.1)),
        Case { by: By::Waits, ..case("bearer-waits", any, authorization(bearer), plain) },
        Case { by: By::DynWaits, ..case("bearer-dyn-waits", any, authorization(bearer), plain) },
        Case { by: By::Form, ..case("bearer-form-on", any, authorization(bearer), plain) },
        Case { by: By::Form, body: FORM.as_bytes(), ..case("form", any, form_type, plain) },
        case("guest", socrata, None, plain),
        case("missing", any, None, plain),
        case("missing-two", two, None, plain),
        case("unknown", any, authorization(nobodys), plain),
        case("unknown-1k", any, authorization(|| format!("Bearer {}", "z".repeat(1024))), plain),
        case("unknown-two", two, authorization(nobodys), plain),
        #[cfg(feature = "jwt")]
        Case { by: By::Jwt, ..case("jwt-hs256", || dialect::RFC6750, authorization(jwt::line), plain) },
        #[cfg(all(feature = "jwt", not(without_dev_dependencies)))]
        Case {
            by: By::Decode,
            ..case("jwt-hs256-decode", || dialect::RFC6750, authorization(jwt::line), plain)
        },
    ]
}

/// A JWT with eight claims, and a verifier for it.
#[cfg(feature = "jwt")]
mod jwt {
    use std::sync::OnceLock;
    use std::time::SystemTime;

    use aws_lc_rs::hmac;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use tower_principal::verify::{Algorithm, JwtVerifier, KeySet};

    pub(super) const SECRET: &[u8] = b"a secret of thirty-two bytes or more";

    pub(super) fn line() -> String {
        static LINE: OnceLock<String> = OnceLock::new();
        LINE.get_or_init(make).clone()
    }

    fn make() -> String {
        let iat = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let header = r#"{"typ":"at+jwt","alg":"HS256","kid":"key-1"}"#;
        let claims = format!(
            r#"{{"iss":"https://issuer.example","sub":"otto","aud":"https://api.example","exp":{},"iat":{iat},"jti":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","scope":"datasets:read datasets:write","client_id":"map-app"}}"#,
            iat + 3600
        );
        let signed = [header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
        format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    pub(super) fn verifier() -> JwtVerifier {
        let keys = KeySet::from_secret(Algorithm::Hs256, SECRET).unwrap().with_key_id("key-1").unwrap();
        let builder = JwtVerifier::builder("https://issuer.example").audience("https://api.example");
        builder.keys(keys).build().unwrap()
    }
}

/// The same token with `jsonwebtoken::decode` and the same rules, and a principal made from its
/// subject.
#[cfg(all(feature = "jwt", not(without_dev_dependencies)))]
mod decode {
    use jsonwebtoken::{DecodingKey, Validation, decode};
    use serde::Deserialize;
    use tower_principal::{Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError};

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Claims {
        iss: String,
        sub: String,
        aud: String,
        exp: u64,
        iat: u64,
        jti: String,
        scope: String,
        client_id: String,
    }

    pub(super) struct Decode(DecodingKey, Validation);

    pub(super) fn decoding() -> Decode {
        let mut rules = Validation::default();
        rules.set_audience(&["https://api.example"]);
        rules.set_issuer(&["https://issuer.example"]);
        Decode(DecodingKey::from_secret(super::jwt::SECRET), rules)
    }

    impl Verifier for Decode {
        async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
            Err(VerifyError::UNKNOWN)
        }

        fn verify_now(
            &self,
            credential: &Credential<'_>,
            _: &VerifyContext<'_>,
        ) -> Option<Result<Principal, VerifyError>> {
            let Credential::AccessToken(token) = credential else { return None };
            let claims = decode::<Claims>(token.expose_secret(), &self.0, &self.1).unwrap().claims;
            Some(Ok(OAuthUser::new(claims.sub).into()))
        }
    }
}

/// A middleware as services write it by hand: it looks a bearer token up in a map, and hands on a
/// copy of the user. It looks at no other place, keeps the token itself as the key, and marks
/// nothing.
#[cfg(feature = "axum")]
mod hand {
    use std::collections::HashMap;
    use std::sync::Arc;

    use axum::extract::{Request, State};
    use axum::http::StatusCode;
    use axum::http::header::AUTHORIZATION;
    use axum::middleware::{Next, from_fn_with_state};
    use axum::response::Response;
    use axum::routing::get;
    use axum::{Extension, Router};

    #[derive(Clone)]
    pub(super) struct User {
        name: String,
        scopes: Vec<String>,
    }

    type Users = Arc<HashMap<String, User>>;

    async fn authenticate(
        State(users): State<Users>,
        mut request: Request,
        next: Next,
    ) -> Result<Response, StatusCode> {
        let line = request.headers().get(AUTHORIZATION).and_then(|line| line.to_str().ok());
        let token = line.and_then(|line| line.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
        let user = users.get(token).ok_or(StatusCode::UNAUTHORIZED)?.clone();
        request.extensions_mut().insert(user);
        Ok(next.run(request).await)
    }

    pub(super) fn router() -> Router {
        let user = || User { name: "otto".to_owned(), scopes: vec!["a".to_owned(), "b".to_owned()] };
        let crowd = (0..super::CROWD).map(|at| (format!("crowd-{at:034}"), user()));
        let users: Users = Arc::new(crowd.chain([(super::TOKEN.to_owned(), user())]).collect());
        let handler = async |Extension(user): Extension<User>| {
            std::hint::black_box((user.name, user.scopes));
            "hello"
        };
        Router::new().route("/datasets", get(handler)).layer(from_fn_with_state(users, authenticate))
    }
}

fn verifier() -> MemoryVerifier {
    let user = || OAuthUser::new("otto").with_scopes(["a", "b"]);
    let known = MemoryVerifier::builder()
        .passwords(Passwords::with_params(8, 1, 1).unwrap())
        .access_token(TOKEN, user())
        .app_token(APP_TOKEN, AppToken::new("app"))
        .key_pair(KEY.0, KEY.1, ApiKey::new(KEY.0))
        .client(CLIENT.0, CLIENT.1, OrgAdmin::new(CLIENT.0, "acme"));
    let crowd = (0..CROWD).fold(known, |known, at| known.access_token(format!("crowd-{at:034}"), user()));
    crowd.build().unwrap()
}

/// Has no `verify_now`, so every request waits.
struct Waits(MemoryVerifier);

impl Verifier for Waits {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &tower_principal::VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        self.0.verify(credential, context).await
    }
}

#[derive(Clone)]
struct Inner;

impl<B> Service<Request<B>> for Inner {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        black_box(request.extensions().get::<Authentication>());
        ready(Ok(Response::new(())))
    }
}

/// A body with one frame or none.
#[derive(Default)]
struct Frames(Option<Bytes>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(Frame::data).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

/// A request body that is made from the bytes of a case.
trait FromBytes {
    fn from_bytes(bytes: &'static [u8]) -> Self;
}

impl FromBytes for () {
    fn from_bytes(_: &'static [u8]) {}
}

impl FromBytes for Frames {
    fn from_bytes(bytes: &'static [u8]) -> Self {
        Self((!bytes.is_empty()).then(|| Bytes::from_static(bytes)))
    }
}

#[cfg(feature = "axum")]
impl FromBytes for axum::body::Body {
    fn from_bytes(_: &'static [u8]) -> Self {
        Self::default()
    }
}

/// Returns a request whose six headers are slices of one buffer, as a server makes them.
fn request<B: FromBytes>(uri: &Uri, buffer: &Bytes, case: &Case) -> Request<B> {
    let mut request = Request::new(B::from_bytes(case.body));
    if !case.body.is_empty() {
        *request.method_mut() = Method::POST;
    }
    *request.uri_mut() = uri.clone();
    let headers = request.headers_mut();
    for name in ["host", "user-agent", "accept", "accept-encoding", "x-request-id"] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_maybe_shared(buffer.slice(..10)).unwrap(),
        );
    }
    if let Some((name, _)) = case.header {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_maybe_shared(buffer.slice(10..)).unwrap(),
        );
    }
    request
}

fn drive<S, B>(mut service: S, case: &Case, requests: usize)
where
    S: Service<Request<B>, Error = Infallible>,
    B: FromBytes,
{
    let value = case.header.map(|(_, line)| line()).unwrap_or_default();
    let buffer = Bytes::from(format!("0123456789{value}"));
    let uri: Uri = (case.target)().parse().unwrap();
    let mut task = Context::from_waker(Waker::noop());
    for _ in 0..requests {
        let request = request(&uri, &buffer, case);
        let _ = service.poll_ready(&mut task);
        let mut answer = pin!(service.call(request));
        while answer.as_mut().poll(&mut task).is_pending() {}
    }
}

fn drive_layer(verifier: impl Verifier, case: &Case, requests: usize) {
    drive::<_, ()>(layer(verifier, case).layer(Inner), case, requests);
}

fn drive_form(case: &Case, requests: usize, with_layer: bool) {
    if with_layer {
        let layer = layer(verifier(), case).with_form_body(64 * 1024, Duration::from_secs(5));
        drive::<_, Frames>(layer.layer(Inner), case, requests);
    } else {
        drive::<_, Frames>(Inner, case, requests);
    }
}

fn layer<V: Verifier>(verifier: V, case: &Case) -> AuthenticateLayer<V> {
    AuthenticateLayer::new((case.dialect)(), verifier, transport::danger_assume_secure())
}

#[cfg(feature = "axum")]
fn drive_axum(case: &Case, requests: usize, with_layer: bool) {
    use axum::Router;
    use axum::routing::get;

    let plain = Router::new().route("/datasets", get(async || "hello"));
    let extracting = Router::new().route("/datasets", get(async |_: Principal| "hello"));
    let router = match case.by {
        _ if !with_layer => plain,
        By::Hand => hand::router(),
        By::Protect => extract::protect(extracting, layer(verifier(), case)).into_router(),
        _ => extracting.layer(layer(verifier(), case)),
    };
    drive::<_, axum::body::Body>(router, case, requests);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let cases = cases();
    let (Some(name), Some(requests)) = (arguments.first(), arguments.get(1)) else {
        cases.iter().for_each(|case| println!("{}", case.name));
        return;
    };
    let requests = requests.parse().expect("a number of requests");
    let case = cases.iter().find(|case| case.name == name).expect("a case");
    let with_layer = arguments.get(2).is_none_or(|argument| argument != "without");
    match case.by {
        #[cfg(feature = "axum")]
        By::Axum | By::Hand | By::Protect => drive_axum(case, requests, with_layer),
        By::Form => drive_form(case, requests, with_layer),
        _ if !with_layer => drive::<_, ()>(Inner, case, requests),
        By::Now => drive_layer(verifier(), case, requests),
        By::Dyn => drive_layer(verifier().boxed(), case, requests),
        By::Waits => drive_layer(Waits(verifier()), case, requests),
        By::DynWaits => drive_layer(Waits(verifier()).boxed(), case, requests),
        #[cfg(feature = "jwt")]
        By::Jwt => drive_layer(jwt::verifier(), case, requests),
        #[cfg(all(feature = "jwt", not(without_dev_dependencies)))]
        By::Decode => drive_layer(decode::decoding(), case, requests),
    }
}
