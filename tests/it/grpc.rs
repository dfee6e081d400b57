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
    AuthenticationExt as _, Principal, RequireLayer, Verifier, VerifyError, dialect, policy,
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
    let mut client = client(serve(everybody(), "read").await).await;
    let answer = client.check(asking(&[&bearer(TOKEN)])).await.unwrap();
    assert_eq!(answer.metadata().get("who").unwrap(), "OAuthUser:otto");
    assert_eq!(answer.metadata().get("cache-control").unwrap(), "no-store");
    assert_eq!(answer.into_inner().status, Serving as i32);
}

/// The gRPC statuses that correspond to HTTP statuses, for answers that are not gRPC. They have no
/// body, because tonic's client would report a body as a broken message before it reads the status.
#[tokio::test]
async fn a_refusal_is_a_status_that_grpc_knows() {
    let mut client = client(serve(everybody(), "read").await).await;
    let twice = [bearer(TOKEN), bearer(TOKEN)];
    for (lines, code) in [
        (&[][..], Code::Unauthenticated),
        (&[&*bearer(UNKNOWN_TOKEN)], Code::Unauthenticated),
        (&[&*basic(USER, PASSWORD)], Code::Unauthenticated),
        (&["Bearer"], Code::Internal),
        (&[&*twice[0], &*twice[1]], Code::Internal),
    ] {
        let refused = client.check(asking(lines)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{lines:?} {refused:?}");
    }
    // tonic reads the status of a streamed answer when its first message is requested.
    let refused = client.watch(asking(&[])).await.unwrap().into_inner().next().await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_missing_scope_is_no_permission_and_an_outage_is_unavailable() {
    let mut strict = client(serve(everybody(), "write").await).await;
    assert_eq!(strict.check(asking(&[&bearer(TOKEN)])).await.unwrap_err().code(), Code::PermissionDenied);
    let down = says_later(|_| Err::<Principal, _>(VerifyError::unavailable("the user table is locked")));
    let mut down = client(serve(down, "read").await).await;
    assert_eq!(down.check(asking(&[&bearer(TOKEN)])).await.unwrap_err().code(), Code::Unavailable);
}

/// Messages arrive one by one, and the status and its metadata follow in the trailers.
#[tokio::test]
async fn a_streamed_answer_and_its_trailers_pass() {
    let mut client = client(serve(everybody(), "read").await).await;
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
