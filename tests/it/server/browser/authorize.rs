//! Codes that came through a browser, at the token endpoint. Names in comments are those of modules
//! of the OpenID conformance suite.

use tower_principal::grant::Ending;

use super::*;

const INVALID: (u16, &str) = (400, "invalid_grant");

async fn code(kit: &Kit) -> String {
    let done = Browser::new(kit).allow(&request()).await;
    done.answer("code").expect("a code")
}

/// Redeems a code as `viewer`, with changes as in [`request_with`].
async fn redeem_with(kit: &Kit, code: &str, changes: &[(&str, Option<&str>)]) -> Reply {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "viewer"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        pairs.retain(|(of, _)| of != name);
        pairs.extend(value.map(|value| (*name, value)));
    }
    kit.post(&pairs).await
}

// AttemptReuseAuthorizationCodeAfterOneSecond
#[tokio::test]
async fn a_code_that_is_used_again_is_refused_and_its_tokens_end() {
    for kit in Kit::all().await {
        let code = code(&kit).await;
        let first = kit.redeem(&code).await.tokens();
        kit.clock.pass(Duration::from_secs(1));
        assert_eq!(kit.redeem(&code).await.error(), INVALID);
        assert!(!kit.is_live(&first.access).await, "{}", kit.name);
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID);
        // The next authorization of the same user and client works.
        assert_eq!(kit.redeem(&self::code(&kit).await).await.status, 200, "{}", kit.name);
    }
}

// EnsureAuthorizationCodeIsBoundToClient
#[tokio::test]
async fn a_code_of_another_client_is_refused_and_not_used_up() {
    for kit in Kit::all().await {
        let code = code(&kit).await;
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        assert_eq!(kit.post_as_weather(&parameters).await.error(), INVALID);
        assert_eq!(kit.redeem(&code).await.status, 200, "{}", kit.name);
    }
}

// PKCEIncorrectVerifier, PKCEVerifierRequired
#[tokio::test]
async fn a_code_needs_its_verifier_and_its_redirect_uri() {
    for kit in Kit::all().await {
        let code = code(&kit).await;
        let wrong = VERIFIER.replace('d', "e");
        for change in [
            ("code_verifier", Some(&*wrong)),
            ("code_verifier", Some(CHALLENGE)),
            ("code_verifier", None),
            ("redirect_uri", None),
            ("redirect_uri", Some("https://viewer.example/callback/")),
            ("redirect_uri", Some("https://viewer.example/callback?")),
        ] {
            assert_eq!(redeem_with(&kit, &code, &[change]).await.error(), INVALID, "{change:?}");
        }
        assert_eq!(redeem_with(&kit, &code, &[]).await.status, 200, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_redirect_uri_that_was_left_out_is_left_out_twice() {
    for kit in Kit::all().await {
        let short = request_with(&[("redirect_uri", None)]);
        let done = Browser::new(&kit).allow(&short).await;
        assert!(done.location().starts_with(CALLBACK), "the only one of the client");
        let code = done.answer("code").unwrap();
        assert_eq!(redeem_with(&kit, &code, &[]).await.error(), INVALID, "{}", kit.name);
        assert_eq!(redeem_with(&kit, &code, &[("redirect_uri", None)]).await.status, 200);
    }
}

// AttemptToUseExpiredAuthCode
#[tokio::test]
async fn a_code_ends_after_a_minute() {
    for kit in Kit::all().await {
        let (early, late) = (code(&kit).await, code(&kit).await);
        kit.clock.pass(Duration::from_secs(59));
        assert_eq!(kit.redeem(&early).await.status, 200, "{}", kit.name);
        kit.clock.pass(Duration::from_secs(2));
        assert_eq!(kit.redeem(&late).await.error(), INVALID, "{}", kit.name);
    }
}

// RefreshToken, AccessTokenTypeHeaderCaseSensitivity
#[tokio::test]
async fn a_refresh_token_renews_the_grant_and_the_type_is_bearer() {
    for kit in Kit::all().await {
        let reply = kit.redeem(&code(&kit).await).await;
        assert_eq!(reply.text("token_type"), "Bearer");
        let first = reply.tokens();
        let second = kit.refresh(&first.refresh).await.tokens();
        assert!(kit.is_live(&second.access).await, "{}", kit.name);
        assert_ne!(first.refresh, second.refresh);
    }
}

#[tokio::test]
async fn scopes_and_resources_of_the_request_are_those_of_the_token() {
    let [weather, viewer] = clients();
    let viewer = viewer.audiences(["https://api.example", "https://maps.example"]);
    for kit in Kit::with(&[weather, viewer], |builder| builder).await {
        let narrow = request_with(&[("scope", Some("read")), ("resource", Some("https://api.example"))]);
        let done = Browser::new(&kit).allow(&narrow).await;
        let reply = kit.redeem(&done.answer("code").unwrap()).await;
        assert_eq!(reply.text("scope"), "read");
        let grant = kit.grant_of(&reply.tokens().access).await.unwrap();
        assert_eq!(grant.granted_audience, ["https://api.example"], "{}", kit.name);
        let foreign = request_with(&[("resource", Some("https://other.example"))]);
        let mut browser = Browser::new(&kit);
        assert_eq!(browser.get(&foreign).await.answer("error").as_deref(), Some("invalid_target"));
    }
}

/// Experiment D12, through the pages: of many that redeem one code, one gets tokens, and a replay
/// ends them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_redeem_one_code_of_a_browser_one_gets_tokens() {
    for kit in Kit::all().await {
        for _ in 0..5 {
            let code = code(&kit).await;
            let replies = futures_util::future::join_all((0..20).map(|_| kit.redeem(&code))).await;
            let issued: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
            assert_eq!(issued.len(), 1, "{}", kit.name);
            assert!(!kit.is_live(&issued[0].tokens().access).await, "{}: the others were replays", kit.name);
        }
    }
}

/// Experiment D13, through the pages: a request that its client leaves at any point leaves either
/// one code or none, and never a token that nothing can end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_leaves_while_it_allows_leaves_nothing_half_done() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let target = request();
        let page = browser.log_in(&target).await;
        for micros in [0, 10, 50, 100, 300, 1_000, 3_000] {
            let pressed = browser.press(&target, &page, "allow");
            let _ = tokio::time::timeout(Duration::from_micros(micros), pressed).await;
        }
        let asked = browser.get("/oauth2/logout").await;
        // What was begun goes on in its own task.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(browser.press("/oauth2/logout", &asked, "log_out").await.status, 200);
        let left = kit.grants.end_dyn(&Ending::User { user: "alice", client: None }).await.unwrap();
        assert_eq!(left, 0, "{}: every code ended with its session", kit.name);
    }
}
