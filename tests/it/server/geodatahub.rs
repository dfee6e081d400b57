//! GeoDataHub's token endpoint, as its document and its client have it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tower_principal::server::profile::{GEODATAHUB, RefreshTokens, Rotation, STANDARD};
use tower_principal::server::{Profile, Signer, Ways};
use tower_principal::verify::{JwtVerifier, KeySet, TokenUse};

use super::*;
use crate::sql::REVOKED;

/// The client id in the document.
const CLIENT: &str = "7aetu7cj45ah6m494hutdldbd1";
const GERDA: &str = "gerda@example.org";
const UUID: &str = "5b1f0a6e-2f63-4c0b-9a55-6f0d5c1f8e21";
const DAY: Duration = Duration::from_secs(24 * 3_600);
const INVALID: (u16, &str) = (400, "invalid_grant");

fn applications() -> Vec<Application> {
    let grants = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    let client = Application::public(CLIENT).grants(grants).scopes(["datasets"]);
    let service = Application::confidential("service").grants(grants).scopes(["datasets"]);
    let strict = Application::public("strict").grants(grants).scopes(["datasets"]).profile("standard");
    vec![client.redirect(CALLBACK), service, strict.redirect(CALLBACK)]
}

async fn kits_of(profile: Profile, signer: &Signer) -> Vec<Kit> {
    let both =
        |builder: AuthorizationServerBuilder| builder.only(profile).profile(STANDARD).sign(signer.clone());
    Kit::with(&applications(), both).await
}

async fn kits() -> (Vec<Kit>, Signer) {
    let signer = Signer::from_pem(include_str!("keys/rsa_pkcs1.pem")).unwrap();
    (kits_of(GEODATAHUB, &signer).await, signer)
}

impl Kit {
    /// Returns a one-time code that a page shows: there is no redirect URI.
    async fn shown(&self) -> String {
        self.offered(CodeOffer::new(CLIENT, GERDA)).await
    }

