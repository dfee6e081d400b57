//! Codes at the token endpoint (RFC 6749 section 4.1.3, RFC 7636).

use tower_principal::grant::Ending;
use tower_principal::server::profile::{Codes, Pkce, STANDARD};
use tower_principal::server::{Profile, Ways};

use super::*;

/// A profile that does not require challenges.
const LENIENT: Profile = Profile {
    ways: Ways { codes: Codes { pkce: Pkce::Accepted, ..STANDARD.ways.codes }, ..STANDARD.ways },
    ..STANDARD
};

/// Returns the parameters of a valid request, with some replaced or left out.
fn redeeming<'p>(code: &'p str, changes: &[(&'p str, Option<&'p str>)]) -> Vec<(&'p str, &'p str)> {
    let good = [
        ("grant_type", "authorization_code"),
        ("client_id", "viewer"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let changed = |name: &str| changes.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
    let kept =
        good.into_iter().filter_map(|(name, value)| Some((name, changed(name).unwrap_or(Some(value))?)));
    kept.collect()
}

#[tokio::test]
async fn a_code_is_redeemed_for_tokens_of_its_user_and_scopes() {
    for kit in Kit::all().await {
        let code = kit.code_of(CodeOffer::new("viewer", "alice").scopes(["read"])).await;
        let reply = kit.redeem(&code).await;
        let tokens = reply.tokens();
        assert_eq!(reply.text("scope"), "read");
        assert!(kit.is_live(&tokens.access).await && !tokens.refresh.is_empty(), "{}", kit.name);
        let grant = kit.grant_of(&tokens.access).await.unwrap();
        assert_eq!((grant.user.as_deref(), &*grant.client), (Some("alice"), "viewer"));
    }
}

/// A user that agrees to nothing gives nothing, and a name that is no scope is not all scopes.
#[tokio::test]
async fn an_offer_without_a_scope_grants_none_and_an_offer_that_names_no_list_grants_all() {
    for kit in Kit::all().await {
        for (offer, expected) in [
            (CodeOffer::new("viewer", "alice").scopes(Vec::<&str>::new()), ""),
            (CodeOffer::new("viewer", "alice").scopes(["r\u{e9}ad"]), ""),
            (CodeOffer::new("viewer", "alice").scopes(["read", "r\u{e9}ad"]), "read"),
            (CodeOffer::new("viewer", "alice"), "read write"),
        ] {
            let tokens = kit.redeem(&kit.code_of(offer).await).await.tokens();
            let grant = kit.grant_of(&tokens.access).await.unwrap();
            let granted = (grant.scopes.as_str(), grant.granted_scopes.as_str());
            assert_eq!(granted, (expected, expected), "{}", kit.name);
            // A refresh adds none either.
            let tokens = kit.refresh(&tokens.refresh).await.tokens();
            assert_eq!(kit.grant_of(&tokens.access).await.unwrap().scopes.as_str(), expected);
        }
    }
}

#[tokio::test]
async fn req_77_req_80_a_code_is_bound_to_its_client_redirect_uri_and_challenge() {
    let long = "a".repeat(129);
    for kit in Kit::all().await {
        let code = kit.code().await;
        for changes in [
            ("code_verifier", None),
            ("code_verifier", Some("wrong-verifier-wrong-verifier-wrong-verifier")),
            ("code_verifier", Some("short")),
            ("code_verifier", Some(CHALLENGE)),
            ("code_verifier", Some(&long)),
            ("redirect_uri", None),
            ("redirect_uri", Some("https://viewer.example/callback/")),
            ("redirect_uri", Some("https://viewer.example/Callback")),
            ("redirect_uri", Some("https://viewer.example/callback?x")),
        ] {
            let reply = kit.post(&redeeming(&code, &[changes])).await;
            assert_eq!(reply.error(), (400, "invalid_grant"), "{} {changes:?}", kit.name);
        }
        let other: Vec<_> = redeeming(&code, &[("client_id", None)]);
        assert_eq!(kit.post_as_weather(&other).await.error(), (400, "invalid_grant"), "another client");
        let mut flipped = code.clone().into_bytes();
        flipped[10] ^= 1;
        let flipped = String::from_utf8(flipped).unwrap();
        assert_eq!(kit.redeem(&flipped).await.error(), (400, "invalid_grant"));
        // None of these requests used the code or ended its grant.
        assert!(kit.is_live(&kit.redeem(&code).await.tokens().access).await, "{}", kit.name);
    }
}

/// kanidm#1097, keycloak#26808, league#1323.
#[tokio::test]
async fn req_77_a_verifier_for_a_code_without_a_challenge_is_refused() {
    for kit in Kit::with(&clients(), |builder| builder.only(LENIENT)).await {
        let offer = || CodeOffer::new("weather", "alice").redirect_uri(CALLBACK);
        let code = kit.server.offer(offer()).await.unwrap().expose_secret().to_owned();
        let with_verifier: Vec<_> = redeeming(&code, &[("client_id", None)]);
        assert_eq!(kit.post_as_weather(&with_verifier).await.error(), (400, "invalid_grant"), "{}", kit.name);
        let malformed: Vec<_> = redeeming(&code, &[("client_id", None), ("code_verifier", Some("short"))]);
        assert_eq!(kit.post_as_weather(&malformed).await.error(), (400, "invalid_grant"), "{}", kit.name);
        let without: Vec<_> = redeeming(&code, &[("client_id", None), ("code_verifier", None)]);
        assert_eq!(kit.post_as_weather(&without).await.status, 200, "{}", kit.name);
        // A public client always has a challenge.
        let public = CodeOffer::new("viewer", "alice").redirect_uri(CALLBACK);
        assert!(kit.server.offer(public).await.is_err());
    }
    for kit in Kit::all().await {
        let offer = CodeOffer::new("weather", "alice").redirect_uri(CALLBACK);
        assert!(kit.server.offer(offer.clone()).await.is_err(), "the standard demands a challenge");
        for challenge in ["x", &CHALLENGE[1..], &format!("{CHALLENGE}="), &CHALLENGE.replace('-', "+")] {
            assert!(kit.server.offer(offer.clone().challenge(challenge)).await.is_err(), "{challenge}");
        }
    }
}

/// doorkeeper#1415.
#[tokio::test]
async fn a_verifier_at_another_grant_type_is_ignored() {
    for kit in Kit::all().await {
        let ask = [("grant_type", "client_credentials"), ("code_verifier", VERIFIER)];
        assert_eq!(kit.post_as_weather(&ask).await.status, 200);
        let first = kit.log_in().await;
        let reply = kit.refresh_with(&first.refresh, &[("code_verifier", "short"), ("code", "x")]).await;
        assert_eq!(reply.status, 200, "{}", kit.name);
    }
}

/// product-is#10401, esignet#2262, workers#148, SAS#1152.
#[tokio::test]
async fn req_79_a_code_that_is_used_twice_is_refused_and_ends_its_tokens() {
    for kit in Kit::all().await {
        let code = kit.code().await;
        let first = kit.redeem(&code).await.tokens();
        // A request with the code by another client, or with a wrong verifier, ends nothing.
        let other = redeeming(&code, &[("client_id", None)]);
        assert_eq!(kit.post_as_weather(&other).await.error(), (400, "invalid_grant"));
        assert!(kit.is_live(&first.access).await, "{}", kit.name);
        let second = kit.refresh(&first.refresh).await.tokens();
        assert_eq!(kit.redeem(&code).await.error(), (400, "invalid_grant"));
        for access in [&first.access, &second.access] {
            assert!(!kit.is_live(access).await, "{}", kit.name);
        }
        assert_eq!(kit.refresh(&second.refresh).await.error(), (400, "invalid_grant"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_79_of_fifty_calls_with_one_code_at_most_one_gets_tokens_and_they_die() {
    for kit in Kit::all().await {
        let code = kit.code().await;
        let calls = (0..50).map(|_| kit.redeem(&code));
        let replies = futures_util::future::join_all(calls).await;
        let won: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(won.len(), 1, "{}", kit.name);
        assert!(replies.iter().all(|reply| reply.status == 200 || reply.error() == (400, "invalid_grant")));
        // The other requests were further uses of the code, so they ended its tokens.
        assert!(!kit.is_live(won[0].text("access_token")).await, "{}", kit.name);
    }
}

#[tokio::test]
async fn req_78_a_code_ends_after_a_minute() {
    for kit in Kit::all().await {
        let (early, late) = (kit.code().await, kit.code().await);
        kit.clock.pass(Duration::from_secs(59));
        assert_eq!(kit.redeem(&early).await.status, 200);
        kit.clock.pass(Duration::from_secs(1));
        assert_eq!(kit.redeem(&late).await.error(), (400, "invalid_grant"), "{}", kit.name);
    }
}

/// breeze#5553.
#[tokio::test]
async fn ending_an_applications_access_ends_its_codes_that_are_not_redeemed() {
    for kit in Kit::all().await {
        let (code, before) = (kit.code().await, kit.log_in().await);
        let weather = kit.post_as_weather(&[("grant_type", "client_credentials")]).await.tokens();
        let ending = Ending::User { user: "alice", client: Some("viewer") };
        assert_eq!(kit.grants.end_dyn(&ending).await.unwrap(), 2, "{}", kit.name);
        assert_eq!(kit.redeem(&code).await.error(), (400, "invalid_grant"));
        assert!(!kit.is_live(&before.access).await && kit.is_live(&weather.access).await);
        // node-oidc-provider#1086: the next authorization works.
        assert!(kit.is_live(&kit.log_in().await.access).await, "{}", kit.name);
    }
}

/// etherpad#7837.
#[tokio::test]
async fn redeeming_and_refreshing_extend_no_end() {
    let [weather, viewer] = clients();
    let lifetimes = tower_principal::grant::Lifetimes {
        grant: Some(tower_principal::grant::Lifetime::seconds(5_000)),
        ..Default::default()
    };
    for kit in Kit::with(&[weather, viewer.lifetimes(lifetimes)], |builder| builder).await {
        let code = kit.code().await;
        kit.clock.pass(Duration::from_secs(50));
        let first = kit.redeem(&code).await;
        assert_eq!(first.json["expires_in"], 3600);
        kit.clock.pass(Duration::from_secs(1_950));
        let second = kit.refresh(&first.tokens().refresh).await;
        // The grant has 3,000 s left, and an access token never outlasts it.
        assert_eq!(second.json["expires_in"], 3000, "{}", kit.name);
        kit.clock.pass(Duration::from_secs(3_000));
        assert!(!kit.is_live(&second.tokens().access).await);
        assert_eq!(kit.refresh(&second.tokens().refresh).await.error(), (400, "invalid_grant"));
    }
}

#[tokio::test]
async fn an_offer_is_within_the_registration_of_its_client() {
    for kit in Kit::all().await {
        let good = || CodeOffer::new("viewer", "alice").challenge(CHALLENGE).redirect_uri(CALLBACK);
        assert!(kit.server.offer(good()).await.is_ok());
        for bad in [
            CodeOffer::new("nobody", "alice").challenge(CHALLENGE),
            good().redirect_uri("https://evil.example/callback"),
            good().scopes(["admin"]),
            good().scopes(["read", "admin"]),
            good().audience(["https://unknown.example"]),
        ] {
            assert!(kit.server.offer(bad.clone()).await.is_err(), "{} {bad:?}", kit.name);
        }
        let viewer = clients()[1].clone().grants([GrantType::RefreshToken]);
        kit.change(&viewer).await;
        assert!(kit.server.offer(good()).await.is_err(), "codes are no longer registered");
    }
}
