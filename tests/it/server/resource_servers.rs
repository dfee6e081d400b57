//! Issued tokens at resource servers, behind caches and as JWTs.

use tower_principal::server::Signer;
use tower_principal::verify::Cached;
use tower_principal::{Credential, Principal, Verifier, VerifyContext};

use super::*;

/// Verifies until the token is refused, because announcements take a moment.
async fn until_refused(verifier: &impl Verifier, access: &str) {
    let refused = async {
        while matches!(ask(verifier, &token(access)).await, Short::Is(_)) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.expect("refused in time");
}

/// breeze#5553: a cache does not keep a revoked token valid.
#[tokio::test]
async fn a_replay_at_the_token_endpoint_ends_tokens_in_the_caches_of_resource_servers() {
    for kit in Kit::all().await {
        let Some(database) = &kit.database else { continue };
        let cached = Arc::new(Cached::new(database.clone()).unwrap().ttl(Duration::from_secs(3_600)));
        let mut listens = database.changes().unwrap();
        tokio::spawn(database.changes().unwrap().evict_from(&cached));
        if kit.name == "PostgreSQL" {
            listens.next().await;
        }
        let code = kit.code().await;
        let first = kit.redeem(&code).await.tokens();
        let second = kit.refresh(&first.refresh).await.tokens();
        let other = kit.log_in().await;
        for tokens in [&first, &second, &other] {
            assert!(matches!(ask(&cached, &token(&tokens.access)).await, Short::Is(_)), "{}", kit.name);
        }
        assert_eq!(kit.redeem(&code).await.error(), (400, "invalid_grant"));
        until_refused(&cached, &first.access).await;
        until_refused(&cached, &second.access).await;
        assert!(matches!(ask(&cached, &token(&other.access)).await, Short::Is(_)), "{}", kit.name);
    }
}

/// REQ-102: with a signer, the tokens of the standard profile are JWTs, for a user or for the
/// client itself.
#[tokio::test]
async fn with_a_signer_tokens_are_jwts_that_resource_servers_verify_by_the_published_keys() {
    let signer = Signer::generate().unwrap();
    let applications = clients().map(|application| application.audiences(["https://api.example"]));
    for mut kit in Kit::with(&applications, |builder| builder.sign(signer.clone())).await {
        // The verifier compares expiries with the real time.
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        kit.clock.pass(since - Duration::from_millis(1_700_000_000_000));
        kit.database = None;
        let verifier = signer::service(&signer, "https://api.example").build().unwrap();
        let who = async |access: &str| {
            let credential = Credential::AccessToken(Secret::borrowed(access));
            match verifier.verify(&credential, &VerifyContext::default()).await.unwrap() {
                Principal::OAuthUser(user) => user,
                other => panic!("{other:?}"),
            }
        };
        let first = kit.redeem(&kit.code().await).await;
        let user = who(first.text("access_token")).await;
        assert_eq!((user.id(), user.is_client(), user.scopes().as_str()), ("alice", false, "read write"));
        let second = kit.refresh_with(first.text("refresh_token"), &[("scope", "read")]).await;
        assert_eq!(who(second.text("access_token")).await.scopes().as_str(), "read", "{}", kit.name);
        assert_eq!(second.json["expires_in"], 3600);
        let own = kit.post_as_weather(&[("grant_type", "client_credentials")]).await;
        let client = who(own.text("access_token")).await;
        assert_eq!((client.id(), client.is_client()), ("weather", true), "{}", kit.name);
        // A user with the name of the client is refused before anything is stored.
        let offer = CodeOffer::new("viewer", "viewer").redirect_uri(CALLBACK).challenge(CHALLENGE);
        assert!(kit.server.offer(offer).await.is_err(), "{}", kit.name);
    }
}
