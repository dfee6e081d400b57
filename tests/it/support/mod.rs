//! Shared parts of the tests: known credentials, a service that names its caller, and parsed
//! answers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt as _};
use tower_principal::verify::password::Passwords;
use tower_principal::{
    ApiKey, AppAdmin, AppToken, AuthenticateLayer, Authentication, AuthenticationExt as _, BasicUser,
    Dialect, OAuthUser, OrgAdmin, Principal, Rejection, RejectionKind, Verifier, dialect, transport,
    verify::MemoryVerifier,
};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};

#[cfg(feature = "sqlite")]
pub(crate) mod crowded;
mod verifiers;

pub(crate) use self::verifiers::*;

/// Every preset, the strictest first.
pub(crate) const PRESETS: [Dialect; 7] = [
    dialect::RFC6750,
    dialect::API_KEY,
    dialect::SOCRATA,
    dialect::USERGRID,
    dialect::GEODATAHUB,
    dialect::OPENDATASOFT,
    dialect::ANY,
];

pub(crate) const USER: &str = "alice@example.org";
pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const KEY_ID: &str = "6q8nsfbqnxy2n1mo1aqjjzyr5";
pub(crate) const KEY_SECRET: &str = "2lqfdxyt5wp8mze6mydrpbwvbqb3cyq3w5rb1mfrnhb7wcyjcj";
pub(crate) const API_KEY: &str = "7511e8cc6d6dbe65f9bc8dae19e08c08a2cab96ef45a86112d303eee";
pub(crate) const APP_TOKEN: &str = "09sIcqEhoY0teGY5rhupZGqhW";
pub(crate) const ORG_CLIENT: &str = "b3U68vghI6FmEeKn9wLoGtzz0A";
pub(crate) const APP_CLIENT: &str = "YXA68vghI6FmEeKn9wLoGtzz0A";
pub(crate) const CLIENT_SECRET: &str = "YXA65gYlqja8aYYSAy8Ox3Vg5aRZp48";
pub(crate) const TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt";
/// A token that is well-formed and unknown.
pub(crate) const UNKNOWN_TOKEN: &str = "jFfDUcsK9zzNMs1zwczzJxGrimPtmf";

/// Returns a verifier with one principal of each kind, by the constants above.
pub(crate) fn one_of_each_kind() -> MemoryVerifier {
    MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .user(USER, PASSWORD, BasicUser::new(USER))
        .key_pair(KEY_ID, KEY_SECRET, ApiKey::new(KEY_ID).with_owner(USER))
        .api_key(API_KEY, ApiKey::new("whole"))
        .app_token(APP_TOKEN, AppToken::new("weather-map"))
        .client(ORG_CLIENT, CLIENT_SECRET, OrgAdmin::new(ORG_CLIENT, "acme"))
        .client(APP_CLIENT, CLIENT_SECRET, AppAdmin::new(APP_CLIENT, "acme", "weather"))
        .access_token(TOKEN, OAuthUser::new("otto").with_scopes(["read"]))
        .build()
        .unwrap()
}

/// Returns hashing that is fast enough for many checks in a test.
pub(crate) fn cheap_passwords() -> Passwords {
    Passwords::with_params(64, 1, 1).unwrap()
}

/// Returns a layer of a dialect that accepts the credentials of [`one_of_each_kind`], and that
/// takes all connections for secure.
pub(crate) fn layer(dialect: Dialect) -> AuthenticateLayer<MemoryVerifier> {
    layer_of(dialect, one_of_each_kind())
}

pub(crate) fn layer_of<V: Verifier>(dialect: Dialect, verifier: V) -> AuthenticateLayer<V> {
    AuthenticateLayer::new(dialect, verifier, transport::danger_assume_secure())
}

/// Returns a router that answers every path with the caller's name.
pub(crate) fn whoami() -> Router {
    Router::new().fallback(async |who: Authentication| name(&who))
}

/// [`whoami`] behind [`layer`].
pub(crate) fn app(dialect: Dialect) -> Router {
    whoami().layer(layer(dialect))
}

/// Returns `OAuthUser:otto`, followed by `+weather-map` if an app token accompanies the principal.
pub(crate) fn name(who: &Authentication) -> String {
    let principal = who.principal();
    let app = who.app().filter(|_| !matches!(principal, Principal::AppToken(_)));
    let app = app.map(|app| format!("+{}", app.id())).unwrap_or_default();
    format!("{}:{}{app}", principal.kind(), principal.id().unwrap_or_default())
}

