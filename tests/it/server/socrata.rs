//! Socrata's token endpoint, as its document on authentication has it.

use axum::body::Body;
use http::Request;
use tower_principal::server::OfferError;
use tower_principal::server::profile::{SOCRATA, SOCRATA_WITH_TOKEN_TYPE};

use super::*;

const PATH: &str = "/oauth/access_token";
const APP: &str = "b6bThWI6I3dJfulFek8JRizjo";
const TYPED: &str = "09sIcqEhoY0teGY5rhupZGqhW";
const CALLBACK: &str = "https://my-website.com/socrata-app/auth/callback";
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn applications() -> Vec<Application> {
    let grants = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];
    let app = |id: &str| Application::confidential(id).redirect(CALLBACK).grants(grants);
    let phone = Application::public("phone").redirect(CALLBACK).grants(grants);
    vec![app(APP), app(TYPED).profile(SOCRATA_WITH_TOKEN_TYPE.name), phone]
}

async fn kits() -> Vec<Kit> {
    let both = |builder: AuthorizationServerBuilder| builder.only(SOCRATA).profile(SOCRATA_WITH_TOKEN_TYPE);
    Kit::with(&applications(), both).await
}

impl Kit {
    /// Returns a code of alice without a challenge.
    async fn socrata_code(&self, client: &str) -> String {
        let offer = CodeOffer::new(client, "alice").redirect_uri(CALLBACK);
        self.server.offer(offer).await.unwrap().expose_secret().to_owned()
    }

    /// Returns the parameters of the document's request.
    fn dance<'p>(&'p self, client: &'p str, code: &'p str) -> [(&'p str, &'p str); 5] {
        [
            ("client_id", client),
            ("client_secret", self.secret(client)),
            ("grant_type", "authorization_code"),
            ("redirect_uri", CALLBACK),
            ("code", code),
        ]
    }

    /// Posts parameters in the query, without a body.
    async fn post_query(&self, parameters: &[(&str, &str)]) -> Reply {
        let target = format!("{PATH}?{}", encoded(parameters));
        self.send(Request::post(target).body(Body::empty()).unwrap()).await
    }
}

