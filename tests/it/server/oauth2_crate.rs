//! The crate `oauth2` as a client.

use std::convert::Infallible;

use axum::body::Body;
use http_body_util::BodyExt as _;
use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::url::Position;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, RevocationUrl, Scope,
    StandardRevocableToken, TokenResponse as _, TokenUrl,
};
use tower::ServiceExt as _;

use super::browser::Browser;
use super::{CALLBACK, ISSUER, Kit, TOKEN_PATH, VERIFIER};

impl Kit {
    /// Sends a request of the crate to the server.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Infallible> {
        let answer = self.server.clone().oneshot(request.map(Body::from)).await?;
        let (parts, body) = answer.into_parts();
        Ok(HttpResponse::from_parts(parts, body.collect().await?.to_bytes().to_vec()))
    }
}

fn token_url() -> TokenUrl {
    TokenUrl::new(format!("{ISSUER}{TOKEN_PATH}")).unwrap()
}

#[tokio::test]
async fn the_oauth2_crate_logs_a_client_in_in_both_ways() {
    for kit in Kit::all().await {
        let http = |request| kit.exchange(request);
        for way in [AuthType::BasicAuth, AuthType::RequestBody] {
            let client = BasicClient::new(ClientId::new("weather".to_owned()))
                .set_client_secret(ClientSecret::new(kit.secret("weather").to_owned()))
                .set_token_uri(token_url())
                .set_auth_type(way.clone());
            let asked = client.exchange_client_credentials().add_scope(Scope::new("read".to_owned()));
            let answer = asked.request_async(&http).await.unwrap();
            assert!(kit.is_live(answer.access_token().secret()).await, "{} {way:?}", kit.name);
            assert!(answer.refresh_token().is_none());
            let scopes = answer.scopes().unwrap();
            assert_eq!(scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(), ["read"]);

            let wrong = client.set_client_secret(ClientSecret::new("wrong".to_owned()));
            let refused = wrong.exchange_client_credentials().request_async(&http).await.unwrap_err();
            let RequestTokenError::ServerResponse(refused) = refused else { panic!("{refused:?}") };
            assert_eq!(refused.error(), &BasicErrorResponseType::InvalidClient);
        }
    }
}

#[tokio::test]
async fn the_oauth2_crate_redeems_a_code_and_refreshes() {
    for kit in Kit::all().await {
        let http = |request| kit.exchange(request);
        let client = BasicClient::new(ClientId::new("viewer".to_owned()))
            .set_token_uri(token_url())
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
        let code = kit.code().await;
        let redeem = || {
            let verifier = PkceCodeVerifier::new(VERIFIER.to_owned());
            client.exchange_code(AuthorizationCode::new(code.clone())).set_pkce_verifier(verifier)
        };
        let first = redeem().request_async(&http).await.unwrap();
        assert!(kit.is_live(first.access_token().secret()).await, "{}", kit.name);

        let second = client.exchange_refresh_token(first.refresh_token().unwrap());
        let second = second.request_async(&http).await.unwrap();
        assert!(kit.is_live(second.access_token().secret()).await);
        assert_ne!(first.refresh_token().unwrap().secret(), second.refresh_token().unwrap().secret());

        // A second use of the code ends everything.
        let refused = redeem().request_async(&http).await.unwrap_err();
        let RequestTokenError::ServerResponse(refused) = refused else { panic!("{refused:?}") };
        assert_eq!(refused.error(), &BasicErrorResponseType::InvalidGrant);
        assert!(!kit.is_live(second.access_token().secret()).await);
    }
}

#[tokio::test]
async fn the_oauth2_crate_sends_a_user_for_a_code_and_revokes() {
    for kit in Kit::all().await {
        let http = |request| kit.exchange(request);
        let client = BasicClient::new(ClientId::new("viewer".to_owned()))
            .set_auth_uri(AuthUrl::new(format!("{ISSUER}/oauth2/authorize")).unwrap())
            .set_token_uri(token_url())
            .set_revocation_url(RevocationUrl::new(format!("{ISSUER}/oauth2/revoke")).unwrap())
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
        let ask = || {
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let asked = client.authorize_url(CsrfToken::new_random).add_scope(Scope::new("read".to_owned()));
            let (url, state) = asked.set_pkce_challenge(challenge).url();
            (url, state, verifier)
        };

        let (url, state, verifier) = ask();
        let mut browser = Browser::new(&kit);
        let back = browser.allow(&url[Position::BeforePath..]).await;
        assert_eq!(back.answer("state").as_deref(), Some(&**state.secret()), "{}", kit.name);
        assert_eq!(back.answer("iss").as_deref(), Some(ISSUER));
        let code = AuthorizationCode::new(back.answer("code").unwrap());
        let redeemed = client.exchange_code(code.clone()).set_pkce_verifier(verifier);
        let tokens = redeemed.request_async(&http).await.unwrap();
        let scopes = tokens.scopes().unwrap();
        assert_eq!(scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(), ["read"]);
        assert!(kit.is_live(tokens.access_token().secret()).await);

        let refresh = StandardRevocableToken::RefreshToken(tokens.refresh_token().unwrap().clone());
        client.revoke_token(refresh).unwrap().request_async(&http).await.unwrap();
        assert!(!kit.is_live(tokens.access_token().secret()).await, "{}", kit.name);

        // A second request in the same session; a verifier of another request is of no use.
        let (url, _, _) = ask();
        let (_, _, other) = ask();
        let back = browser.allow(&url[Position::BeforePath..]).await;
        let code = AuthorizationCode::new(back.answer("code").unwrap());
        let refused = client.exchange_code(code).set_pkce_verifier(other).request_async(&http).await;
        let RequestTokenError::ServerResponse(refused) = refused.unwrap_err() else { panic!() };
        assert_eq!(refused.error(), &BasicErrorResponseType::InvalidGrant);

        let (url, state, _) = ask();
        let target = &url[Position::BeforePath..];
        let page = browser.get(target).await;
        let back = browser.press(target, &page, "deny").await;
        assert_eq!(back.answer("error").as_deref(), Some("access_denied"));
        assert_eq!(back.answer("state").as_deref(), Some(&**state.secret()));
        assert!(back.answer("code").is_none());
    }
}
