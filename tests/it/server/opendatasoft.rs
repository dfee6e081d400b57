//! OpenDataSoft's endpoints, as its document on OAuth 2 has them.

use tower_principal::grant::{Lifetime, Lifetimes};
use tower_principal::server::OfferError;
use tower_principal::server::Profile;
use tower_principal::server::profile::{OPENDATASOFT, STANDARD};

use super::*;

const PATH: &str = "/oauth2/token/";
const CALLBACK: &str = "http://example.com";
const INVALID: (u16, &str) = (400, "invalid_grant");
/// Strict clients on the same paths.
const STRICT: Profile = Profile { door: OPENDATASOFT.door, ..STANDARD };

fn applications() -> Vec<Application> {
    let grants = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    let of = |application: Application| {
        application.redirect(CALLBACK).grants(grants).scopes(["all", "more"]).profile(OPENDATASOFT.name)
    };
    let strict = Application::public("strict").redirect(super::CALLBACK).scopes(["all", "more"]);
    vec![of(Application::confidential("cid")), of(Application::public("phone")), strict.grants(grants)]
}

async fn kits() -> Vec<Kit> {
    Kit::with(&applications(), |builder| builder.only(STRICT).profile(OPENDATASOFT)).await
}

impl Kit {
    async fn ods_code(&self, scopes: &[&str]) -> String {
        let offer = CodeOffer::new("cid", "alice").redirect_uri(CALLBACK).scopes(scopes);
        self.server.offer(offer).await.unwrap().expose_secret().to_owned()
    }

    /// Posts a form with the id and the secret of `cid` among the parameters.
    async fn ods(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        let client = [("client_id", "cid"), ("client_secret", self.secret("cid"))];
        self.send(form(path, encoded(&[&client, parameters].concat()))).await
    }

    async fn ods_redeem(&self, code: &str, more: &[(&str, &str)]) -> Reply {
        let base = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.ods(PATH, &[&base, more].concat()).await
    }

    async fn ods_refresh(&self, refresh: &str, more: &[(&str, &str)]) -> Reply {
        let base = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        self.ods(PATH, &[&base, more].concat()).await
    }
}

