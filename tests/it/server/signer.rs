//! Access tokens that are JWTs (RFC 9068), verified by this crate's verifiers.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tower_principal::grant::{Grant, GrantId, Lifetime, NewGrant};
use tower_principal::server::{JwtContext, SignError, Signer};
use tower_principal::verify::{Jwks, JwtVerifier, JwtVerifierBuilder};
use tower_principal::{Credential, Principal, PrincipalKind, Secret, Verifier, VerifyContext, VerifyError};

pub(super) const ISSUER: &str = "https://login.example";
const API: &str = "https://api.example";
const HOUR: Duration = Duration::from_secs(3_600);

/// Returns a new private key.
pub(super) fn pem(algorithm: &str) -> String {
    let algorithm = match algorithm {
        "RS256" => &rcgen::PKCS_RSA_SHA256,
        "ES256" => &rcgen::PKCS_ECDSA_P256_SHA256,
        _ => &rcgen::PKCS_ED25519,
    };
    rcgen::KeyPair::generate_for(algorithm).unwrap().serialize_pem()
}

pub(super) fn context() -> JwtContext<'static> {
    JwtContext::new(ISSUER)
}

/// Returns the grant of a draft with an access token that expires at this time.
fn of(draft: &NewGrant, now: SystemTime, until: SystemTime) -> Grant {
    let mut grant = Grant::from_draft(draft, now);
    grant.generation = 1;
    grant.expires_at = Some(until);
    grant
}

pub(super) fn grant_until(now: SystemTime, until: SystemTime) -> Grant {
    of(&draft().user("alice"), now, until)
}

fn draft() -> NewGrant {
    NewGrant::new(GrantId::parse("G1").unwrap(), "map").audience([API])
}

fn an_hour(draft: &NewGrant) -> Grant {
    let now = SystemTime::now();
    of(draft, now, now + HOUR)
}

fn sign(signer: &Signer, grant: &Grant) -> String {
    signer.access_token(grant, &context()).unwrap().expose_secret().to_owned()
}

fn part(token: &str, at: usize) -> Value {
    let text = URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Returns the verifier of a service that fetches the keys from the signer.
pub(super) fn service(signer: &Signer, audience: &str) -> JwtVerifierBuilder {
    let keys = Jwks::builder(format!("{ISSUER}/jwks"), signer.clone()).build().unwrap();
    JwtVerifier::builder(ISSUER).audience(audience).keys(keys)
}

async fn ask(verifier: &impl Verifier, token: &str) -> Result<Principal, VerifyError> {
    let credential = Credential::AccessToken(Secret::borrowed(token));
    verifier.verify(&credential, &VerifyContext::default()).await
}

#[tokio::test]
async fn req_102_a_token_has_the_claims_of_rfc_9068_and_verifies() {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let signer = Signer::from_pem(&pem(algorithm)).unwrap();
        let now =
            SystemTime::UNIX_EPOCH + Duration::from_secs(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs());
        let log_in = now - Duration::from_secs(90);
        let draft = draft().user("alice").scopes(["read", "write"]).org("acme").app("shop");
        let grant = of(&draft.authenticated_at(log_in), now, now + HOUR);
        let token = sign(&signer, &grant);
        let document: Value = serde_json::from_slice(&signer.jwks()).unwrap();
        let kid = &document["keys"][0]["kid"];
        assert_eq!(part(&token, 0), json!({"typ": "at+jwt", "alg": algorithm, "kid": kid}));
        let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let expected = json!({
            "iss": ISSUER, "sub": "alice", "client_id": "map", "aud": API, "scope": "read write",
            "iat": seconds(now), "exp": seconds(now + HOUR), "auth_time": seconds(log_in),
            "jti": "G1.1", "sid": "G1", "org": "acme", "app": "shop",
        });
        assert_eq!(part(&token, 1), expected);
        let alice = ask(&service(&signer, API).build().unwrap(), &token).await.unwrap();
        assert_eq!((alice.kind(), alice.id()), (PrincipalKind::OAuthUser, Some("alice")));
        assert_eq!((alice.credential_id(), alice.issuer()), (Some("G1.1"), Some(ISSUER)));
        assert!(alice.scopes().contains("write"));
        assert_eq!(alice.expires_at(), Some(now + HOUR));
        // The token is invalid at another service, and with a changed byte in any part.
        assert!(ask(&service(&signer, "https://other.example").build().unwrap(), &token).await.is_err());
        for at in [3, token.find('.').unwrap() + 9, token.len() - 9] {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(ask(&service(&signer, API).build().unwrap(), &changed).await.is_err(), "{at}");
        }
    }
}

