//! The library in this process, with verifiers and handlers that fail in every way, inside layers
//! that log.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tower_http::trace::{DefaultMakeSpan, TraceLayer};
use tower_principal::credential::CredentialKind;
use tower_principal::layer::make_span;
use tower_principal::policy::{self, Forbidden};
use tower_principal::request::RequestHead;
use tower_principal::transport::{Peer, PlainConnection, SecureConnection};
use tower_principal::verify::{Tenancy, Throttled};
use tower_principal::{
    ApiKey, AppToken, AuthenticateLayer, BasicUser, Credential, DenialReason, Dialect, GuestRule, OAuthUser,
    OrgAdmin, Principal, Rejection, RequireLayer, Verifier, VerifyContext, VerifyError, dialect, transport,
};
use tracing::Level;

use super::needles::Canaries;

/// The behaviour of a verifier, and of the code around it, for every credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Unknown,
    Expired,
    Revoked,
    Disabled,
    Throttled,
    Unsupported,
    Unavailable,
    Panic,
    Hang,
    WrongKind,
    RevokeFails,
    RevokePanics,
    PolicyRefuses,
    PolicyPanics,
    RespondPanics,
    RespondApproves,
    TenantPanics,
    HandlerPanics,
}

pub(crate) const FAULTS: [Fault; 19] = [
    Fault::None,
    Fault::Unknown,
    Fault::Expired,
    Fault::Revoked,
    Fault::Disabled,
    Fault::Throttled,
    Fault::Unsupported,
    Fault::Unavailable,
    Fault::Panic,
    Fault::Hang,
    Fault::WrongKind,
    Fault::RevokeFails,
    Fault::RevokePanics,
    Fault::PolicyRefuses,
    Fault::PolicyPanics,
    Fault::RespondPanics,
    Fault::RespondApproves,
    Fault::TenantPanics,
    Fault::HandlerPanics,
];

pub(crate) const DIALECTS: [Dialect; 6] = [
    dialect::ANY,
    dialect::RFC6750,
    dialect::SOCRATA,
    dialect::USERGRID,
    dialect::GEODATAHUB,
    dialect::OPENDATASOFT,
];

const ORG_CLIENT: &str = "b3U68vghI6FmEeKn9wLoGtzz0A";
const KEY_ID: &str = "6q8nsfbqnxy2n1mo1aqjjzyr5";
/// Longer than any test runs.
const HANG: Duration = Duration::from_secs(3600);
const DEADLINE: Duration = Duration::from_millis(20);

impl Verifier for Fault {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        match self {
            Self::Unknown => Err(VerifyError::UNKNOWN),
            Self::Expired => Err(VerifyError::Denied(DenialReason::Expired)),
            Self::Revoked => Err(VerifyError::Denied(DenialReason::Revoked)),
            Self::Disabled => Err(VerifyError::Denied(DenialReason::Disabled)),
            Self::Throttled => Err(VerifyError::Denied(DenialReason::Throttled(Duration::from_secs(9)))),
            Self::Unsupported => Err(VerifyError::Unsupported),
            Self::Unavailable => Err(VerifyError::unavailable("the table is locked")),
            Self::Panic => panic!("a verifier panics on purpose"),
            Self::Hang => {
                tokio::time::sleep(HANG).await;
                Err(VerifyError::UNKNOWN)
            }
            Self::WrongKind => Ok(AppToken::new("app").into()),
            _ => Ok(principal(credential.kind())),
        }
    }

    async fn revoke(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<(), VerifyError> {
        match self {
            Self::RevokeFails => Err(VerifyError::unavailable("the table is locked")),
            Self::RevokePanics => panic!("a revocation panics on purpose"),
            _ => Ok(()),
        }
    }

    fn tenancy(&self) -> Tenancy {
        Tenancy::Separates
    }
}

fn principal(kind: CredentialKind) -> Principal {
    match kind {
        CredentialKind::AppToken => AppToken::new("app").into(),
        CredentialKind::ApiKey | CredentialKind::KeyPair => ApiKey::new("key").into(),
        CredentialKind::Client => OrgAdmin::new(ORG_CLIENT, "acme").into(),
        CredentialKind::Password => BasicUser::new("alice").into(),
        _ => OAuthUser::new("otto").with_credential_id("token-7").into(),
    }
}

