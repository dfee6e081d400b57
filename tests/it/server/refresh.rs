//! Refresh tokens at the token endpoint (RFC 6749 section 6, RFC 9700 section 4.14).

use tower_principal::grant::{Ending, Lifetime, Lifetimes, RefreshRule};
use tower_principal::server::profile::{RefreshTokens, Rotation, STANDARD, ScopesAtRefresh};
use tower_principal::server::{Profile, Ways};

use super::*;

const INVALID: (u16, &str) = (400, "invalid_grant");
/// Longer than the grace window.
const LATER: Duration = Duration::from_secs(11);

/// Returns the standard profile with other rules for refresh tokens.
const fn with_refresh(refresh: RefreshTokens) -> Profile {
    Profile { ways: Ways { refresh: Some(refresh), ..STANDARD.ways }, ..STANDARD }
}

fn standard() -> RefreshTokens {
    STANDARD.ways.refresh.unwrap()
}

/// keycloak#45647 (CVE-2026-1035).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_91_of_fifty_calls_with_one_refresh_token_one_wins_and_the_family_lives() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        let replies = futures_util::future::join_all((0..50).map(|_| kit.refresh(&first.refresh))).await;
        let won: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(won.len(), 1, "{}", kit.name);
        assert!(replies.iter().all(|reply| reply.status == 200 || reply.error() == INVALID));
        let second = won[0].tokens();
        assert!(kit.is_live(&second.access).await, "the losers were benign: {}", kit.name);
        assert_eq!(kit.refresh(&second.refresh).await.status, 200);
        kit.clock.pass(LATER);
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID);
        assert!(!kit.is_live(&second.access).await, "a late reuse is none: {}", kit.name);
    }
}

/// nocturne#326, keycloak#26532, #35813, node-oidc-provider#1086.
#[tokio::test]
async fn req_92_reuse_ends_that_family_alone_and_the_next_log_in_works() {
    for kit in Kit::all().await {
        let (first, other) = (kit.log_in().await, kit.log_in().await);
        let second = kit.refresh(&first.refresh).await.tokens();
        kit.clock.pass(LATER);
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID);
        for access in [&first.access, &second.access] {
            assert!(!kit.is_live(access).await, "{}", kit.name);
        }
        assert_eq!(kit.refresh(&second.refresh).await.error(), INVALID);
        assert!(kit.is_live(&other.access).await, "another device: {}", kit.name);
        assert_eq!(kit.refresh(&other.refresh).await.status, 200);
        assert!(kit.is_live(&kit.log_in().await.access).await);
    }
}

/// DOT#1617, #1777.
#[tokio::test]
async fn req_93_the_grace_is_for_the_immediate_predecessor() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        let second = kit.refresh(&first.refresh).await.tokens();
        let third = kit.refresh(&second.refresh).await.tokens();
        assert_eq!(kit.refresh(&second.refresh).await.error(), INVALID);
        assert!(kit.is_live(&third.access).await, "the predecessor in its grace: {}", kit.name);
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID);
        assert!(!kit.is_live(&third.access).await, "one before it: {}", kit.name);
        assert_eq!(kit.refresh(&third.refresh).await.error(), INVALID);
    }
}

/// tracecat#2990.
#[tokio::test]
async fn req_93_the_grace_counts_from_the_rotation_and_no_retry_extends_it() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        let second = kit.refresh(&first.refresh).await.tokens();
        for _ in 0..3 {
            kit.clock.pass(Duration::from_secs(3));
            assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID);
            assert!(kit.is_live(&second.access).await, "{}", kit.name);
        }
        kit.clock.pass(Duration::from_secs(2));
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID);
        assert!(!kit.is_live(&second.access).await, "11 s after the rotation: {}", kit.name);
    }
}

/// DOT#631, #702.
#[tokio::test]
async fn what_a_refresh_answers_with_works_afterwards() {
    for kit in Kit::all().await {
        let mut tokens = kit.log_in().await;
        for _ in 0..20 {
            tokens = kit.refresh(&tokens.refresh).await.tokens();
            assert!(kit.is_live(&tokens.access).await, "{}", kit.name);
        }
    }
}

#[tokio::test]
async fn req_96_a_refresh_token_of_another_client_is_refused_and_not_used_up() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        let stolen = [("grant_type", "refresh_token"), ("refresh_token", &*first.refresh)];
        assert_eq!(kit.post_as_weather(&stolen).await.error(), INVALID, "{}", kit.name);
        assert_eq!(kit.refresh(&first.refresh).await.status, 200, "{}", kit.name);
    }
}