#[tokio::test]
async fn req_102_a_token_of_another_key_is_refused() {
    let (ours, other) = (Signer::generate().unwrap(), Signer::generate().unwrap());
    let token = sign(&other, &an_hour(&draft().user("alice")));
    assert!(ask(&service(&other, API).build().unwrap(), &token).await.is_ok());
    let refused = ask(&service(&ours, API).build().unwrap(), &token).await;
    assert!(matches!(refused, Err(VerifyError::Denied(_))), "{refused:?}");
}

/// RFC 9068 section 5: a user's token must not be accepted as a client's.
#[tokio::test]
async fn a_token_of_a_client_itself_is_no_users_and_a_users_is_no_clients() {
    let signer = Signer::generate().unwrap();
    let verifier = service(&signer, API).org_claim("org").app_claim("app").build().unwrap();
    let kinds = [
        (draft(), PrincipalKind::OAuthUser),
        (draft().org("acme"), PrincipalKind::OrgAdmin),
        (draft().org("acme").app("shop"), PrincipalKind::AppAdmin),
    ];
    for (draft, kind) in kinds {
        let token = sign(&signer, &an_hour(&draft));
        assert_eq!((&part(&token, 1)["sub"], &part(&token, 1)["client_id"]), (&json!("map"), &json!("map")));
        let client = ask(&verifier, &token).await.unwrap();
        assert_eq!(client.kind(), kind);
        if let Principal::OAuthUser(client) = &client {
            assert!(client.is_client());
        }
        let user = ask(&verifier, &sign(&signer, &an_hour(&draft.user("alice")))).await.unwrap();
        assert_eq!((user.kind(), user.id()), (PrincipalKind::OAuthUser, Some("alice")));
    }
    for user in ["map", "map@clients", ""] {
        let draft = draft().user(user);
        assert_eq!(signer.check(&draft), Err(SignError::Subject), "{user:?}");
        let refused = signer.access_token(&an_hour(&draft), &context());
        assert_eq!(refused.err(), Some(SignError::Subject), "{user:?}");
    }
    // All other names belong to users, even if they look like a client's.
    for user in ["Map", "map2", "weather", "maps@clients", "service-account-map"] {
        let draft = draft().user(user).org("acme");
        assert_eq!(signer.check(&draft), Ok(()));
        let found = ask(&verifier, &sign(&signer, &an_hour(&draft))).await.unwrap();
        assert_eq!((found.kind(), found.id()), (PrincipalKind::OAuthUser, Some(user)));
    }
}

#[test]
fn the_audience_is_the_grants_or_else_the_default_or_else_the_issuer() {
    let signer = Signer::generate().unwrap();
    let audience = |named: &[&str], default: &[String]| {
        let grant = an_hour(&draft().audience(named.iter().copied()));
        let token = signer.access_token(&grant, &context().audience(default)).unwrap();
        part(token.expose_secret(), 1)["aud"].clone()
    };
    let default = ["https://default.example".to_owned()];
    assert_eq!(audience(&[API], &default), API);
    assert_eq!(audience(&[API, "https://b.example"], &default), json!([API, "https://b.example"]));
    assert_eq!(audience(&[], &default), default[0].as_str());
    assert_eq!(audience(&[], &[]), ISSUER, "a token without one would be good everywhere");
}

#[test]
fn claims_that_are_not_known_are_left_out() {
    let signer = Signer::generate().unwrap();
    let token = signer.access_token(&an_hour(&draft()), &context().tenant(Some("acme"))).unwrap();
    let claims = part(token.expose_secret(), 1);
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "client_id", "exp", "iat", "iss", "jti", "sid", "sub", "tenant"]);
    assert_eq!(claims["tenant"], "acme");
}

#[test]
fn a_signed_token_always_expires_within_the_time_for_which_its_key_is_published() {
    let signer = Signer::generate().unwrap().max_lifetime(HOUR);
    let limited = |lifetime| Lifetime::Limited(lifetime);
    assert_eq!(signer.lifetime(Lifetime::Unlimited), limited(HOUR));
    assert_eq!(signer.lifetime(limited(HOUR * 2)), limited(HOUR));
    assert_eq!(signer.lifetime(limited(HOUR / 2)), limited(HOUR / 2));
    let now = SystemTime::now();
    let mut grant = of(&draft(), now, now + HOUR);
    assert!(signer.access_token(&grant, &context()).is_ok());
    for until in [None, Some(now + HOUR * 2)] {
        grant.expires_at = until;
        assert_eq!(signer.access_token(&grant, &context()).err(), Some(SignError::Lifetime), "{until:?}");
    }
}
