//! Tokens for one service (RFC 8707).

use super::*;

const A: &str = "https://a.example";
const B: &str = "https://b.example/api";
const C: &str = "https://c.example";

/// Returns kits whose `weather` and `viewer` may request tokens for A and B; the server also has C.
async fn kits() -> Vec<Kit> {
    let applications = clients().map(|application| application.audiences([A, B]));
    Kit::with(&applications, |builder| builder.resource(C, ["read"])).await
}

async fn audience(kit: &Kit, reply: &Reply) -> Vec<String> {
    kit.grant_of(&reply.tokens().access).await.unwrap().audience
}

#[tokio::test]
async fn a_token_is_for_the_resources_that_the_client_asks_for_within_its_registration() {
    for kit in kits().await {
        let ask = ("grant_type", "client_credentials");
        assert_eq!(audience(&kit, &kit.post_as_weather(&[ask]).await).await, [A, B], "{}", kit.name);
        let one = kit.post_as_weather(&[ask, ("resource", B), ("resource", B)]).await;
        assert_eq!(audience(&kit, &one).await, [B], "{}", kit.name);
        for bad in
            [C, "https://a.example/", "https://A.example", "a.example", "https://a.example#x", "*", "/"]
        {
            let reply = kit.post_as_weather(&[ask, ("resource", A), ("resource", bad)]).await;
            assert_eq!(reply.error(), (400, "invalid_target"), "{} {bad}", kit.name);
        }
    }
    // Without its own list, an application may request the server's resources, and no others.
    for kit in Kit::with(&clients(), |builder| builder.resource(C, ["read"])).await {
        let ask = ("grant_type", "client_credentials");
        let reply = kit.post_as_weather(&[ask, ("resource", C)]).await;
        assert_eq!(audience(&kit, &reply).await, [C], "{}", kit.name);
        let other = kit.post_as_weather(&[ask, ("resource", A)]).await;
        assert_eq!(other.error(), (400, "invalid_target"), "{}", kit.name);
    }
}

/// casdoor#5744, mcp-security#31.
#[tokio::test]
async fn the_audience_survives_every_refresh() {
    for kit in kits().await {
        let code = kit.code_of(CodeOffer::new("viewer", "alice").audience([A])).await;
        let mut reply = kit.redeem(&code).await;
        for _ in 0..3 {
            assert_eq!(audience(&kit, &reply).await, [A], "{}", kit.name);
            reply = kit.refresh(&reply.tokens().refresh).await;
        }
        let whole = kit.redeem(&kit.code().await).await;
        let narrow = kit.refresh_with(&whole.tokens().refresh, &[("resource", B)]).await;
        assert_eq!(audience(&kit, &narrow).await, [B], "{}", kit.name);
        let again = kit.refresh(&narrow.tokens().refresh).await;
        assert_eq!(audience(&kit, &again).await, [A, B], "{}: the grant keeps its audience", kit.name);
    }
}

/// nanoidp#256, Abblix#205, rust-sdk#1084.
#[tokio::test]
async fn a_resource_that_was_not_granted_is_refused_and_uses_nothing_up() {
    for kit in kits().await {
        let code = kit.code_of(CodeOffer::new("viewer", "alice").audience([A])).await;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("client_id", "viewer"),
            ("code", &*code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        for bad in [B, C, "https://a.example/", "HTTPS://a.example"] {
            let reply = kit.post(&[&redeem[..], &[("resource", bad)]].concat()).await;
            assert_eq!(reply.error(), (400, "invalid_target"), "{} {bad}", kit.name);
        }
        let first = kit.post(&[&redeem[..], &[("resource", A)]].concat()).await.tokens();
        for bad in [B, C] {
            let reply = kit.refresh_with(&first.refresh, &[("resource", A), ("resource", bad)]).await;
            assert_eq!(reply.error(), (400, "invalid_target"), "{} {bad}", kit.name);
        }
        assert_eq!(kit.refresh(&first.refresh).await.status, 200, "{}: not used up", kit.name);
    }
    // A grant without a resource cannot get one later.
    for kit in Kit::with(&clients(), |builder| builder.resource(C, ["read"])).await {
        let first = kit.log_in().await;
        let reply = kit.refresh_with(&first.refresh, &[("resource", C)]).await;
        assert_eq!(reply.error(), (400, "invalid_target"), "{}", kit.name);
        assert_eq!(kit.refresh(&first.refresh).await.status, 200, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_resource_that_was_removed_from_the_application_is_in_no_new_token() {
    for kit in kits().await {
        let (both, one) =
            (kit.log_in().await, kit.code_of(CodeOffer::new("viewer", "alice").audience([B])).await);
        let [_, viewer] = clients();
        kit.change(&viewer.clone().audiences([A])).await;
        let reply = kit.refresh(&both.refresh).await;
        assert_eq!(audience(&kit, &reply).await, [A], "{}", kit.name);
        assert_eq!(kit.redeem(&one).await.error(), (400, "invalid_target"), "{}", kit.name);
        // A grant without a resource, from before the application had a list.
        kit.change(&viewer).await;
        let any = Kit::log_in(&kit).await;
        kit.change(&viewer.audiences([A])).await;
        assert_eq!(kit.refresh(&any.refresh).await.error(), (400, "invalid_target"), "{}", kit.name);
    }
}
