//! Redirect URIs at the authorization endpoint. Names in comments are modules of the OpenID
//! conformance suite.

use proptest::prelude::*;
use tower_principal::grant::{Application, GrantType};

use super::authorize_requests::{GOOD, Outcome, ask, outcome, outcome_of, with, without};
use super::{CALLBACK, CHALLENGE, Kit, clients, encoded};
use crate::support::*;

#[tokio::test]
async fn req_75_the_query_of_a_redirect_uri_is_compared_and_kept() {
    let registered = "https://viewer.example/callback?tenant=a%20b&x=1";
    let viewer = Application::public("viewer").redirect(registered).grants([GrantType::AuthorizationCode]);
    for kit in Kit::with(&[viewer], |builder| builder).await {
        // RedirectUriQueryOK: oidcc-redirect-uri-query-ok
        assert_eq!(outcome(&kit, &with("redirect_uri", registered)).await, Outcome::LogIn);
        let bad = [&with("redirect_uri", registered)[..], &[("scope", "unknown")]].concat();
        let reply = ask(&kit, &bad).await;
        let location = reply.header("location").unwrap();
        assert!(location.starts_with(&format!("{registered}&error=invalid_scope&")), "{location}");
        for other in [
            // RedirectUriQueryMismatch: oidcc-redirect-uri-query-mismatch
            "https://viewer.example/callback?tenant=a%20b&x=2",
            // RedirectUriQueryAdded: oidcc-redirect-uri-query-added
            "https://viewer.example/callback?tenant=a%20b&x=1&y=2",
            "https://viewer.example/callback?tenant=a+b&x=1",
            "https://viewer.example/callback",
        ] {
            assert_eq!(outcome(&kit, &with("redirect_uri", other)).await, Outcome::Page(400), "{other}");
        }
    }
}

/// RedirectUriRegFrag: oidcc-redirect-uri-regfrag.
#[tokio::test]
async fn req_73_a_redirect_uri_that_cannot_be_used_is_a_page_although_it_is_registered() {
    for registered in [
        "https://viewer.example/cb#fragment",
        "https:viewer.example",
        "javascript:alert(1)",
        "https://user@viewer.example/cb",
        "https://viewer.example/cb?code=x",
        "myapp:/cb",
    ] {
        let client =
            Application::public("viewer").redirect(registered).grants([GrantType::AuthorizationCode]);
        // The database does not register such a URI.
        let kit = Kit::memory(&[client], &|builder| builder);
        for parameters in [with("redirect_uri", registered), without("redirect_uri")] {
            assert_eq!(outcome(&kit, &parameters).await, Outcome::Page(400), "{registered}");
        }
    }
}

#[tokio::test]
async fn req_73_an_app_on_a_loopback_address_chooses_its_port_at_the_endpoint() {
    let client = Application::public("viewer").grants([GrantType::AuthorizationCode]);
    let client =
        client.redirect("http://127.0.0.1/cb").redirect("http://[::1]/cb").redirect("http://localhost/cb");
    for kit in Kit::with(&[client], |builder| builder).await {
        for good in ["http://127.0.0.1:49152/cb", "http://[::1]:1/cb", "http://localhost/cb"] {
            assert_eq!(outcome(&kit, &with("redirect_uri", good)).await, Outcome::LogIn, "{good}");
        }
        for bad in ["http://127.0.0.1:49152/", "http://localhost:49152/cb", "http://x.localhost/cb"] {
            assert_eq!(outcome(&kit, &with("redirect_uri", bad)).await, Outcome::Page(400), "{bad}");
        }
    }
}

/// Generates queries in which parameters are missing, repeated, broken or foreign.
fn queries() -> impl Strategy<Value = String> {
    let mut names: Vec<&str> = GOOD.iter().map(|(name, _)| *name).collect();
    names.extend(["scope", "resource", "request", "response_mode", "unknown", "%zz", "", "st%61te"]);
    let mut values: Vec<&str> =
        vec!["code", "viewer", CALLBACK, CHALLENGE, "S256", "read", "", "%", "%ff", "%00"];
    values.extend(["https://evil.example", "javascript:alert(1)", "//evil.example", "weather", "+%20"]);
    let pair = (prop::sample::select(names), prop::sample::select(values));
    let pairs = prop::collection::vec(pair.prop_map(|(name, value)| format!("{name}={value}")), 0..4);
    let good: Vec<String> = GOOD.iter().map(|pair| encoded(&[*pair])).collect();
    (prop::sample::subsequence(good, 0..=GOOD.len()), pairs, "[!$'()*,;:@/?A-Za-z0-9._~=&%+-]{0,20}")
        .prop_map(|(good, pairs, noise)| [good, pairs, vec![noise]].concat().join("&"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// [`outcome_of`] checks that a redirect goes to the registered URI.
    #[test]
    fn req_59_req_70_no_query_panics_or_redirects_elsewhere(query in queries()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let kit = Kit::memory(&clients(), &|builder| builder);
            let reply = kit.send(get(&format!("/oauth2/authorize?{query}"), &[])).await;
            match outcome_of(&reply) {
                Outcome::Page(status) => assert_eq!(status, 400, "{query}"),
                Outcome::LogIn | Outcome::Error(_) => {}
            }
        });
    }
}
