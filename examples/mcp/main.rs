//! A server of the Model Context Protocol whose tools need access tokens. The portal of this
//! repository is its authorization server.
//!
//! While the portal is running, register this server, which introspects tokens, and a client:
//!
//!     cargo portal app add mcp --serves http://127.0.0.1:8000/mcp
//!     cargo portal app add agent --public --redirect http://127.0.0.1/callback \
//!         --grant authorization_code --grant refresh_token --scope datasets:read \
//!         --audience http://127.0.0.1:8000/mcp
//!
//! The first command prints a secret, which this server reads from its environment:
//!
//!     CLIENT_SECRET=.. cargo run --all-features --example mcp -- \
//!         --issuer https://localhost:8443 --ca portal-data/ca.pem
//!
//! A client needs only the URL `http://127.0.0.1:8000/mcp`. The 401 leads it to the portal.

mod routes;
mod tools;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use clap::Parser;
use http::Request;
use serde_json::Value;
use tokio::net::TcpListener;
use tower_principal::fetch::{Fetch as _, HttpClient};
use tower_principal::transport;
use tower_principal::verify::Introspection;

/// A server of the Model Context Protocol with two tools.
#[derive(Debug, Parser)]
#[command(name = "mcp")]
struct Flags {
    /// The authorization server: an https URL, or http at a loopback address.
    #[arg(long, value_name = "URL")]
    issuer: String,

    /// The certificate of a private CA that signed the certificate of the authorization server.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// The client id of this server at the authorization server. Its secret is in `CLIENT_SECRET`.
    #[arg(long, value_name = "ID", default_value = "mcp")]
    client: String,

    /// The address to listen on. It has to be a loopback address, because tokens are sent in plain
    /// text. Elsewhere, put the server behind TLS.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse();
    if !flags.listen.ip().is_loopback() {
        return Err("--listen is not a loopback address".into());
    }
    let resource = format!("http://{}/mcp", flags.listen);
    let verifier = introspection(&flags, &resource).await?;
    // Only connections from this machine.
    let transport = transport::danger_assume_secure();
    let app = routes::routes(&resource, &flags.issuer, verifier, transport)?;
    let listener = TcpListener::bind(flags.listen).await?;
    eprintln!("ready at {resource}");
    Ok(axum::serve(listener, app).await?)
}

/// Returns a verifier that asks the issuer about each token, and accepts those for this server.
async fn introspection(flags: &Flags, resource: &str) -> Result<Introspection<HttpClient>, Box<dyn Error>> {
    let is_local = flags.issuer.starts_with("http://127.0.0.1:");
    let mut builder = HttpClient::builder();
    if let Some(file) = &flags.ca {
        builder = builder.authority(std::fs::read(file)?);
    }
    if is_local {
        builder = builder.danger_allow_http();
    }
    let client = builder.build()?;
    let endpoint = introspection_endpoint(&client, &flags.issuer).await?;
    let secret = std::env::var("CLIENT_SECRET").map_err(|_| "CLIENT_SECRET is not set")?;
    let introspection = Introspection::builder(endpoint, client)
        .client(&flags.client, &secret)
        .issuer(&flags.issuer)
        .audience(resource);
    Ok(if is_local { introspection.danger_allow_http() } else { introspection }.build()?)
}

/// Returns the endpoint that the metadata of the issuer names (RFC 8414).
async fn introspection_endpoint(client: &HttpClient, issuer: &str) -> Result<String, Box<dyn Error>> {
    const LIMIT: usize = 64 * 1024;
    let request = Request::get(format!("{issuer}/.well-known/oauth-authorization-server"));
    let answer = client.fetch(request.body(Bytes::new())?, LIMIT).await?;
    let metadata: Value = serde_json::from_slice(answer.body())?;
    let member = |name| metadata.get(name).and_then(Value::as_str);
    if member("issuer") != Some(issuer) {
        return Err("the metadata names another issuer".into());
    }
    Ok(member("introspection_endpoint").ok_or("the issuer does not introspect")?.to_owned())
}
