//! The crate `oauth2` as a client.

use std::convert::Infallible;

use axum::body::Body;
use http_body_util::BodyExt as _;
use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, HttpRequest, HttpResponse, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use tower::ServiceExt as _;

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
