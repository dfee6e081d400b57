//! gRPC: the same layers in front of a tonic server, called by tonic's client over TCP.

use std::net::SocketAddr;
use std::pin::Pin;

use futures_util::{Stream, StreamExt as _, stream};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tonic_health::ServingStatus::{NotServing, Serving};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower_principal::{
    AuthenticationExt as _, Dialect, Principal, RejectionKind, RequireLayer, Verifier, VerifyError, dialect,
    policy,
};

use crate::support::*;

/// tonic's health service, generated from its proto file. Its answers contain the caller.
struct Doctor;

type Answers = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Health for Doctor {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let mut answer = Response::new(HealthCheckResponse { status: Serving as i32 });
        let who = request.extensions().authentication().map(name).unwrap_or_default();
        answer.metadata_mut().insert("who", who.parse().unwrap());
        Ok(answer)
    }

    type WatchStream = Answers;

    /// Two messages, and a status that only trailers can carry.
    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Answers>, Status> {
        let who = request.extensions().principal().and_then(Principal::id).unwrap_or("nobody").to_owned();
        let mut end = Status::data_loss("the end");
        end.metadata_mut().insert("who", who.parse().unwrap());
        let messages = [Serving, NotServing].map(|status| Ok(HealthCheckResponse { status: status as i32 }));
        Ok(Response::new(Box::pin(stream::iter(messages.into_iter().chain([Err(end)])))))
    }
}

async fn serve(verifier: impl Verifier, scope: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder()
        .layer(layer_of(dialect::RFC6750, verifier))
        .layer(RequireLayer::new(policy::scope(scope)))
        .add_service(HealthServer::new(Doctor));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    address
}

async fn client(address: SocketAddr) -> HealthClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    HealthClient::new(endpoint.connect().await.unwrap())
}