fn is_of_30_characters(text: &str) -> bool {
    text.len() == 30 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The document's two requests, with the client in the body and in the header, and its answer.
#[tokio::test]
async fn the_documents_requests_get_the_documents_answer() {
    for kit in kits().await {
        for is_in_header in [false, true] {
            let code = kit.ods_code(&["all"]).await;
            assert!(is_of_30_characters(&code), "{code}");
            let more = [
                ("grant_type", "authorization_code"),
                ("code", &*code),
                ("scopes", "all"),
                ("redirect_uri", CALLBACK),
                ("state", "ilovedata"),
            ];
            let reply = if is_in_header {
                let mut request = form(PATH, encoded(&more));
                let line = basic("cid", kit.secret("cid"));
                request.headers_mut().insert("authorization", line.parse().unwrap());
                kit.send(request).await
            } else {
                kit.ods(PATH, &more).await
            };
            let Tokens { access, refresh } = reply.tokens();
            assert!(is_of_30_characters(&access) && is_of_30_characters(&refresh), "{reply:?}");
            let expected = format!(
                "{{\"access_token\":\"{access}\",\"expires_in\":3600,\"token_type\":\"Bearer\",\
                 \"state\":\"ilovedata\",\"scope\":\"all\",\"refresh_token\":\"{refresh}\"}}"
            );
            assert_eq!(reply.answer.body, expected, "{}", kit.name);
            assert!(kit.is_live(&access).await, "{}", kit.name);
            // "a new bearer token in the same way as when you obtained your first token". The
            // document's request has a redirect_uri as well.
            let more = [("scopes", "all"), ("redirect_uri", CALLBACK), ("state", "again")];
            let reply = kit.ods_refresh(&refresh, &more).await;
            let next = reply.tokens();
            let expected = format!(
                "{{\"access_token\":\"{}\",\"expires_in\":3600,\"token_type\":\"Bearer\",\
                 \"state\":\"again\",\"scope\":\"all\",\"refresh_token\":\"{}\"}}",
                next.access, next.refresh
            );
            assert_eq!(reply.answer.body, expected, "{}", kit.name);
        }
    }
}

/// "state (optional): A random string"
#[tokio::test]
async fn the_state_comes_back_as_it_was_sent_and_only_if_it_was() {
    for kit in kits().await {
        let long = "x".repeat(20_000);
        for state in ["\"}<script>\\", "a b&c=d+%20", "żółw", &long] {
            let code = kit.ods_code(&["all"]).await;
            let reply = kit.ods_redeem(&code, &[("state", state)]).await;
            assert_eq!(reply.json["state"], state, "{}", kit.name);
        }
        for more in [&[][..], &[("state", "")]] {
            let code = kit.ods_code(&["all"]).await;
            let reply = kit.ods_redeem(&code, more).await;
            assert_eq!((reply.status, reply.json.get("state")), (200, None), "{}", kit.name);
        }
        let code = kit.ods_code(&["all"]).await;
        let control = kit.ods_redeem(&code, &[("state", "a\r\nb")]).await;
        assert_eq!(control.error(), (400, "invalid_request"), "{}", kit.name);
    }
}

/// "your authorization grant is only valid for an hour"
#[tokio::test]
async fn a_code_and_an_access_token_last_an_hour() {
    for kit in kits().await {
        let (code, late) = (kit.ods_code(&["all"]).await, kit.ods_code(&["all"]).await);
        kit.clock.pass(Duration::from_secs(3_599));
        let tokens = kit.ods_redeem(&code, &[]).await.tokens();
        kit.clock.pass(Duration::from_secs(1));
        assert_eq!(kit.ods_redeem(&late, &[]).await.error(), INVALID, "{}", kit.name);
        kit.clock.pass(Duration::from_secs(3_598));
        assert!(kit.is_live(&tokens.access).await, "{}", kit.name);
        kit.clock.pass(Duration::from_secs(1));
        assert!(!kit.is_live(&tokens.access).await, "{}", kit.name);
    }
}

/// "the scopes should all be within the scopes that your authorization grant gives you access to",
/// and at a refresh "this list must match the one you provided when you converted your grant".
#[tokio::test]
async fn req_96_scopes_shrink_at_the_exchange_and_match_from_then_on() {
    for kit in kits().await {
        let code = kit.ods_code(&["all", "more"]).await;
        for beyond in ["all other", "none", "a\"b"] {
            let reply = kit.ods_redeem(&code, &[("scopes", beyond)]).await;
            assert_eq!(reply.error(), (400, "invalid_scope"), "{} {beyond}", kit.name);
        }
        // None of them used the code up.
        let narrow = kit.ods_redeem(&code, &[("scopes", "all")]).await;
        assert_eq!(narrow.text("scope"), "all", "{}", kit.name);
        let tokens = narrow.tokens();
        for other in ["more", "all more"] {
            let reply = kit.ods_refresh(&tokens.refresh, &[("scopes", other)]).await;
            assert_eq!(reply.error(), (400, "invalid_scope"), "{} {other}", kit.name);
        }
        let second = kit.ods_refresh(&tokens.refresh, &[("scopes", "all")]).await;
        assert_eq!(second.text("scope"), "all", "{}", kit.name);
        let third = kit.ods_refresh(&second.tokens().refresh, &[]).await;
        assert_eq!(third.text("scope"), "all", "what was given up does not return: {}", kit.name);

        let whole = kit.ods_redeem(&kit.ods_code(&["all", "more"]).await, &[]).await;
        assert_eq!(whole.text("scope"), "all more", "{}", kit.name);
        let reply = kit.ods_refresh(&whole.tokens().refresh, &[("scope", "all")]).await;
        assert_eq!(reply.error(), (400, "invalid_scope"), "they do not match: {}", kit.name);
        let narrow = kit.ods_code(&["all"]).await;
        let reply = kit.ods_redeem(&narrow, &[("scopes", "all more")]).await;
        assert_eq!(reply.error(), (400, "invalid_scope"), "the user granted one: {}", kit.name);
    }
}

#[tokio::test]
async fn scope_and_scopes_are_one_parameter() {
    for kit in kits().await {
        for name in ["scope", "scopes"] {
            let code = kit.ods_code(&["all", "more"]).await;
            let reply = kit.ods_redeem(&code, &[(name, "more")]).await;
            assert_eq!(reply.text("scope"), "more", "{} {name}", kit.name);
        }
        let code = kit.ods_code(&["all"]).await;
        let both = kit.ods_redeem(&code, &[("scope", "all"), ("scopes", "all")]).await;
        assert_eq!(both.error(), (400, "invalid_request"), "{}", kit.name);
    }
}

/// "the refresh token contained in it stays valid until it is used once"
#[tokio::test]
async fn req_92_a_refresh_token_has_no_end_and_is_used_once() {
    let lifetimes = Lifetimes { refresh: Some(Lifetime::seconds(60)), ..Lifetimes::default() };
    for kit in kits().await {
        let tokens = kit.ods_redeem(&kit.ods_code(&["all"]).await, &[]).await.tokens();
        kit.clock.pass(Duration::from_secs(10 * 365 * 24 * 3_600));
        let second = kit.ods_refresh(&tokens.refresh, &[]).await.tokens();
        assert!(kit.is_live(&second.access).await, "{}", kit.name);
        kit.clock.pass(Duration::from_secs(60));
        assert_eq!(kit.ods_refresh(&tokens.refresh, &[]).await.error(), INVALID, "{}", kit.name);
        assert!(!kit.is_live(&second.access).await, "the second use ends the grant: {}", kit.name);
        // An application may have an end of its own.
        kit.change(&applications()[0].clone().lifetimes(lifetimes)).await;
        let tokens = kit.ods_redeem(&kit.ods_code(&["all"]).await, &[]).await.tokens();
        kit.clock.pass(Duration::from_secs(60));
        assert_eq!(kit.ods_refresh(&tokens.refresh, &[]).await.error(), INVALID, "{}", kit.name);
        kit.change(&applications()[0]).await;
    }
}

/// "Type: can be either confidential or public"
#[tokio::test]
async fn a_public_application_has_a_challenge_in_place_of_a_secret() {
    for kit in kits().await {
        let offer = CodeOffer::new("phone", "alice").redirect_uri(CALLBACK).scopes(["all"]);
        let without = kit.server.offer(offer.clone()).await;
        assert!(matches!(without, Err(OfferError::Challenge)), "{}", kit.name);
        let code = kit.server.offer(offer.challenge(CHALLENGE)).await.unwrap();
        let redeem = [
            ("grant_type", "authorization_code"),
            ("client_id", "phone"),
            ("code", code.expose_secret()),
            ("redirect_uri", CALLBACK),
        ];
        assert_eq!(kit.send(form(PATH, encoded(&redeem))).await.error(), INVALID, "{}", kit.name);
        let proved = [&redeem[..], &[("code_verifier", VERIFIER)]].concat();
        assert!(is_of_30_characters(&kit.send(form(PATH, encoded(&proved))).await.tokens().access));
        // A confidential one is not a public one.
        let named = [("grant_type", "refresh_token"), ("client_id", "cid"), ("refresh_token", "x")];
        let reply = kit.send(form(PATH, encoded(&named))).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{}", kit.name);
    }
}

#[tokio::test]
async fn tokens_are_revoked_and_described_at_paths_of_their_own() {
    for kit in kits().await {
        let tokens = kit.ods_redeem(&kit.ods_code(&["all"]).await, &[]).await.tokens();
        let described = kit.ods("/oauth2/introspect/", &[("token", &tokens.access)]).await;
        assert_eq!((described.json["active"].as_bool(), described.text("scope")), (Some(true), "all"));
        let revoked = kit.ods("/oauth2/revoke/", &[("token", &tokens.refresh)]).await;
        assert_eq!(revoked.status, 200, "{}", kit.name);
        assert!(!kit.is_live(&tokens.access).await, "{}", kit.name);
        for path in ["/oauth2/token", "/oauth2/revoke", "/oauth2/token//"] {
            assert_eq!(kit.ods(path, &[]).await.status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn a_strict_client_on_these_paths_has_the_strict_ways() {
    for kit in kits().await {
        let offer = || CodeOffer::new("strict", "alice").redirect_uri(super::CALLBACK);
        assert!(matches!(kit.server.offer(offer()).await, Err(OfferError::Challenge)), "{}", kit.name);
        let code = kit.server.offer(offer().challenge(CHALLENGE)).await.unwrap();
        let code = code.expose_secret();
        assert!(code.starts_with("tpo_"), "{}", kit.name);
        let redeem = async |code: &str| {
            let parameters = [
                ("grant_type", "authorization_code"),
                ("client_id", "strict"),
                ("code", code),
                ("redirect_uri", super::CALLBACK),
                ("code_verifier", VERIFIER),
                ("scopes", "all"),
                ("state", "ilovedata"),
            ];
            kit.send(form(PATH, encoded(&parameters))).await
        };
        let reply = redeem(code).await;
        assert_eq!((reply.json.get("state"), reply.text("scope")), (None, "all more"), "{}", kit.name);
        assert!(reply.tokens().access.starts_with("tpa_"), "{}", kit.name);
        let late = kit.server.offer(offer().challenge(CHALLENGE)).await.unwrap();
        kit.clock.pass(Duration::from_secs(60));
        assert_eq!(redeem(late.expose_secret()).await.error(), INVALID, "60 s are over: {}", kit.name);
    }
}