#[tokio::test]
async fn req_96_scopes_shrink_for_one_token_and_the_grant_keeps_them() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        for grown in ["admin", "read admin"] {
            let reply = kit.refresh_with(&first.refresh, &[("scope", grown)]).await;
            assert_eq!(reply.error(), (400, "invalid_scope"), "{} {grown}", kit.name);
        }
        let narrow = kit.refresh_with(&first.refresh, &[("scope", "read")]).await;
        assert_eq!(narrow.text("scope"), "read");
        let grant = kit.grant_of(&narrow.tokens().access).await.unwrap();
        assert_eq!(grant.scopes.as_str(), "read");
        let whole = kit.refresh(&narrow.tokens().refresh).await;
        assert_eq!(whole.text("scope"), "read write", "{}", kit.name);
    }
}

#[tokio::test]
async fn scopes_must_match_if_the_profile_demands_it() {
    let matching = with_refresh(RefreshTokens { scopes: ScopesAtRefresh::Match, ..standard() });
    for kit in Kit::with(&clients(), |builder| builder.only(matching)).await {
        let first = kit.log_in().await;
        assert_eq!(
            kit.refresh_with(&first.refresh, &[("scope", "read")]).await.error(),
            (400, "invalid_scope")
        );
        assert_eq!(kit.refresh_with(&first.refresh, &[("scope", "write read")]).await.status, 200);
    }
}

#[tokio::test]
async fn a_scope_that_was_removed_from_the_application_is_in_no_new_token() {
    for kit in Kit::all().await {
        let (first, code) = (kit.log_in().await, kit.code().await);
        let viewer = clients()[1].clone().scopes(["read"]);
        kit.change(&viewer).await;
        let asked = kit.refresh_with(&first.refresh, &[("scope", "write")]).await;
        assert_eq!(asked.error(), (400, "invalid_scope"), "{}", kit.name);
        assert_eq!(kit.refresh(&first.refresh).await.text("scope"), "read", "{}", kit.name);
        assert_eq!(kit.redeem(&code).await.text("scope"), "read", "{}", kit.name);
        let second = kit.log_in().await;
        kit.change(&viewer.clone().scopes(["other"])).await;
        assert_eq!(kit.refresh(&second.refresh).await.error(), (400, "invalid_scope"), "{}", kit.name);
        kit.change(&viewer).await;
        assert_eq!(kit.refresh(&second.refresh).await.status, 200, "it was not used up: {}", kit.name);
    }
}

#[tokio::test]
async fn a_client_that_may_no_longer_refresh_is_refused() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        kit.change(&clients()[1].clone().grants([GrantType::AuthorizationCode])).await;
        assert_eq!(kit.refresh(&first.refresh).await.error(), (400, "unauthorized_client"));
        assert_eq!(kit.log_in().await.refresh, "", "a refresh token that the client may not use");
    }
}

#[tokio::test]
async fn req_97_a_refresh_token_ends_when_it_is_idle_and_a_grant_ends_at_last() {
    let lifetimes = Lifetimes {
        access: Some(Lifetime::seconds(10)),
        refresh: Some(Lifetime::seconds(100)),
        grant: Some(Lifetime::seconds(250)),
    };
    let [weather, viewer] = clients();
    for kit in Kit::with(&[weather, viewer.lifetimes(lifetimes)], |builder| builder).await {
        let idle = kit.log_in().await;
        let mut used = kit.log_in().await;
        for _ in 0..2 {
            kit.clock.pass(Duration::from_secs(90));
            used = kit.refresh(&used.refresh).await.tokens();
        }
        assert_eq!(kit.refresh(&idle.refresh).await.error(), INVALID, "{}", kit.name);
        kit.clock.pass(Duration::from_secs(70));
        assert_eq!(kit.refresh(&used.refresh).await.error(), INVALID, "250 s are over: {}", kit.name);
    }
}

#[tokio::test]
async fn req_106_a_clock_that_jumps_back_an_hour_revives_nothing() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        kit.clock.pass(Duration::from_secs(2 * 3_600));
        let second = kit.refresh(&first.refresh).await.tokens();
        let ended = kit.log_in().await;
        let grant = kit.grant_of(&ended.access).await.unwrap();
        kit.grants.end_dyn(&Ending::Grant(&grant.id)).await.unwrap();
        kit.clock.back(Duration::from_secs(3_600));
        assert!(!kit.is_live(&ended.access).await, "{}", kit.name);
        assert_eq!(kit.refresh(&ended.refresh).await.error(), INVALID);
        // The current token works. A token that was used is reuse, and not a second current one.
        let third = kit.refresh(&second.refresh).await.tokens();
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID, "{}", kit.name);
        assert!(!kit.is_live(&third.access).await, "{}", kit.name);
    }
}