fn asking(lines: &[&str]) -> Request<HealthCheckRequest> {
    let mut request = Request::new(HealthCheckRequest::default());
    for line in lines {
        request.metadata_mut().append("authorization", line.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn a_call_with_a_token_finds_its_principal_in_the_extensions() {
    let mut client = client(serve(one_of_each_kind(), "read").await).await;
    let answer = client.check(asking(&[&bearer(TOKEN)])).await.unwrap();
    assert_eq!(answer.metadata().get("who").unwrap(), "OAuthUser:otto");
    assert_eq!(answer.metadata().get("cache-control").unwrap(), "no-store");
    assert_eq!(answer.into_inner().status, Serving as i32);
}

/// A refusal consists of trailers only: the status of gRPC and a fixed message. It has no body,
/// because tonic's client would report a body as a broken message before it reads the status.
#[tokio::test]
async fn a_refusal_is_a_status_of_grpc() {
    let mut client = client(serve(one_of_each_kind(), "read").await).await;
    let twice = [bearer(TOKEN), bearer(TOKEN)];
    const MALFORMED: &str = "The credentials are malformed, or there is more than one.";
    for (lines, code, message) in [
        (&[][..], Code::Unauthenticated, "This resource needs credentials."),
        (
            &[&*bearer(UNKNOWN_TOKEN)],
            Code::Unauthenticated,
            "The access token is unknown, expired or revoked.",
        ),
        (&[&*basic(USER, PASSWORD)], Code::Unauthenticated, "This resource needs credentials."),
        (&["Bearer"], Code::InvalidArgument, MALFORMED),
        (&[&*twice[0], &*twice[1]], Code::InvalidArgument, MALFORMED),
    ] {
        let refused = client.check(asking(lines)).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (code, message), "{lines:?} {refused:?}");
        assert!(refused.details().is_empty() && std::error::Error::source(&refused).is_none(), "{refused:?}");
        let challenge = refused.metadata().get("www-authenticate").unwrap();
        assert!(challenge.to_str().unwrap().starts_with("Bearer realm="), "{challenge:?}");
    }
    let refused = client.watch(asking(&[])).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn too_many_attempts_are_a_resource_that_is_exhausted() {
    let wait = std::time::Duration::from_secs(30);
    let throttled = move |_: &tower_principal::Credential<'_>| {
        Err::<Principal, _>(VerifyError::Denied(tower_principal::DenialReason::Throttled(wait)))
    };
    let mut client = client(serve(says_later(throttled), "read").await).await;
    let refused = client.check(asking(&[&bearer(TOKEN)])).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.metadata().get("retry-after").unwrap(), "30");
}

/// Refusals of the layer, a policy and an extractor are alike, for gRPC and for gRPC-Web over
/// HTTP/1.
#[tokio::test]
async fn every_refusal_is_trailers_only_in_every_dialect_and_from_every_layer() {
    use axum::Router;
    use axum::routing::post;
    use tower_principal::OrgAdmin;

    let routes = || {
        Router::new()
            .route("/policy", post(async || "in").layer(RequireLayer::new(policy::scope("write"))))
            .route("/extractor", post(async |_: OrgAdmin| "in"))
            .route("/handler", post(async || tower_principal::Rejection::from(RejectionKind::Unavailable)))
    };
    let page = |_: &tower_principal::Rejection, _: http::Response<bytes::Bytes>| {
        let mut page = http::Response::new(bytes::Bytes::from_static(b"<p>no</p>"));
        *page.status_mut() = http::StatusCode::SEE_OTHER;
        page.headers_mut().insert("content-length", 9.into());
        page.headers_mut().insert("x-mine", http::HeaderValue::from_static("stays"));
        page
    };
    let plain = || layer(dialect::ANY);
    let apps = [
        routes().layer(plain()),
        routes().layer(layer(Dialect { answers: dialect::USERGRID.answers, ..dialect::ANY })),
        routes().layer(plain().respond(page)),
    ];
    let (token, unknown) = (bearer(TOKEN), bearer(UNKNOWN_TOKEN));
    for (at, app) in apps.into_iter().enumerate() {
        for (sent, content_type) in [
            ("application/grpc", "application/grpc"),
            ("application/grpc+proto", "application/grpc"),
            ("application/grpc-web+proto", "application/grpc-web"),
            ("application/grpc-web-text", "application/grpc-web-text"),
        ] {
            for (path, line, status) in [
                ("/policy", None, "16"),
                ("/policy", Some(&*unknown), "16"),
                ("/policy", Some("Bearer"), "3"),
                ("/policy", Some(&*token), "7"),
                ("/extractor", Some(&*token), "7"),
                ("/handler", Some(&*token), "14"),
            ] {
                let mut request = request("POST", path, &[("content-type", sent)]);
                if let Some(line) = line {
                    request.headers_mut().insert("authorization", line.parse().unwrap());
                }
                let answer = send(app.clone(), request).await;
                let shown = format!("{at} {sent} {path} {line:?} {answer:?}");
                assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{shown}");
                assert_eq!(answer.lines("content-type"), [content_type], "{shown}");
                assert_eq!(answer.lines("grpc-status"), [status], "{shown}");
                assert_eq!(answer.lines("grpc-message").len(), 1, "{shown}");
                assert!(answer.lines("content-length").iter().all(|length| *length == "0"), "{shown}");
                assert_eq!(answer.lines("x-mine").len(), usize::from(at == 2), "{shown}");
                assert!(at == 2 || status != "16" || !answer.challenges().is_empty(), "{shown}");
                assert!(answer.kind().is_some(), "{shown}");
            }
        }
        // The answer to any other call is an HTTP answer.
        for other in ["application/json", "application/grpcx", "text/plain"] {
            let answer = send(app.clone(), request("POST", "/policy", &[("content-type", other)])).await;
            assert_eq!((answer.status == 200, answer.lines("grpc-status")), (false, vec![]), "{other}");
        }
    }
}

#[tokio::test]
async fn a_missing_scope_is_no_permission_and_an_outage_is_unavailable() {
    let mut strict = client(serve(one_of_each_kind(), "write").await).await;
    assert_eq!(strict.check(asking(&[&bearer(TOKEN)])).await.unwrap_err().code(), Code::PermissionDenied);
    let down = says_later(|_| Err::<Principal, _>(VerifyError::unavailable("the user table is locked")));
    let mut down = client(serve(down, "read").await).await;
    assert_eq!(down.check(asking(&[&bearer(TOKEN)])).await.unwrap_err().code(), Code::Unavailable);
}

/// Messages arrive one by one, and the status and its metadata follow in the trailers.
#[tokio::test]
async fn a_streamed_answer_and_its_trailers_pass() {
    let mut client = client(serve(one_of_each_kind(), "read").await).await;
    let mut messages = client.watch(asking(&[&bearer(TOKEN)])).await.unwrap().into_inner();
    for status in [Serving, NotServing] {
        assert_eq!(messages.next().await.unwrap().unwrap().status, status as i32);
    }
    let end = messages.next().await.unwrap().unwrap_err();
    assert_eq!((end.code(), end.message()), (Code::DataLoss, "the end"));
    assert_eq!(end.metadata().get("who").unwrap(), "otto");
    assert!(messages.next().await.is_none());
}

/// The verifier has to wait, with many concurrent calls on one connection.
#[tokio::test]
async fn calls_at_a_time_on_one_connection_keep_apart() {
    let waiting = says_later(|credential| match credential {
        tower_principal::Credential::AccessToken(token) => {
            Ok(tower_principal::OAuthUser::new(token.expose_secret()).with_scopes(["read"]).into())
        }
        _ => Err(VerifyError::UNKNOWN),
    });
    let client = client(serve(waiting, "read").await).await;
    let calls = (0..64).map(|number| {
        let mut client = client.clone();
        async move {
            let answer = client.check(asking(&[&format!("Bearer token-{number}")])).await.unwrap();
            assert_eq!(*answer.metadata().get("who").unwrap(), format!("OAuthUser:token-{number}"));
        }
    });
    stream::iter(calls).buffer_unordered(16).collect::<Vec<()>>().await;
}