/// Returns a service with this fault. A careless handler logs the whole request, and so do layers
/// inside and outside.
pub(crate) fn service(dialect: Dialect, fault: Fault) -> Router {
    let verifier = Throttled::new(fault).unwrap();
    let open = dialect.guests([GuestRule::path("/open/**")]);
    let mut layer = AuthenticateLayer::new(open, verifier, transport::from_acceptor())
        .with_form_body(64 * 1024, Duration::from_secs(5))
        .deadline(DEADLINE)
        .resource_metadata("https://portal.example/.well-known/oauth-protected-resource");
    match fault {
        Fault::RespondPanics => layer = layer.respond(panicking_respond),
        Fault::RespondApproves => layer = layer.respond(|_: &Rejection, _| Response::new(Bytes::new())),
        Fault::TenantPanics => {
            layer = layer.tenant(|_: &RequestHead<'_>| panic!("a tenant function panics on purpose"))
        }
        _ => {}
    }
    let guarded = Router::new().fallback(async move |request: Request| {
        tracing::info!(?request, headers = ?request.headers(), uri = %request.uri(), "a careless handler");
        assert!(fault != Fault::HandlerPanics, "a handler panics on purpose");
        "ok"
    });
    let guarded = match fault {
        Fault::PolicyRefuses => guarded.layer(RequireLayer::new(policy::scope("none-has-it"))),
        Fault::PolicyPanics => guarded.layer(RequireLayer::new(panicking_policy)),
        _ => guarded,
    };
    let inside = DefaultMakeSpan::new().level(Level::INFO).include_headers(true);
    guarded
        .layer(TraceLayer::new_for_http().make_span_with(inside))
        .layer(layer)
        .layer(TraceLayer::new_for_http().make_span_with(make_span::<Body>))
}

fn panicking_respond(_: &Rejection, _: Response<Bytes>) -> Response<Bytes> {
    panic!("a `RenderRejection` panics on purpose")
}

fn panicking_policy(_: &Principal, _: &RequestHead<'_>) -> Result<(), Forbidden> {
    panic!("a policy panics on purpose")
}

/// Returns requests with a credential in each form, well-formed, malformed and repeated. A
/// credential without a row of the dialect is never sent beside one with a row, because the layer
/// leaves it to the handler.
pub(crate) fn requests(canaries: &Canaries, dialect: &str) -> Vec<Request> {
    let (with_app, with_app_in_query) = (["any", "socrata"].contains(&dialect), dialect == "any");
    let fresh = || canaries.fresh();
    let basic = |pair: String| ("authorization", format!("Basic {}", STANDARD.encode(pair)));
    let authorization = |value: String| ("authorization", value);
    let headers = vec![
        authorization(format!("Bearer {}", fresh())),
        authorization(format!("Bearer: {}", fresh())),
        authorization(format!("OAuth {}", fresh())),
        authorization(format!("Apikey {}", fresh())),
        authorization(fresh()),
        authorization(format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", fresh(), fresh())),
        basic(format!("alice:{}", fresh())),
        basic(format!("{KEY_ID}:{}", fresh())),
        basic(format!("{ORG_CLIENT}:{}", fresh())),
        basic(fresh()),
        basic(format!("alice:{}\r\n\u{1b}", fresh())),
        authorization(format!("Basic {}!", fresh())),
        authorization(format!("Bearer {}, Bearer {}", fresh(), fresh())),
        authorization(format!("Bearer {} {}", fresh(), fresh())),
        authorization(format!("Bearer {}=x", fresh())),
        authorization(format!("Digest response=\"{}\"", fresh())),
        authorization(format!("DPoP {}", fresh())),
        ("x-app-token", fresh()),
        ("x-app-token", format!("{},{}", fresh(), fresh())),
        ("x-api-key", fresh()),
    ];
    let mut queries = vec![
        format!("access_token={}", fresh()),
        format!("a=b&access%5Ftoken={}&c", fresh()),
        format!("access_token={}&access_token={}", fresh(), fresh()),
        format!("access_token={}%zz", fresh()),
        format!("client_id={ORG_CLIENT}&client_secret={}", fresh()),
        format!("client_secret={}", fresh()),
        format!("apikey={}", fresh()),
        format!("$$app_token={}", fresh()),
    ];
    if with_app_in_query {
        queries.push(format!("%24%24app_token={}&access_token={}", fresh(), fresh()));
    }
    let bodies = [
        format!("access_token={}", fresh()),
        format!("access_token={}&access_token={}", fresh(), fresh()),
        format!("access_token={}%zz", fresh()),
    ];
    let get = |query: &str| Request::get(format!("/guarded/x{query}"));
    let mut all: Vec<Request> = Vec::new();
    all.extend(headers.iter().map(|(name, value)| get("").header(*name, value).body(Body::empty()).unwrap()));
    let beside = |(name, value): &(&str, String)| {
        get("").header(*name, value).header("x-app-token", fresh()).body(Body::empty()).unwrap()
    };
    all.extend(headers.iter().filter(|(name, _)| with_app && *name == "authorization").map(beside));
    all.extend(queries.iter().map(|query| get(&format!("?{query}")).body(Body::empty()).unwrap()));
    let form = "application/x-www-form-urlencoded";
    let post = |body: String| {
        let request = Request::post("/guarded/x").header("content-type", form);
        request.header("content-length", body.len()).body(Body::from(body)).unwrap()
    };
    all.extend(bodies.map(post));
    // A path for guests does not excuse a credential in the request.
    all.push(
        Request::get("/open/x")
            .header("authorization", format!("Bearer {}", fresh()))
            .body(Body::empty())
            .unwrap(),
    );
    all
}

/// Marks the connection of a request: plain or secure, and with a client address.
pub(crate) fn connected(mut request: Request, is_plain: bool) -> Request {
    let peer: SocketAddr = "203.0.113.9:4711".parse().unwrap();
    request.extensions_mut().insert(Peer(peer));
    if is_plain {
        request.extensions_mut().insert(PlainConnection);
    } else {
        request.extensions_mut().insert(SecureConnection);
    }
    request
}

/// Returns every byte of the answer; none if the handler panics, because its server would close the
/// connection.
pub(crate) async fn answer(service: Router, request: Request) -> Vec<u8> {
    let Ok(Ok(response)) = tokio::spawn(service.oneshot(request)).await else { return Vec::new() };
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    format!("{:?} {parts:?} {}", parts.status, String::from_utf8_lossy(&body)).into_bytes()
}