/// The same without axum: it takes any request body, and has a response body of its own.
pub(crate) async fn greet<B>(
    request: Request<B>,
) -> Result<Response<http_body_util::Full<Bytes>>, Infallible> {
    let text = request.authentication().map_or_else(|| "nobody looked".to_owned(), name);
    Ok(Response::new(text.into()))
}

/// A response with its whole body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) rejection: Option<Rejection>,
}

impl Answer {
    pub(crate) async fn of<B>(response: Response<B>) -> Self
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: std::fmt::Debug,
    {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
            rejection: parts.extensions.get().cloned(),
        }
    }

    pub(crate) fn kind(&self) -> Option<RejectionKind> {
        self.rejection.as_ref().map(Rejection::kind)
    }

    /// Returns the principal's kind as [`name`] writes it, or the refusal. The status must agree
    /// with it.
    pub(crate) fn outcome(&self) -> Result<&str, RejectionKind> {
        match self.kind() {
            None => {
                assert_eq!(self.status, 200, "{self:?}");
                Ok(self.body.split(':').next().unwrap())
            }
            Some(kind) => {
                assert_eq!(self.status, kind.status().as_u16(), "{self:?}");
                Err(kind)
            }
        }
    }

    /// Returns every line of a header, in order.
    pub(crate) fn lines(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect()
    }

    /// Returns all challenges, sorted.
    pub(crate) fn challenges(&self) -> Vec<&str> {
        let mut lines = self.lines("www-authenticate");
        lines.sort_unstable();
        lines
    }
}

/// Sends one request.
pub(crate) async fn send<S, B, R>(service: S, request: Request<B>) -> Answer
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: std::fmt::Debug,
    R: http_body::Body<Data = Bytes>,
    R::Error: std::fmt::Debug,
{
    Answer::of(service.oneshot(request).await.unwrap()).await
}

/// Returns a request without a body: `GET /x` or another method before the target, then headers.
pub(crate) fn get(target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    request("GET", target, headers)
}

pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// Returns a request with these bytes as its `Authorization` line.
pub(crate) fn authorization(line: impl AsRef<[u8]>) -> Request<Body> {
    let value = http::HeaderValue::from_bytes(line.as_ref()).unwrap();
    let mut request = get("/things", &[]);
    request.headers_mut().insert("authorization", value);
    request
}

/// Returns `Basic` and the encoded pair.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Returns a POST request with a form.
pub(crate) fn form(target: &str, body: impl Into<Body>) -> Request<Body> {
    let head = Request::post(target).header("content-type", "application/x-www-form-urlencoded");
    head.body(body.into()).unwrap()
}

/// Runs a future, and returns its output and the log of this thread during that time.
pub(crate) async fn logged<T>(work: impl Future<Output = T>) -> (T, String) {
    let log = Text::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    hear_all_threads();
    let guard = tracing::subscriber::set_default(subscriber);
    let output = work.await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (output, text)
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl io::Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One event of the log, parsed.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) target: String,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Line {
    /// Returns a field, or the empty text if the event does not have it.
    pub(crate) fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

/// Captures the log of this thread until it is dropped.
pub(crate) struct Log {
    lines: Lines,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>);

/// Makes every thread of the process know that somewhere a log may be captured.
///
/// If a process has one subscriber at most, an event that is written for the first time on a
/// thread without it is switched off for all threads, also when the subscriber was added in the
/// meantime. A global subscriber that records nothing prevents this.
pub(crate) fn hear_all_threads() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let nothing = tracing_subscriber::registry().with(dynamic_filter_fn(|_, _| false));
        tracing::subscriber::set_global_default(nothing).unwrap();
        // Events that were about to be switched off are switched on by the next subscriber.
        std::thread::sleep(Duration::from_millis(100));
    });
}

pub(crate) fn listen() -> Log {
    hear_all_threads();
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    Log { lines, _guard: tracing::subscriber::set_default(subscriber) }
}

impl Log {
    /// Returns the lines since the last call.
    pub(crate) fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.lines.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let (level, target) = (*event.metadata().level(), event.metadata().target().to_owned());
        let mut line = Line { level, target, fields: BTreeMap::new() };
        event.record(&mut line);
        self.0.lock().unwrap().push(line);
    }
}
