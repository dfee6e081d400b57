//! A gRPC service behind the layers: tonic's health service, and a client that calls it.
//!
//! `cargo run --example grpc` starts the server, makes the calls below and ends.

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower_principal::{
    AuthenticateLayer, AuthenticationExt as _, OAuthUser, Principal, RequireLayer, dialect, policy,
    transport, verify::MemoryVerifier,
};

/// A service of yours, here with the interface of health checks.
struct Service;

#[tonic::async_trait]
impl Health for Service {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        // The layer put the caller here.
        let caller = request.extensions().principal().and_then(Principal::id).unwrap_or("guest").to_owned();
        let mut response = Response::new(HealthCheckResponse { status: ServingStatus::Serving as i32 });
        let caller = caller.parse().map_err(|_| Status::internal("an id that is no ASCII"))?;
        response.metadata_mut().insert("caller", caller);
        Ok(response)
    }

    type WatchStream = futures_util::stream::Empty<Result<HealthCheckResponse, Status>>;

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("watch"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let verifier = MemoryVerifier::builder()
        .access_token("otto-token", OAuthUser::new("otto").with_scopes(["health:read"]))
        .access_token("nina-token", OAuthUser::new("nina"))
        .build()?;
    // Plain http is only for this demonstration.
    let transport = transport::danger_assume_secure();

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let server = Server::builder()
        // The first layer of a tonic server is the outermost, unlike axum's.
        .layer(AuthenticateLayer::new(dialect::RFC6750, verifier, transport))
        .layer(RequireLayer::new(policy::scope("health:read")))
        .add_service(HealthServer::new(Service))
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);

    let channel = Endpoint::from_shared(address)?.connect().await?;
    // A refusal is a status of gRPC with a fixed message, and has no body.
    for (token, code, message) in [
        (Some("otto-token"), Code::Ok, ""),
        (Some("nina-token"), Code::PermissionDenied, "The access token does not allow this."),
        (Some("a-guess"), Code::Unauthenticated, "The access token is unknown, expired or revoked."),
        (
            Some("two words"),
            Code::InvalidArgument,
            "The credentials are malformed, or there is more than one.",
        ),
        (None, Code::Unauthenticated, "This resource needs credentials."),
    ] {
        let mut request = Request::new(HealthCheckRequest::default());
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
        }
        let answer = HealthClient::new(channel.clone()).check(request).await;
        let status = answer.err().unwrap_or_else(|| Status::new(Code::Ok, ""));
        eprintln!("{token:?}: {:?} {}", status.code(), status.message());
        assert_eq!((status.code(), status.message()), (code, message));
        // The challenge of a 401 is in the metadata of the status.
        let is_challenged = status.metadata().contains_key("www-authenticate");
        assert!(is_challenged || code != Code::Unauthenticated);
    }
    Ok(())
}
