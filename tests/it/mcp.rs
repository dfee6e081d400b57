//! An MCP server behind the layer, with an authorization server of this crate: the example `mcp`,
//! driven as a client that knows the URL of the server and nothing else.

#[path = "../../examples/mcp/routes.rs"]
mod routes;
#[path = "../../examples/mcp/tools.rs"]
mod tools;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_principal::grant::{Application, GrantType, MemoryApplications, MemoryGrants};
use tower_principal::server::{AuthorizationServer, Stores};
use tower_principal::verify::Introspection;
use tower_principal::{Secret, fetch, transport};

use crate::support::*;

const RESOURCE: &str = "http://127.0.0.1:8000/mcp";
const OTHER: &str = "http://127.0.0.1:8000/other";
const DOCUMENT: &str = "http://127.0.0.1:8000/.well-known/oauth-protected-resource/mcp";
const SECRET: &str = "secret-6b3ab0e3f1c94b7a9d2c";

/// The MCP server, and its authorization server, which listens for introspection.
struct Pair {
    app: Router,
    server: Router,
    issuer: String,
}

impl Pair {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let secret = Secret::borrowed(SECRET);
        let client = |id| {
            let client = Application::confidential(id).grants([GrantType::ClientCredentials]);
            client.scopes(["datasets:read", "profile"])
        };
        let applications = MemoryApplications::new()
            .with_secret(client("agent").audiences([RESOURCE, OTHER]), &secret)
            .with_secret(client("anywhere"), &secret)
            .with_secret(Application::confidential("mcp").serves([RESOURCE]), &secret);
        let stores = Stores::from((MemoryGrants::new(), applications));
        let server = AuthorizationServer::builder(&*issuer, stores, transport::danger_assume_secure());
        let server = server.build().unwrap().router();
        let served = server.clone();
        tokio::spawn(async { axum::serve(listener, served).await });

        let http = fetch::service::<_, Body>(Client::builder(TokioExecutor::new()).build_http());
        let introspection = Introspection::builder(format!("{issuer}/oauth2/introspect"), http)
            .client("mcp", SECRET)
            .issuer(&*issuer)
            .audience(RESOURCE)
            .danger_allow_http();
        let verifier = introspection.build().unwrap();
        let app = routes::routes(RESOURCE, &issuer, verifier, transport::danger_assume_secure()).unwrap();
        Self { app, server, issuer }
    }

    /// Returns an access token of a client that acts for itself.
    async fn token(&self, client: &str, parameters: &[(&str, &str)]) -> String {
        let all = [&[("grant_type", "client_credentials")], parameters].concat();
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        let mut request = form("/oauth2/token", body);
        request.headers_mut().insert("authorization", basic(client, SECRET).parse().unwrap());
        let answer = send(self.server.clone(), request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        text(&answer, "access_token")
    }

    /// Returns the answer to a JSON-RPC request.
    async fn call(&self, token: &str, method: &str, params: Value) -> Answer {
        send(self.app.clone(), rpc(&[("authorization", &bearer(token))], method, params)).await
    }

    async fn tool(&self, token: &str, name: &str) -> Answer {
        self.call(token, "tools/call", json!({ "name": name, "arguments": {} })).await
    }
}

