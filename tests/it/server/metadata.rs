//! The metadata of the server (RFC 8414) and its keys (RFC 7517).

use serde_json::json;
use tower_principal::grant::{MemoryApplications, MemoryGrants};
use tower_principal::server::{Signer, profile};

use super::*;

const PATH: &str = "/.well-known/oauth-authorization-server";

fn server(issuer: &str, build: impl Fn(AuthorizationServerBuilder) -> AuthorizationServerBuilder) -> Server {
    let stores = (MemoryGrants::new(), MemoryApplications::new());
    let transport = transport::danger_assume_secure();
    Server(build(AuthorizationServer::builder(issuer, stores, transport)).build().unwrap())
}

struct Server(AuthorizationServer);

impl Server {
    async fn get(&self, path: &str) -> Reply {
        self.send("GET", path).await
    }

    async fn send(&self, method: &str, path: &str) -> Reply {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        Reply::of(send(self.0.clone(), request).await)
    }
}

#[tokio::test]
async fn req_100_the_document_names_what_exists_and_nothing_else() {
    let signer = Signer::generate().unwrap();
    let full = server(ISSUER, |builder| {
        let builder = builder.sign(signer.clone()).resource("https://b.example", ["write", "read"]);
        builder.resource("https://a.example", ["read"])
    });
    let reply = full.get(PATH).await;
    let methods = json!(["client_secret_basic", "client_secret_post", "none"]);
    let expected = json!({
        "issuer": ISSUER,
        "token_endpoint": "https://login.example/oauth2/token",
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint": "https://login.example/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint": "https://login.example/oauth2/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "jwks_uri": "https://login.example/oauth2/jwks",
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["read", "write"],
    });
    assert_eq!((reply.status, &reply.json), (200, &expected));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    // Every URL in it is an endpoint, and answers.
    for (name, value) in reply.json.as_object().unwrap() {
        let Some(path) = value.as_str().and_then(|url| url.strip_prefix(ISSUER)) else { continue };
        if !path.is_empty() {
            assert_ne!(full.get(path).await.status, 404, "{name}");
        }
    }
    let head = full.send("HEAD", PATH).await;
    assert_eq!((head.status, &*head.answer.body), (200, ""));
    assert_eq!(full.send("POST", PATH).await.header("allow"), Some("GET, HEAD"));

    // Without a signer, resources and users there is less.
    let bare = server(ISSUER, |builder| builder).get(PATH).await;
    for absent in ["jwks_uri", "scopes_supported", "authorization_endpoint", "registration_endpoint"] {
        assert_eq!(bare.json[absent], Value::Null, "{absent}");
    }
    let usergrid = server(ISSUER, |builder| builder.only(profile::USERGRID)).get(PATH).await;
    assert_eq!(usergrid.text("token_endpoint"), "https://login.example/management/token");
    assert_eq!(usergrid.json["grant_types_supported"], json!(["client_credentials"]), "no users");
    for absent in ["revocation_endpoint", "introspection_endpoint", "code_challenge_methods_supported"] {
        assert_eq!(usergrid.json[absent], Value::Null, "{absent}");
    }
}

#[tokio::test]
async fn req_100_the_issuer_is_exact_and_its_path_follows_the_well_known_part() {
    for (issuer, path, token) in [
        ("https://login.example", PATH.to_owned(), "https://login.example/oauth2/token"),
        ("https://login.example/", PATH.to_owned(), "https://login.example/oauth2/token"),
        ("https://login.example:8443", PATH.to_owned(), "https://login.example:8443/oauth2/token"),
        ("https://login.example/one", format!("{PATH}/one"), "https://login.example/one/oauth2/token"),
        ("https://login.example/one/", format!("{PATH}/one"), "https://login.example/one/oauth2/token"),
        ("https://login.example/a/b", format!("{PATH}/a/b"), "https://login.example/a/b/oauth2/token"),
        ("http://127.0.0.1:8080", PATH.to_owned(), "http://127.0.0.1:8080/oauth2/token"),
    ] {
        let server = server(issuer, |builder| builder);
        assert!(server.0.paths().any(|served| served == path), "{issuer}");
        let reply = server.get(&path).await;
        assert_eq!((reply.text("issuer"), reply.text("token_endpoint")), (issuer, token));
        for other in ["/one/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
            assert_eq!(server.get(other).await.status, 404, "{issuer} {other}");
        }
    }
}

/// A client that reads `iss` in the metadata waits for it in every redirect (RFC 9207 section 2.4).
#[tokio::test]
async fn req_101_without_an_authorization_endpoint_neither_it_nor_its_iss_is_advertised() {
    let reply = server(ISSUER, |builder| builder).get(PATH).await;
    assert_eq!(reply.text("issuer"), ISSUER);
    for member in ["authorization_endpoint", "authorization_response_iss_parameter_supported"] {
        assert!(reply.json.get(member).is_none(), "{member}");
    }
}

#[tokio::test]
async fn req_102_the_keys_are_published_and_have_no_private_part() {
    let signer = Signer::generate().unwrap();
    let with = server(ISSUER, |builder| builder.sign(signer.clone()));
    let reply = with.get("/oauth2/jwks").await;
    assert_eq!(reply.answer.body.as_bytes(), &*signer.jwks());
    assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
    let keys = reply.json["keys"].as_array().unwrap();
    for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
        assert!(keys.iter().all(|key| key.get(private).is_none()), "{private}");
    }
    // A rotation is seen at once.
    signer.rotate(&rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert_eq!(with.get("/oauth2/jwks").await.json["keys"].as_array().unwrap().len(), 2);
    let without = server(ISSUER, |builder| builder).get("/oauth2/jwks").await;
    assert_eq!(without.error(), (404, "not_found"));
}