    async fn offered(&self, offer: CodeOffer) -> String {
        if let Some(database) = &self.database {
            let users = database.store().users();
            if users.find(GERDA).await.unwrap().is_none() {
                users.create(GERDA, Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
            }
        }
        self.server.offer(offer).await.unwrap().expose_secret().to_owned()
    }

    async fn gdh(&self, code: &str, more: &[(&str, &str)]) -> Reply {
        let base = [("grant_type", "authorization_code"), ("client_id", CLIENT), ("code", code)];
        self.post(&[&base, more].concat()).await
    }

    async fn gdh_refresh(&self, refresh: &str) -> Reply {
        self.post(&[("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", refresh)]).await
    }
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Returns a verifier of one use, for this audience.
fn verifier(signer: &Signer, kit: &Kit, of: TokenUse, audience: &str) -> JwtVerifier {
    let keys = KeySet::from_jwks(std::str::from_utf8(&signer.jwks()).unwrap()).unwrap();
    let builder = JwtVerifier::builder(ISSUER).audience(audience).accept([of]);
    builder.keys(keys).clock(kit.clock.clone()).build().unwrap()
}

async fn is_accepted(signer: &Signer, kit: &Kit, of: TokenUse, audience: &str, text: &str) -> bool {
    matches!(ask(&verifier(signer, kit, of, audience), &token(text)).await, Short::Is(_))
}

/// "After logging in the user is given a one-time code they may exchange for a valid access token."
#[tokio::test]
async fn a_one_time_code_is_exchanged_for_three_tokens() {
    let (kits, _) = kits().await;
    for kit in kits {
        // The document prints `redirection_uri: ''` and `'redirect_uri': ''`.
        for more in [&[][..], &[("redirection_uri", "")], &[("redirect_uri", "")]] {
            let code = kit.shown().await;
            let dashes: Vec<usize> = code.match_indices('-').map(|(at, _)| at).collect();
            assert_eq!((code.len(), dashes), (36, vec![8, 13, 18, 23]), "the client's pattern: {code}");
            let reply = kit.gdh(&code, more).await;
            let (tokens, identity) = (reply.tokens(), reply.text("id_token"));
            let expected = format!(
                "{{\"access_token\":\"{}\",\"refresh_token\":\"{}\",\"id_token\":\"{identity}\",\
                 \"token_type\":\"Bearer\",\"expires_in\":3600,\"scope\":\"datasets\"}}",
                tokens.access, tokens.refresh
            );
            assert_eq!(reply.answer.body, expected, "{}", kit.name);
            assert_eq!(kit.gdh(&code, more).await.error(), INVALID, "once: {}", kit.name);
        }
    }
}

#[tokio::test]
async fn redirection_uri_is_another_name_of_redirect_uri() {
    let (kits, _) = kits().await;
    for kit in kits {
        for name in ["redirection_uri", "redirect_uri"] {
            let code = kit.offered(CodeOffer::new(CLIENT, GERDA).redirect_uri(CALLBACK)).await;
            for wrong in [&[][..], &[(name, "https://other.example/")]] {
                assert_eq!(kit.gdh(&code, wrong).await.error(), INVALID, "{} {name}", kit.name);
            }
            assert_eq!(kit.gdh(&code, &[(name, CALLBACK)]).await.status, 200, "{} {name}", kit.name);
        }
        let code = kit.offered(CodeOffer::new(CLIENT, GERDA).redirect_uri(CALLBACK)).await;
        let both = kit.gdh(&code, &[("redirection_uri", CALLBACK), ("redirect_uri", CALLBACK)]).await;
        assert_eq!(both.error(), (400, "invalid_request"), "{}", kit.name);
    }
}

/// The document has no challenge. A client that sends one is held to it.
#[tokio::test]
async fn req_77_a_challenge_is_optional_and_binds_a_code_that_has_one() {
    let (kits, _) = kits().await;
    for kit in kits {
        let code = kit.offered(CodeOffer::new(CLIENT, GERDA).challenge(CHALLENGE)).await;
        assert_eq!(kit.gdh(&code, &[]).await.error(), INVALID, "{}", kit.name);
        assert_eq!(kit.gdh(&code, &[("code_verifier", VERIFIER)]).await.status, 200, "{}", kit.name);
        let plain = kit.gdh(&kit.shown().await, &[("code_verifier", VERIFIER)]).await;
        assert_eq!(plain.error(), INVALID, "{}", kit.name);
        assert!(kit.server.offer(CodeOffer::new("strict", GERDA)).await.is_err(), "{}", kit.name);
    }
}

/// "Identity Token: Used to identify the user", "Access Token: Used to inform the backend about
/// the users' access level". The claims are those of Amazon Cognito.
#[tokio::test]
async fn access_and_identity_token_have_their_claims_and_end_after_an_hour() {
    let (kits, signer) = kits().await;
    for kit in kits {
        let authenticated = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_699_999_990);
        let offer = CodeOffer::new(CLIENT, GERDA).uuid(UUID).authenticated_at(authenticated);
        let reply = kit.gdh(&kit.offered(offer).await, &[]).await;
        let (access, identity) = (reply.text("access_token"), reply.text("id_token"));
        let jti = Presented::jwt(part(access, 1)["jti"].as_str().unwrap()).unwrap();
        let id = kit.grants.find_dyn(&jti).await.unwrap().unwrap().id;
        let shared = serde_json::json!({
            "iss": ISSUER, "sub": UUID, "iat": 1_700_000_000, "exp": 1_700_003_600,
            "auth_time": 1_699_999_990, "jti": format!("{id}.1"), "sid": id.as_str(),
        });
        for (text, own) in [
            (
                access,
                serde_json::json!({ "token_use": "access", "client_id": CLIENT, "username": GERDA,
                    "scope": "datasets" }),
            ),
            (
                identity,
                serde_json::json!({ "token_use": "id", "aud": CLIENT, "cognito:username": GERDA,
                    "email": GERDA, "email_verified": false }),
            ),
        ] {
            let mut expected = shared.clone();
            expected.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
            assert_eq!(part(text, 1), expected, "{}", kit.name);
            let header = part(text, 0);
            assert_eq!((header["alg"].as_str(), header.get("typ")), (Some("RS256"), None));
            kit.clock.pass(Duration::from_secs(3_500));
            let of = if text == access { TokenUse::CognitoAccess } else { TokenUse::CognitoIdentity };
            assert!(is_accepted(&signer, &kit, of, CLIENT, text).await, "{}", kit.name);
            kit.clock.pass(Duration::from_secs(200));
            assert!(!is_accepted(&signer, &kit, of, CLIENT, text).await, "it has expired: {}", kit.name);
            kit.clock.back(Duration::from_secs(3_700));
        }
    }
}

/// No token is taken for another, whatever its audience: neither of the two, nor a token of a
/// strict client, which the same key signed.
#[tokio::test]
async fn req_102_an_identity_token_is_no_access_token_and_no_token_is_of_two_uses() {
    let (kits, signer) = kits().await;
    for kit in kits {
        let reply = kit.gdh(&kit.shown().await, &[]).await;
        let offer = CodeOffer::new("strict", GERDA).redirect_uri(CALLBACK).challenge(CHALLENGE);
        let redeem = [
            ("grant_type", "authorization_code"),
            ("client_id", "strict"),
            ("code", &*kit.offered(offer).await),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let strict = kit.post(&redeem).await;
        assert_eq!(strict.json.get("id_token"), None, "{}", kit.name);
        let tokens = [
            (TokenUse::CognitoAccess, reply.text("access_token"), CLIENT),
            (TokenUse::CognitoIdentity, reply.text("id_token"), CLIENT),
            (TokenUse::AccessToken, strict.text("access_token"), ISSUER),
        ];
        for (own, text, audience) in tokens {
            for of in [
                TokenUse::AccessToken,
                TokenUse::PlainJwt,
                TokenUse::UntypedJwt,
                TokenUse::CognitoAccess,
                TokenUse::CognitoIdentity,
                TokenUse::ServiceAccountToken,
            ] {
                let accepted = is_accepted(&signer, &kit, of, audience, text).await;
                assert_eq!(accepted, own == of, "{}: {own:?} as {of:?}", kit.name);
            }
            assert!(!is_accepted(&signer, &kit, own, "another-client", text).await, "{own:?}");
        }
    }
}

/// "Refresh tokens expire after 27 days."
#[tokio::test]
async fn a_log_in_lasts_27_days_with_a_new_refresh_token_at_each_use() {
    let (kits, _) = kits().await;
    for kit in kits {
        let first = kit.gdh(&kit.shown().await, &[]).await.tokens();
        let idle = kit.gdh(&kit.shown().await, &[]).await.tokens();
        kit.clock.pass(26 * DAY);
        let renewed = kit.gdh_refresh(&first.refresh).await;
        let second = renewed.tokens();
        assert!(!renewed.text("id_token").is_empty(), "{}", kit.name);
        assert!(!second.refresh.is_empty() && second.refresh != first.refresh, "{}", kit.name);
        kit.clock.pass(DAY);
        for refresh in [&idle.refresh, &second.refresh] {
            assert_eq!(kit.gdh_refresh(refresh).await.error(), INVALID, "27 days are over: {}", kit.name);
        }
        let stolen = kit.gdh(&kit.shown().await, &[]).await.tokens();
        let next = kit.gdh_refresh(&stolen.refresh).await.tokens();
        kit.clock.pass(Duration::from_secs(60));
        assert_eq!(kit.gdh_refresh(&stolen.refresh).await.error(), INVALID, "{}", kit.name);
        assert_eq!(kit.gdh_refresh(&next.refresh).await.error(), INVALID, "both ended: {}", kit.name);
    }
}

/// GeoDataHub's own way, which has to be chosen by its name.
#[tokio::test]
async fn one_refresh_token_works_for_27_days_if_none_is_rotated() {
    let kept = RefreshTokens { rotation: Rotation::Never, ..GEODATAHUB.ways.refresh.unwrap() };
    let profile = Profile { ways: Ways { refresh: Some(kept), ..GEODATAHUB.ways }, ..GEODATAHUB };
    let signer = Signer::generate().unwrap();
    for kit in kits_of(profile, &signer).await {
        let first = kit.gdh(&kit.shown().await, &[]).await.tokens();
        for _ in 0..26 {
            kit.clock.pass(DAY);
            let reply = kit.gdh_refresh(&first.refresh).await;
            assert_eq!((reply.status, reply.json.get("refresh_token")), (200, None), "{}", kit.name);
        }
        kit.clock.pass(DAY);
        assert_eq!(kit.gdh_refresh(&first.refresh).await.error(), INVALID, "{}", kit.name);
    }
}

/// "If a token is lost or compromised logout from the platform and obtain fresh tokens."
#[tokio::test]
async fn req_98_a_log_out_ends_all_three_tokens() {
    let (kits, signer) = kits().await;
    for kit in kits {
        for is_access in [true, false] {
            let reply = kit.gdh(&kit.shown().await, &[]).await;
            let tokens = reply.tokens();
            // An identity token is none that the server takes back.
            for text in [reply.text("id_token"), if is_access { &tokens.access } else { &tokens.refresh }] {
                let form = form("/oauth2/revoke", encoded(&[("client_id", CLIENT), ("token", text)]));
                assert_eq!(kit.send(form).await.status, 200, "{}", kit.name);
                let is_over = text != reply.text("id_token");
                for (of, text) in [
                    (TokenUse::CognitoAccess, &*tokens.access),
                    (TokenUse::CognitoIdentity, reply.text("id_token")),
                ] {
                    let Some(database) = &kit.database else { continue };
                    let jwts = verifier(&signer, &kit, of, CLIENT);
                    let jwts = database.denylist(jwts).with_grants_of(ISSUER);
                    assert_eq!(ask(&jwts, &token(text)).await == REVOKED, is_over, "{} {of:?}", kit.name);
                }
            }
            assert_eq!(kit.gdh_refresh(&tokens.refresh).await.error(), INVALID, "{}", kit.name);
        }
    }
}