fn rpc(headers: &[(&str, &str)], method: &str, params: Value) -> Request<Body> {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let all = [
        ("host", "127.0.0.1:8000"),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2025-11-25"),
    ];
    let mut request = request("POST", "/mcp", &[]);
    for (name, value) in all.iter().chain(headers) {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    *request.body_mut() = Body::from(message.to_string());
    request
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

fn text(answer: &Answer, member: &str) -> String {
    json(answer)[member].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// Returns the text that a tool answered.
fn said(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    json(answer)["result"]["content"][0]["text"].as_str().unwrap().to_owned()
}

fn challenge(error: &str) -> String {
    let error = if error.is_empty() { String::new() } else { format!(r#" error="{error}","#) };
    format!(r#"Bearer realm="api",{error} resource_metadata="{DOCUMENT}", scope="datasets:read""#)
}

fn hello() -> Value {
    json!({
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    })
}

#[tokio::test]
async fn a_client_that_knows_the_url_alone_finds_the_way_from_the_401_to_a_tool() {
    let pair = Pair::start().await;
    let refused = send(pair.app.clone(), rpc(&[], "initialize", hello())).await;
    assert_eq!((refused.status, refused.challenges()), (401, vec![&*challenge("")]));

    let document = json(&send(pair.app.clone(), get(DOCUMENT, &[])).await);
    assert_eq!(
        (&document["resource"], &document["scopes_supported"]),
        (&json!(RESOURCE), &json!(["datasets:read"]))
    );
    assert_eq!(document["authorization_servers"], json!([pair.issuer]));
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    let metadata = send(pair.server.clone(), get("/.well-known/oauth-authorization-server", &[])).await;
    assert_eq!(text(&metadata, "issuer"), pair.issuer);
    assert_eq!(text(&metadata, "token_endpoint"), format!("{}/oauth2/token", pair.issuer));

    let token = pair.token("agent", &[("resource", RESOURCE), ("scope", "datasets:read")]).await;
    let answer = json(&pair.call(&token, "initialize", hello()).await);
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
    assert!(answer["result"]["capabilities"]["tools"].is_object(), "{answer}");
    let answer = json(&pair.call(&token, "tools/list", json!({})).await);
    let tools = answer["result"]["tools"].as_array().unwrap();
    let mut names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["list_datasets", "who_am_i"]);
    assert_eq!(said(&pair.tool(&token, "who_am_i").await), "agent");
    assert_eq!(said(&pair.tool(&token, "list_datasets").await), "cities, rivers, weather");
}

/// The client learns from the 403 which scope the next token needs.
#[tokio::test]
async fn a_tool_that_needs_a_scope_is_refused_with_its_name_and_the_others_are_not() {
    let pair = Pair::start().await;
    let token = pair.token("agent", &[("resource", RESOURCE), ("scope", "profile")]).await;
    assert_eq!(said(&pair.tool(&token, "who_am_i").await), "agent");
    let refused = pair.tool(&token, "list_datasets").await;
    assert_eq!((refused.status, refused.challenges()), (403, vec![&*challenge("insufficient_scope")]));
    assert!(!refused.body.contains("cities"), "{refused:?}");
    // By the revision of the protocol without a handshake, too.
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    for (tool, status) in [("who_am_i", 200), ("list_datasets", 403)] {
        let params = json!({ "name": tool, "arguments": {}, "_meta": meta });
        let line = bearer(&token);
        let headers = [
            ("authorization", &*line),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", tool),
        ];
        let answer = send(pair.app.clone(), rpc(&headers, "tools/call", params)).await;
        assert_eq!(answer.status, status, "{tool} {answer:?}");
    }
}

/// A server that takes tokens for others, or passes its own on, would be a confused deputy.
#[tokio::test]
async fn only_a_token_for_this_server_is_accepted() {
    let pair = Pair::start().await;
    for (client, resources) in [("agent", &[("resource", OTHER)][..]), ("anywhere", &[])] {
        let token = pair.token(client, resources).await;
        let refused = pair.tool(&token, "who_am_i").await;
        assert_eq!(
            (refused.status, refused.challenges()),
            (401, vec![&*challenge("invalid_token")]),
            "{client}"
        );
    }
    // A token for both is one for this server.
    let token = pair.token("agent", &[]).await;
    assert_eq!(said(&pair.tool(&token, "who_am_i").await), "agent");
}

#[tokio::test]
async fn a_revoked_token_calls_no_tool() {
    let pair = Pair::start().await;
    let token = pair.token("agent", &[("resource", RESOURCE)]).await;
    assert_eq!(said(&pair.tool(&token, "list_datasets").await), "cities, rivers, weather");
    let mut revoke = form("/oauth2/revoke", format!("token={token}"));
    revoke.headers_mut().insert("authorization", basic("agent", SECRET).parse().unwrap());
    assert_eq!(send(pair.server.clone(), revoke).await.status, 200);
    assert_eq!(pair.tool(&token, "list_datasets").await.status, 401);
}

/// DNS rebinding: a page of another site reaches the server by a name of its own.
#[tokio::test]
async fn a_page_of_another_site_is_refused_even_with_a_token() {
    let pair = Pair::start().await;
    let line = bearer(&pair.token("agent", &[("resource", RESOURCE)]).await);
    let params = json!({ "name": "who_am_i", "arguments": {} });
    for header in [("host", "attacker.example"), ("origin", "https://attacker.example")] {
        let headers = [("authorization", &*line), header];
        let answer = send(pair.app.clone(), rpc(&headers, "tools/call", params.clone())).await;
        assert_eq!(answer.status, 403, "{header:?} {answer:?}");
    }
}

/// Without sessions, there is no stream to listen to and no session to end.
#[tokio::test]
async fn every_method_needs_a_token_and_only_post_is_served() {
    let pair = Pair::start().await;
    let line = bearer(&pair.token("agent", &[("resource", RESOURCE)]).await);
    for method in ["GET", "DELETE"] {
        let accept = ("accept", "text/event-stream");
        let headers = [("host", "127.0.0.1:8000"), accept, ("authorization", &*line)];
        let answer = send(pair.app.clone(), request(method, "/mcp", &headers)).await;
        assert_eq!(answer.status, 405, "{method} {answer:?}");
        let refused = send(pair.app.clone(), request(method, "/mcp", &headers[..2])).await;
        assert_eq!((refused.status, refused.challenges()), (401, vec![&*challenge("")]), "{method}");
    }
}
