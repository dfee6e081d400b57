//! Access tokens that are JWTs, from the token endpoint to a service, and their end.

use tower_principal::PrincipalKind;
use tower_principal::fetch::{Fetch, FetchError};
use tower_principal::server::Signer;
use tower_principal::verify::{Cached, Jwks, JwtVerifier};

use super::*;
use crate::sql::REVOKED;

const API: &str = "https://api.example";
const USER: Short = Short::Is(PrincipalKind::OAuthUser);

async fn kits(signer: &Signer) -> Vec<Kit> {
    let api = Application::confidential("api").serves([API]);
    let all: Vec<Application> = clients().into_iter().chain([api]).collect();
    Kit::with(&all, |builder| builder.sign(signer.clone()).resource(API, ["read"])).await
}

/// A service that has fetched the keys.
fn service(kit: &Kit, signer: &Signer) -> JwtVerifier {
    let keys = Jwks::builder(format!("{ISSUER}/oauth2/jwks"), signer.clone()).build().unwrap();
    JwtVerifier::builder(ISSUER).audience(API).keys(keys).clock(kit.clock.clone()).build().unwrap()
}

async fn is_active(kit: &Kit, token: &str) -> bool {
    let mut request = form("/oauth2/introspect", encoded(&[("token", token)]));
    let line = basic("api", kit.secret("api"));
    request.headers_mut().insert("authorization", line.parse().unwrap());
    let reply = kit.send(request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json["active"].as_bool().unwrap()
}

async fn revoke(kit: &Kit, token: &str) {
    let body = encoded(&[("client_id", "viewer"), ("token", token)]);
    assert_eq!(kit.send(form("/oauth2/revoke", body)).await.status, 200, "{}", kit.name);
}

#[tokio::test]
async fn req_102_a_signed_token_passes_at_the_service_and_is_described() {
    let signer = Signer::generate().unwrap();
    for kit in kits(&signer).await {
        let service = service(&kit, &signer);
        let tokens = kit.log_in().await;
        assert_eq!(tokens.access.split('.').count(), 3);
        // Without a resource in the request, the audience is that of the server's resources.
        assert_eq!(ask(&service, &token(&tokens.access)).await, USER, "{}", kit.name);
        assert!(is_active(&kit, &tokens.access).await);
        let second = kit.refresh(&tokens.refresh).await.tokens();
        let third = kit.refresh(&second.refresh).await.tokens();
        let live = [&tokens, &second, &third].map(|tokens| is_active(&kit, &tokens.access));
        let live = futures_util::future::join_all(live).await;
        assert_eq!(live, [false, true, true], "the current one and the one before it: {}", kit.name);
        // One byte of the signature, and a token of another key.
        let mut bad = third.access.clone().into_bytes();
        let at = bad.len() - 10;
        bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
        assert!(!is_active(&kit, std::str::from_utf8(&bad).unwrap()).await, "{}", kit.name);
        revoke(&kit, std::str::from_utf8(&bad).unwrap()).await;
        let other = Signer::generate().unwrap();
        let foreign = kits(&other).await.remove(0).log_in().await;
        assert!(!is_active(&kit, &foreign.access).await);
        revoke(&kit, &foreign.access).await;
        assert!(is_active(&kit, &third.access).await, "neither revoked anything: {}", kit.name);
        kit.clock.pass(Duration::from_secs(3_600));
        assert!(!is_active(&kit, &third.access).await, "expired");
    }
}

/// The token of a key that has been replaced is still the client's to give up after a rotation.
#[tokio::test]
async fn a_token_that_the_key_before_signed_can_be_revoked() {
    let signer = Signer::generate().unwrap();
    for kit in kits(&signer).await {
        let tokens = kit.log_in().await;
        let next = rcgen::KeyPair::generate().unwrap().serialize_pem();
        signer.rotate(&next).unwrap();
        assert!(is_active(&kit, &tokens.access).await, "{}", kit.name);
        revoke(&kit, &tokens.access).await;
        assert!(!is_active(&kit, &tokens.access).await, "{}", kit.name);
        assert_eq!(kit.refresh(&tokens.refresh).await.error(), (400, "invalid_grant"));
    }
}

#[cfg(feature = "cache")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_98_a_revoked_grant_ends_its_jwts_at_a_service_with_a_cache() {
    let signer = Signer::generate().unwrap();
    for kit in kits(&signer).await {
        let Some(database) = &kit.database else { continue };
        let jwts = database.denylist(service(&kit, &signer)).with_grants_of(ISSUER);
        let cached = Arc::new(Cached::new(jwts).unwrap().clock(kit.clock.clone()));
        let mut listens = database.changes().unwrap();
        tokio::spawn(database.changes().unwrap().evict_from(&cached));
        if kit.name == "PostgreSQL" {
            listens.next().await.unwrap();
        }
        for by_refresh in [true, false] {
            let first = kit.log_in().await;
            let second = kit.refresh(&first.refresh).await.tokens();
            let own = [&first.access, &second.access];
            for access in own {
                for _ in 0..3 {
                    assert_eq!(ask(&*cached, &token(access)).await, USER, "{}", kit.name);
                }
            }
            revoke(&kit, if by_refresh { &second.refresh } else { &second.access }).await;
            for access in own {
                let ends = async {
                    while ask(&*cached, &token(access)).await != REVOKED {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                };
                tokio::time::timeout(Duration::from_secs(1), ends).await.expect(kit.name);
            }
        }
    }
}

/// A service that asks a server over HTTP for its keys finds them where the metadata names them.
#[tokio::test]
async fn a_service_finds_the_keys_by_the_metadata() {
    struct Connection(AuthorizationServer);
    impl Fetch for Connection {
        async fn fetch(
            &self,
            request: Request<bytes::Bytes>,
            _: usize,
        ) -> Result<http::Response<bytes::Bytes>, FetchError> {
            let (parts, body) = request.into_parts();
            let answer = send(self.0.clone(), Request::from_parts(parts, Body::from(body))).await;
            let response = http::Response::builder().status(answer.status);
            Ok(response.body(answer.body.into()).unwrap())
        }
    }
    let signer = Signer::generate().unwrap();
    for kit in kits(&signer).await {
        let keys = Jwks::discovered(ISSUER, Connection(kit.server.clone()))
            .metadata_at(format!("{ISSUER}/.well-known/oauth-authorization-server"))
            .build()
            .unwrap();
        let verifier = JwtVerifier::builder(ISSUER).audience(API).keys(keys).clock(kit.clock.clone());
        let tokens = kit.log_in().await;
        assert_eq!(ask(&verifier.build().unwrap(), &token(&tokens.access)).await, USER, "{}", kit.name);
    }
}