/// keycloak#50999.
#[tokio::test]
async fn req_95_generations_order_tokens_whatever_the_clock_shows() {
    for kit in Kit::all().await {
        let mut tokens = kit.log_in().await;
        for generation in 2..6 {
            kit.clock.back(Duration::from_secs(600));
            tokens = kit.refresh(&tokens.refresh).await.tokens();
            let grant = kit.grant_of(&tokens.access).await.unwrap();
            assert_eq!(grant.generation, generation, "{}", kit.name);
        }
    }
}

#[tokio::test]
async fn a_confidential_client_keeps_its_refresh_token_if_the_profile_rotates_public_ones_only() {
    let kept = with_refresh(RefreshTokens { rotation: Rotation::PublicClients, ..standard() });
    for kit in Kit::with(&clients(), |builder| builder.only(kept)).await {
        let code = kit.code_of(CodeOffer::new("weather", "alice")).await;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let first = kit.post_as_weather(&redeem).await.tokens();
        for _ in 0..3 {
            let ask = [("grant_type", "refresh_token"), ("refresh_token", &*first.refresh)];
            let reply = kit.post_as_weather(&ask).await;
            assert_eq!(reply.tokens().refresh, "", "{}: the same one stays in force", kit.name);
        }
        let public = kit.log_in().await;
        assert_ne!(kit.refresh(&public.refresh).await.tokens().refresh, "", "{}", kit.name);
    }
}

#[tokio::test]
async fn a_lost_answer_is_recovered_if_the_profile_allows_it_and_there_is_one_live_successor() {
    let rule = RefreshRule::new().recover(Duration::from_secs(60));
    let recovering = with_refresh(RefreshTokens { rule, ..standard() });
    for kit in Kit::with(&clients(), |builder| builder.only(recovering)).await {
        let first = kit.log_in().await;
        let lost = kit.refresh(&first.refresh).await.tokens();
        kit.clock.pass(Duration::from_secs(30));
        let again = kit.refresh(&first.refresh).await.tokens();
        assert!(!kit.is_live(&lost.access).await && kit.is_live(&again.access).await, "{}", kit.name);
        let third = kit.refresh(&again.refresh).await.tokens();
        // The lost token counts as reuse: either a thief has it, or the client has two states.
        assert_eq!(kit.refresh(&lost.refresh).await.error(), INVALID);
        assert!(!kit.is_live(&third.access).await, "{}", kit.name);
        // A recovery does not restore a scope that was removed.
        let other = kit.log_in().await;
        kit.refresh(&other.refresh).await.tokens();
        kit.change(&clients()[1].clone().scopes(["read"])).await;
        // What the client may not have is refused, and uses nothing up.
        for (flaw, error) in [
            (("scope", "admin"), "invalid_scope"),
            (("scope", "write"), "invalid_scope"),
            (("resource", "https://other.example"), "invalid_target"),
        ] {
            let refused = kit.refresh_with(&other.refresh, &[flaw]).await;
            assert_eq!(refused.error(), (400, error), "{}", kit.name);
        }
        let narrow = kit.refresh(&other.refresh).await;
        assert_eq!((narrow.status, narrow.text("scope")), (200, "read"), "{}", kit.name);
        assert!(kit.is_live(&narrow.tokens().access).await, "{}", kit.name);
        kit.change(&clients()[1]).await;
    }
}

/// DOT#1688.
#[tokio::test]
async fn an_ended_grant_is_purged_only_after_its_reuse_could_be_seen() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        let second = kit.refresh(&first.refresh).await.tokens();
        kit.clock.pass(Duration::from_secs(2 * 3_600));
        assert_eq!(kit.grants.purge_dyn(Duration::ZERO).await.unwrap(), 0, "{}: it can be renewed", kit.name);
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID);
        assert_eq!(kit.refresh(&second.refresh).await.error(), INVALID, "reuse was seen: {}", kit.name);
        kit.clock.pass(Duration::from_secs(31 * 24 * 3_600));
        assert_eq!(kit.grants.purge_dyn(Duration::from_secs(3_600)).await.unwrap(), 1, "{}", kit.name);
    }
}