/// "You can do this by making the following POST request", with the parameters in its URL.
/// "You'll receive the following response: { access_token: ACCESS_TOKEN }".
#[tokio::test]
async fn the_documents_request_gets_the_documents_answer() {
    for kit in kits().await {
        let code = kit.socrata_code(APP).await;
        let reply = kit.post_query(&kit.dance(APP, &code)).await;
        let access = reply.tokens().access;
        assert_eq!(reply.answer.body, format!(r#"{{"access_token":"{access}"}}"#), "{}", kit.name);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("content-type"), Some("application/json"));
        // The token acts on behalf of the user, and names the app token as its client.
        let grant = kit.grant_of(&access).await.unwrap();
        assert_eq!((grant.user.as_deref(), &*grant.client), (Some("alice"), APP), "{}", kit.name);
        assert!(kit.is_live(&access).await && !grant.has_refresh, "{}", kit.name);
    }
}

/// The vendor's sample application, with the `oauth2` gem, sends a form.
#[tokio::test]
async fn a_form_and_basic_are_read_as_well_and_no_parameter_counts_twice() {
    for kit in kits().await {
        let code = kit.socrata_code(APP).await;
        let exchange = kit.dance(APP, &code);
        let twice = form(&format!("{PATH}?code={code}"), encoded(&exchange));
        let refused = kit.send(twice).await;
        let expected = r#"{"code":"invalid_request","error":true,"message":"A parameter is repeated."}"#;
        assert_eq!((refused.status, &*refused.answer.body), (400, expected), "{}", kit.name);
        assert_eq!(kit.send(form(PATH, encoded(&exchange))).await.status, 200, "{}", kit.name);

        let code = kit.socrata_code(APP).await;
        let mut request = form(PATH, encoded(&kit.dance(APP, &code)[2..]));
        request.headers_mut().insert("authorization", basic(APP, kit.secret(APP)).parse().unwrap());
        assert_eq!(kit.send(request).await.status, 200, "{}", kit.name);
    }
}

#[tokio::test]
async fn refusals_have_the_shape_of_soda() {
    for kit in kits().await {
        let code = kit.socrata_code(APP).await;
        let good = kit.dance(APP, &code);
        let with = |at: usize, value: &'static str| {
            let mut changed = good;
            changed[at].1 = value;
            changed
        };
        for (parameters, status, code, message) in [
            (with(1, "wrong"), 401, "invalid_client", "The client could not be authenticated."),
            (with(0, "nobody"), 401, "invalid_client", "The client could not be authenticated."),
            (with(2, "refresh_token"), 400, "unsupported_grant_type", "The grant type is not supported."),
            (
                with(2, "client_credentials"),
                400,
                "unsupported_grant_type",
                "The grant type is not supported.",
            ),
            (with(2, "password"), 400, "unsupported_grant_type", "The grant type is not supported."),
            (with(2, ""), 400, "invalid_request", "The parameter grant_type is missing."),
            (with(4, ""), 400, "invalid_request", "The parameter code is missing."),
            (
                with(4, "wrong"),
                400,
                "invalid_grant",
                "The code, the token or the password is not valid for this client.",
            ),
            (
                with(3, "https://my-website.com/socrata-app"),
                400,
                "invalid_grant",
                "The code, the token or the password is not valid for this client.",
            ),
        ] {
            let reply = kit.post_query(&parameters).await;
            let expected = format!(r#"{{"code":"{code}","error":true,"message":"{message}"}}"#);
            assert_eq!((reply.status, &reply.answer.body), (status, &expected), "{}", kit.name);
            assert_eq!(reply.header("www-authenticate").is_some(), status == 401, "{}", kit.name);
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
        let get = Request::get(format!("{PATH}?{}", encoded(&good))).body(Body::empty()).unwrap();
        let reply = kit.send(get).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")), "{}", kit.name);
        assert_eq!(reply.json["error"], Value::Bool(true), "{}", kit.name);
        // None of them used the code up.
        assert_eq!(kit.post_query(&good).await.status, 200, "{}", kit.name);
        // The second use ends the token of the first.
        assert_eq!(kit.post_query(&good).await.text("code"), "invalid_grant", "{}", kit.name);
    }
}

#[tokio::test]
async fn token_type_is_in_the_answer_for_applications_that_are_registered_for_it() {
    for kit in kits().await {
        let code = kit.socrata_code(TYPED).await;
        let reply = kit.post_query(&kit.dance(TYPED, &code)).await;
        let access = reply.tokens().access;
        let expected = format!(r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":86400}}"#);
        assert_eq!(reply.answer.body, expected, "{}", kit.name);
    }
}

/// "so that we can be sure that access through your application is secure even if both your tokens
/// are stolen".
#[tokio::test]
async fn a_code_is_only_for_a_registered_callback_and_the_same_value_as_before() {
    for kit in kits().await {
        for other in ["https://my-website.com.evil/socrata-app/auth/callback", "https://my-website.com/"] {
            let offer = CodeOffer::new(APP, "alice").redirect_uri(other);
            let refused = kit.server.offer(offer).await;
            assert!(matches!(refused, Err(OfferError::RedirectUri)), "{} {other}", kit.name);
        }
        let code = kit.socrata_code(APP).await;
        let other = kit.post_query(&kit.dance(TYPED, &code)).await;
        assert_eq!(other.text("code"), "invalid_grant", "another client's code: {}", kit.name);
    }
}

/// The document has no challenge. A client that sends one is held to it, and one without a secret
/// has to.
#[tokio::test]
async fn a_challenge_is_optional_for_a_client_with_a_secret_alone() {
    for kit in kits().await {
        let code = kit.challenged(APP).await;
        let mut exchange = kit.dance(APP, &code).to_vec();
        assert_eq!(kit.post_query(&exchange).await.text("code"), "invalid_grant", "{}", kit.name);
        exchange.push(("code_verifier", VERIFIER));
        assert_eq!(kit.post_query(&exchange).await.status, 200, "{}", kit.name);
        let code = kit.socrata_code(APP).await;
        let downgraded = [&kit.dance(APP, &code)[..], &[("code_verifier", VERIFIER)]].concat();
        assert_eq!(kit.post_query(&downgraded).await.text("code"), "invalid_grant", "{}", kit.name);
        let offer = CodeOffer::new("phone", "alice").redirect_uri(CALLBACK);
        assert!(matches!(kit.server.offer(offer).await, Err(OfferError::Challenge)), "{}", kit.name);
    }
}

impl Kit {
    async fn challenged(&self, client: &str) -> String {
        let offer = CodeOffer::new(client, "alice").redirect_uri(CALLBACK).challenge(CHALLENGE);
        self.server.offer(offer).await.unwrap().expose_secret().to_owned()
    }
}

/// The document is silent about both times.
#[tokio::test]
async fn a_code_lasts_a_minute_and_a_token_a_day() {
    for kit in kits().await {
        let (first, late) = (kit.socrata_code(APP).await, kit.socrata_code(APP).await);
        kit.clock.pass(Duration::from_secs(59));
        let access = kit.post_query(&kit.dance(APP, &first)).await.tokens().access;
        kit.clock.pass(Duration::from_secs(1));
        assert_eq!(kit.post_query(&kit.dance(APP, &late)).await.text("code"), "invalid_grant");
        kit.clock.pass(DAY - Duration::from_secs(2));
        assert!(kit.is_live(&access).await, "{}", kit.name);
        kit.clock.pass(Duration::from_secs(2));
        assert!(!kit.is_live(&access).await, "{}", kit.name);
    }
}

#[tokio::test]
async fn events_have_the_fingerprint_of_an_app_token_and_not_the_token() {
    let kit = kits().await.remove(0);
    // An event that another test writes first while a listener is added never reaches it.
    kit.post_query(&kit.dance(APP, "unknown")).await;
    let code = kit.socrata_code(APP).await;
    kit.post_query(&kit.dance(APP, &code)).await.tokens();
    let code = kit.socrata_code(APP).await;
    let log = listen();
    for (secret, outcome) in [("wrong-secret", "refused"), (kit.secret(APP), "issued")] {
        let mut parameters = kit.dance(APP, &code);
        parameters[1].1 = secret;
        kit.post_query(&parameters).await;
        let lines = log.take();
        let event = lines.iter().find(|line| line.target == "tower_principal::audit").unwrap();
        assert_eq!((event.get("outcome"), event.get("oauth_client")), (outcome, ""));
        assert!(!event.get("fingerprint").is_empty());
        assert!(lines.iter().all(|line| !format!("{line:?}").contains(APP)), "{lines:?}");
    }
}
