//! The rules of codes and refresh tokens, each on every store.

use std::sync::Arc;
use std::time::Duration;

use tower_principal::Secret;
use tower_principal::grant::{
    CodeProof, DynGrants, Ending, MemoryGrants, NewCode, Presented, Redemption, RefreshRule, Renewal,
};
use tower_principal::test_util::TestClock;

use super::*;
use crate::sql::Place;

type Store = Arc<dyn DynGrants>;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const REDIRECT: &str = "https://viewer.example/callback?next=%2F";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Returns a store of each kind, with its clock and its database.
async fn stores() -> Vec<(Store, TestClock, Option<Place>)> {
    let clock = TestClock::default();
    let memory: Store = Arc::new(MemoryGrants::new().with_clock(clock.clone()));
    let mut stores = vec![(memory, clock, None)];
    for place in Place::all() {
        let clock = TestClock::default();
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        stores.push((Arc::new(verifier.store()) as Store, clock, Some(place)));
    }
    stores
}

async fn offered(store: &Store, challenge: Option<&str>) -> (GrantId, IssuedToken) {
    let draft = new("viewer").user("alice").scopes(["read"]).lifetime(HOUR * 48);
    let code = SHAPE.code(&draft.id).unwrap();
    let mut offer = NewCode::new(code.digest, SECOND * 60).redirect_uri(REDIRECT);
    offer.challenge = challenge.map(str::to_owned);
    store.offer(&draft, &offer).await.unwrap();
    (draft.id, code)
}

fn proof() -> CodeProof<'static> {
    CodeProof::new("viewer").redirect_uri(REDIRECT).verifier(&Secret::borrowed(VERIFIER)).unwrap()
}

async fn live(store: &Store, access: &IssuedToken, refresh: &IssuedRefresh) -> [bool; 2] {
    let access = store.find(&Presented::Access(access.digest)).await.unwrap().is_some();
    [access, store.find(&Presented::Refresh(refresh.digests)).await.unwrap().is_some()]
}

async fn renew(
    store: &Store,
    id: &GrantId,
    with: &IssuedRefresh,
    rule: &RefreshRule,
) -> (Renewal, IssuedToken, IssuedRefresh) {
    let (next, access, refresh) = following(id, with);
    (store.renew(&with.digests, "viewer", rule, &next).await.unwrap(), access, refresh)
}

#[tokio::test]
async fn req_79_a_code_that_is_used_twice_ends_all_that_came_of_it() {
    for (store, _, _place) in stores().await {
        let (id, code) = offered(&store, Some(CHALLENGE)).await;
        let (next, access, refresh) = tokens(&id, None);
        let first = store.redeem(&code.digest, &proof(), &next).await.unwrap();
        assert!(matches!(first, Redemption::Redeemed(_)), "{first:?}");
        let (_, later, successor) = renew(&store, &id, &refresh, &RefreshRule::new()).await;
        let second = store.redeem(&code.digest, &proof(), &tokens(&id, None).0).await.unwrap();
        assert!(matches!(second, Redemption::Replayed(replayed) if replayed == id));
        assert_eq!(live(&store, &access, &refresh).await, [false, false]);
        assert_eq!(live(&store, &later, &successor).await, [false, false]);
        // The next authorization of the same user and client works.
        let (id, code) = offered(&store, Some(CHALLENGE)).await;
        let next = store.redeem(&code.digest, &proof(), &tokens(&id, None).0).await.unwrap();
        assert!(matches!(next, Redemption::Redeemed(_)), "{next:?}");
    }
}

