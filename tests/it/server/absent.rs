//! What the server does not have: client metadata documents and DPoP. Neither is advertised, and a
//! request that uses one gets nothing that looks like it.

use super::authorize_requests::{Outcome, outcome, with};
use super::*;

const METADATA: &str = "/.well-known/oauth-authorization-server";

/// CIMD draft issues 44, 46 and 9: a server that fetches the URL of a client must not reach these
/// hosts. This one fetches nothing, and such a client is unknown.
#[tokio::test]
async fn a_client_id_that_is_a_url_is_unknown_and_is_not_fetched() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for kit in Kit::all().await {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "127.1",
            "[::ffff:127.0.0.1]",
            "127.0.0.1.",
            "127.0.0.1%2e",
            "localhost",
            "client.example",
        ] {
            for scheme in ["https", "http"] {
                let id = format!("{scheme}://{host}:{port}/client.json");
                assert_eq!(outcome(&kit, &with("client_id", &id)).await, Outcome::Page(400), "{id}");
                let form = [("grant_type", "client_credentials"), ("client_id", &*id)];
                assert_eq!(kit.post(&form).await.error(), (401, "invalid_client"), "{id}");
            }
        }
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "{}", kit.name);
        let metadata = kit.send(get(METADATA, &[])).await.json;
        assert_eq!(metadata["client_id_metadata_document_supported"], Value::Null);
    }
}

/// better-auth#10039 is about the key of a replayed proof. Without proofs no token is bound, so
/// none is called so, with any spelling of the method and the URL.
#[tokio::test]
async fn a_proof_of_possession_binds_nothing_and_is_not_advertised() {
    for kit in Kit::all().await {
        let code = kit.code().await;
        let mut request = form(
            TOKEN_PATH,
            encoded(&[
                ("grant_type", "authorization_code"),
                ("client_id", "viewer"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ]),
        );
        request.headers_mut().insert("dpop", "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.AA".parse().unwrap());
        let reply = kit.send(request).await;
        assert_eq!((reply.status, reply.text("token_type")), (200, "Bearer"), "{}", kit.name);
        let metadata = kit.send(get(METADATA, &[])).await.json;
        assert_eq!(metadata["dpop_signing_alg_values_supported"], Value::Null);
    }
}