#[tokio::test]
async fn req_80_the_redirect_uri_is_compared_byte_for_byte() {
    for (store, _, _place) in stores().await {
        let (id, code) = offered(&store, Some(CHALLENGE)).await;
        for other in [
            "https://viewer.example/callback",
            "https://viewer.example/callback?next=%2f",
            "https://viewer.example/callback?next=/",
            "https://VIEWER.example/callback?next=%2F",
            "https://viewer.example/callback?next=%2F ",
            "",
        ] {
            let wrong = CodeProof::new("viewer").redirect_uri(other);
            let wrong = wrong.verifier(&Secret::borrowed(VERIFIER)).unwrap();
            let outcome = store.redeem(&code.digest, &wrong, &tokens(&id, None).0).await.unwrap();
            assert!(matches!(outcome, Redemption::Unknown), "{other}: {outcome:?}");
        }
        let outcome = store.redeem(&code.digest, &proof(), &tokens(&id, None).0).await.unwrap();
        assert!(matches!(outcome, Redemption::Redeemed(_)), "no wrong URI used up the code");
    }
}

#[tokio::test]
async fn req_77_a_wrong_a_missing_and_an_unexpected_verifier_are_refused() {
    for (store, _, _place) in stores().await {
        let bare = CodeProof::new("viewer").redirect_uri(REDIRECT);
        let other = bare.clone().verifier(&Secret::borrowed(&"a".repeat(43))).unwrap();
        let (id, code) = offered(&store, Some(CHALLENGE)).await;
        for wrong in [&bare, &other] {
            let outcome = store.redeem(&code.digest, wrong, &tokens(&id, None).0).await.unwrap();
            assert!(matches!(outcome, Redemption::Unknown), "{outcome:?}");
        }
        // A verifier for a code without a challenge.
        let (id, code) = offered(&store, None).await;
        let outcome = store.redeem(&code.digest, &proof(), &tokens(&id, None).0).await.unwrap();
        assert!(matches!(outcome, Redemption::Unknown), "{outcome:?}");
        let outcome = store.redeem(&code.digest, &bare, &tokens(&id, None).0).await.unwrap();
        assert!(matches!(outcome, Redemption::Redeemed(_)), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_91_of_fifty_calls_with_one_refresh_token_one_wins() {
    for (store, _, _place) in stores().await {
        let (grant, _, refresh) = issue(&store, new("viewer").user("alice")).await;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (store, shown) = (Arc::clone(&store), refresh.digests);
            let (next, access, successor) = following(&grant.id, &refresh);
            calls.spawn(async move {
                let outcome = (*store).renew_dyn(&shown, "viewer", &RefreshRule::new(), &next).await;
                (outcome.unwrap(), access, successor)
            });
        }
        let outcomes = calls.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|(outcome, ..)| matches!(outcome, Renewal::Renewed(_)));
        assert_eq!((won.len(), lost.len()), (1, 49));
        assert!(lost.iter().all(|(outcome, ..)| matches!(outcome, Renewal::Superseded(_))));
        assert_eq!(live(&store, &won[0].1, &won[0].2).await, [true, true]);
        for (_, access, successor) in &lost {
            assert_eq!(live(&store, access, successor).await, [false, false]);
        }
    }
}

#[tokio::test]
async fn req_92_reuse_ends_that_grant_with_its_access_tokens_and_no_other() {
    for (store, _, _place) in stores().await {
        let rule = RefreshRule::new().grace(Duration::ZERO);
        let (grant, access, first) = issue(&store, new("viewer").user("alice")).await;
        let (_, other_access, other) = issue(&store, new("viewer").user("alice")).await;
        let (_, second_access, second) = renew(&store, &grant.id, &first, &rule).await;
        assert_eq!(live(&store, &access, &first).await, [true, false]);
        let (outcome, minted, successor) = renew(&store, &grant.id, &first, &rule).await;
        assert!(matches!(outcome, Renewal::Reused(id) if id == grant.id));
        for (access, refresh) in [(&access, &first), (&second_access, &second), (&minted, &successor)] {
            assert_eq!(live(&store, access, refresh).await, [false, false]);
        }
        assert_eq!(live(&store, &other_access, &other).await, [true, true], "another device of the user");
    }
}

#[tokio::test]
async fn req_93_the_grace_is_for_the_immediate_predecessor_and_no_retry_extends_it() {
    for (store, clock, _place) in stores().await {
        let rule = RefreshRule::new();
        // The order is R1, R2, R3, then R1 within the window.
        let (grant, _, first) = issue(&store, new("viewer").user("alice")).await;
        let (_, _, second) = renew(&store, &grant.id, &first, &rule).await;
        let (_, access, third) = renew(&store, &grant.id, &second, &rule).await;
        let (outcome, ..) = renew(&store, &grant.id, &second, &rule).await;
        assert!(matches!(outcome, Renewal::Superseded(_)), "{outcome:?}");
        assert_eq!(live(&store, &access, &third).await, [true, true]);
        let (outcome, ..) = renew(&store, &grant.id, &first, &rule).await;
        assert!(matches!(outcome, Renewal::Reused(_)), "{outcome:?}");
        assert_eq!(live(&store, &access, &third).await, [false, false]);

        let (grant, _, first) = issue(&store, new("viewer").user("alice")).await;
        _ = renew(&store, &grant.id, &first, &rule).await;
        for _ in 0..3 {
            clock.advance(SECOND * 3);
            let (outcome, ..) = renew(&store, &grant.id, &first, &rule).await;
            assert!(matches!(outcome, Renewal::Superseded(_)), "{outcome:?}");
        }
        clock.advance(SECOND);
        let (outcome, ..) = renew(&store, &grant.id, &first, &rule).await;
        assert!(matches!(outcome, Renewal::Reused(_)), "{outcome:?}");
        assert_eq!(RefreshRule::new().grace(HOUR).grace_window(), RefreshRule::LONGEST_GRACE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_94_nothing_of_a_grant_lives_after_its_end_has_returned() {
    for (store, _, _place) in stores().await {
        for _ in 0..30 {
            let (grant, access, first) = issue(&store, new("viewer").user("alice")).await;
            let renewals = [following(&grant.id, &first), following(&grant.id, &first)];
            let mut calls = tokio::task::JoinSet::new();
            for (next, ..) in &renewals {
                let (store, next, shown) = (Arc::clone(&store), next.clone(), first.digests);
                calls.spawn(async move {
                    _ = (*store).renew_dyn(&shown, "viewer", &RefreshRule::new(), &next).await.unwrap();
                });
            }
            let token = Presented::Refresh(first.digests);
            assert_eq!(store.end(&Ending::Token { token: &token, client: "viewer" }).await.unwrap(), 1);
            // This also ends the tokens of a renewal that is still under way.
            calls.join_all().await;
            assert_eq!(live(&store, &access, &first).await, [false, false]);
            for (_, access, refresh) in &renewals {
                assert_eq!(live(&store, access, refresh).await, [false, false]);
            }
        }
    }
}

#[tokio::test]
async fn req_95_generations_order_tokens_while_the_clock_jumps_back() {
    for (store, clock, _place) in stores().await {
        let (grant, _, mut refresh) = issue(&store, new("viewer").user("alice")).await;
        let first = following(&grant.id, &refresh).2;
        let mut before = 1;
        for _ in 0..5 {
            clock.set_back(HOUR);
            let (outcome, _, next) = renew(&store, &grant.id, &refresh, &RefreshRule::new()).await;
            let Renewal::Renewed(renewed) = outcome else { panic!("{outcome:?}") };
            assert_eq!(renewed.generation, before + 1);
            assert_eq!(renewed.token_id(), format!("{}.{}", grant.id, before + 1));
            (before, refresh) = (renewed.generation, next);
        }
        let (outcome, ..) = renew(&store, &grant.id, &first, &RefreshRule::new()).await;
        assert!(matches!(outcome, Renewal::Reused(_)), "{outcome:?}");
    }
}

#[tokio::test]
async fn req_96_another_clients_refresh_token_is_refused_and_not_used_up() {
    for (store, _, _place) in stores().await {
        let (grant, access, refresh) = issue(&store, new("viewer").user("alice")).await;
        let (next, ..) = following(&grant.id, &refresh);
        for other in ["other", "Viewer", "viewer ", ""] {
            let outcome = store.renew(&refresh.digests, other, &RefreshRule::new(), &next).await.unwrap();
            assert!(matches!(outcome, Renewal::Unknown), "{outcome:?}");
        }
        assert_eq!(live(&store, &access, &refresh).await, [true, true]);
        let (outcome, ..) = renew(&store, &grant.id, &refresh, &RefreshRule::new()).await;
        assert!(matches!(outcome, Renewal::Renewed(_)), "{outcome:?}");
    }
}

#[tokio::test]
async fn req_97_a_refresh_token_ends_when_it_is_idle_and_with_its_grant() {
    for (store, clock, _place) in stores().await {
        let rule = RefreshRule::new();
        let (grant, _, first) = issue(&store, new("viewer").lifetime(HOUR * 40)).await;
        clock.advance(HOUR * 23);
        let (outcome, _, second) = renew(&store, &grant.id, &first, &rule).await;
        let Renewal::Renewed(renewed) = outcome else { panic!("{outcome:?}") };
        // The grant has 17 hours left, which is less than the idle time of 24 hours.
        let left = renewed.refresh_expires_at.unwrap().duration_since(renewed.now).unwrap();
        assert_eq!(left, HOUR * 17);
        clock.advance(HOUR * 17);
        let (outcome, ..) = renew(&store, &grant.id, &second, &rule).await;
        assert!(matches!(&outcome, Renewal::Ended(id) if *id == grant.id), "{outcome:?}");
        let (grant, _, idle) = issue(&store, new("viewer")).await;
        clock.advance(HOUR * 24);
        let (outcome, ..) = renew(&store, &grant.id, &idle, &rule).await;
        assert!(matches!(&outcome, Renewal::Ended(id) if *id == grant.id), "{outcome:?}");
    }
}

/// The clock of the store decides every expiry, to the millisecond, and redeeming a code extends no
/// expiry of the grant.
#[tokio::test]
async fn req_106_one_clock_decides_every_end() {
    for (store, clock, _place) in stores().await {
        let (id, code) = offered(&store, Some(CHALLENGE)).await;
        clock.advance(SECOND * 60 - Duration::from_millis(1));
        assert!(store.find(&Presented::Code(code.digest)).await.unwrap().is_some());
        let (next, access, refresh) = tokens(&id, None);
        let outcome = store.redeem(&code.digest, &proof(), &next).await.unwrap();
        let Redemption::Redeemed(grant) = outcome else { panic!("{outcome:?}") };
        assert_eq!(grant.expires_in(), Some(3_600));
        clock.advance(HOUR - Duration::from_millis(1));
        assert_eq!(live(&store, &access, &refresh).await, [true, true]);
        clock.advance(Duration::from_millis(1));
        assert_eq!(live(&store, &access, &refresh).await, [false, true]);
        // Redeeming the code used one minute of the grant's 48 hours.
        clock.advance(HOUR * 22);
        let (_, _, refresh) = renew(&store, &id, &refresh, &RefreshRule::new()).await;
        clock.advance(HOUR * 23);
        let (outcome, ..) = renew(&store, &id, &refresh, &RefreshRule::new()).await;
        let Renewal::Renewed(last) = outcome else { panic!("{outcome:?}") };
        let left = last.refresh_expires_at.unwrap().duration_since(last.now).unwrap();
        assert_eq!(left, HOUR * 2 - SECOND * 60 + Duration::from_millis(1));

        let (_, code) = offered(&store, Some(CHALLENGE)).await;
        clock.advance(SECOND * 60);
        let outcome = store.redeem(&code.digest, &proof(), &tokens(&id, None).0).await.unwrap();
        assert!(matches!(outcome, Redemption::Unknown), "{outcome:?}");
    }
}
