//! Simultaneous requests, callers that leave, and lost answers.

use std::sync::atomic::{AtomicBool, Ordering};

use tower_principal::credential::Digest;
use tower_principal::grant::{
    CodeProof, Ending, Grants, NewCode, NewGrant, NextTokens, Redemption, RefreshDigests, RefreshRule,
    Renewal,
};
use tower_principal::server::Stores;

use super::*;

const INVALID: (u16, &str) = (400, "invalid_grant");

/// keycloak#51312, growthbook#6371.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_94_two_refreshes_and_an_end_at_once_leave_nothing_alive() {
    for kit in Kit::all().await {
        for _ in 0..40 {
            let first = kit.log_in().await;
            let id = kit.grant_of(&first.access).await.unwrap().id;
            let ending = Ending::Grant(&id);
            let (one, other, ended) = tokio::join!(
                kit.refresh(&first.refresh),
                kit.refresh(&first.refresh),
                kit.grants.end_dyn(&ending)
            );
            ended.unwrap();
            assert!(one.status != 200 || other.status != 200, "{}: two successors", kit.name);
            for reply in [one, other].iter().filter(|reply| reply.status == 200) {
                let tokens = reply.tokens();
                assert!(!kit.is_live(&tokens.access).await, "{}", kit.name);
                assert_eq!(kit.refresh(&tokens.refresh).await.error(), INVALID);
            }
            assert!(!kit.is_live(&first.access).await, "{}", kit.name);
        }
    }
}

/// better-auth#11317.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_beside_a_refresh_leaves_no_successor_alive() {
    for kit in Kit::all().await {
        for _ in 0..20 {
            let first = kit.log_in().await;
            let second = kit.refresh(&first.refresh).await.tokens();
            kit.clock.pass(Duration::from_secs(11));
            let (renewed, replay) = tokio::join!(kit.refresh(&second.refresh), kit.refresh(&first.refresh));
            assert_eq!(replay.error(), INVALID, "{}", kit.name);
            if renewed.status == 200 {
                assert!(!kit.is_live(&renewed.tokens().access).await, "{}", kit.name);
            }
            assert!(!kit.is_live(&second.access).await, "{}", kit.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_105_a_client_that_leaves_at_any_moment_leaves_no_half_renewal() {
    for kit in Kit::all().await {
        for patience in (0..40).map(|step| Duration::from_micros(step * 50)) {
            let first = kit.log_in().await;
            let left = tokio::time::timeout(patience, kit.refresh(&first.refresh)).await;
            // A renewal that has started is completed.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let again = kit.refresh(&first.refresh).await;
            match left {
                Ok(reply) => assert!(kit.is_live(&reply.tokens().access).await, "{}", kit.name),
                Err(_) if again.status == 200 => assert!(kit.is_live(&again.tokens().access).await),
                // The renewal succeeded. The retry is within the grace window, so the family stays
                // valid.
                Err(_) => {
                    assert_eq!(again.error(), INVALID, "{}", kit.name);
                    assert!(kit.is_live(&first.access).await, "{}", kit.name);
                }
            }
        }
    }
}

/// A store that loses its answer after the change, and whose look-ups are outdated.
struct Faulty {
    inner: Arc<dyn DynGrants>,
    loses: AtomicBool,
    /// Changes are made a while after they were asked for.
    is_slow: AtomicBool,
    /// Look-ups return this grant if it is set.
    stale: Mutex<Option<Grant>>,
}

impl Faulty {
    async fn wait(&self) {
        if self.is_slow.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        match self.loses.load(Ordering::SeqCst) {
            true => Err(StoreError::unavailable("the connection was reset")),
            false => Ok(answer),
        }
    }
}

#[derive(Clone)]
struct Shared(Arc<Faulty>);

impl Grants for Shared {
    async fn offer(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError> {
        self.0.inner.offer_dyn(grant, code).await
    }

    async fn redeem(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError> {
        let made = self.0.inner.redeem_dyn(code, proof, next).await?;
        self.0.answer(made)
    }

    async fn renew(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError> {
        self.0.wait().await;
        let made = self.0.inner.renew_dyn(refresh, client, rule, next).await?;
        self.0.answer(made)
    }

    async fn issue(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError> {
        let made = self.0.inner.issue_dyn(grant, next).await?;
        self.0.answer(made)
    }

    async fn find(&self, token: &Presented) -> Result<Option<Grant>, StoreError> {
        let stale = self.0.stale.lock().unwrap().clone();
        match stale {
            Some(grant) => Ok(Some(grant)),
            None => self.0.inner.find_dyn(token).await,
        }
    }

    async fn of_user(&self, user: &str) -> Result<Vec<Grant>, StoreError> {
        self.0.inner.of_user_dyn(user).await
    }

    async fn end(&self, what: &Ending<'_>) -> Result<usize, StoreError> {
        self.0.inner.end_dyn(what).await
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        self.0.inner.purge_dyn(retention).await
    }
}

/// Returns kits whose stores fail on demand.
async fn faulty() -> Vec<(Kit, Arc<Faulty>)> {
    let mut all = Vec::new();
    for mut kit in Kit::all().await {
        let inner = Arc::clone(&kit.grants);
        let faults =
            Arc::new(Faulty { inner, loses: false.into(), is_slow: false.into(), stale: Mutex::default() });
        let [_, viewer] = clients();
        let stores = Stores::from((Shared(Arc::clone(&faults)), MemoryApplications::new().with(viewer)));
        let builder = AuthorizationServer::builder(ISSUER, stores, transport::danger_assume_secure());
        kit.server = builder.throttle(never()).build().unwrap();
        all.push((kit, faults));
    }
    all
}

#[tokio::test]
async fn a_database_that_stops_between_the_write_and_the_answer_is_503_and_the_family_lives() {
    for (kit, faults) in faulty().await {
        let first = kit.log_in().await;
        faults.loses.store(true, Ordering::SeqCst);
        let lost = kit.refresh(&first.refresh).await;
        assert_eq!(lost.error(), (503, "temporarily_unavailable"), "{}", kit.name);
        assert_eq!(lost.answer.lines("retry-after"), ["5"]);
        faults.loses.store(false, Ordering::SeqCst);
        // The write succeeded. The retry is refused, and ends nothing.
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID, "{}", kit.name);
        assert!(kit.is_live(&first.access).await, "{}", kit.name);
        // A code with a lost answer is used up, and the retry ends its tokens.
        let code = kit.code().await;
        faults.loses.store(true, Ordering::SeqCst);
        assert_eq!(kit.redeem(&code).await.status, 503);
        faults.loses.store(false, Ordering::SeqCst);
        assert_eq!(kit.redeem(&code).await.error(), INVALID, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_request_goes_on_to_its_end_if_its_client_leaves() {
    for (kit, faults) in faulty().await {
        let first = kit.log_in().await;
        let id = kit.grant_of(&first.access).await.unwrap().id;
        faults.is_slow.store(true, Ordering::SeqCst);
        let left = tokio::time::timeout(Duration::from_millis(10), kit.refresh(&first.refresh)).await;
        assert!(left.is_err(), "{}", kit.name);
        faults.is_slow.store(false, Ordering::SeqCst);
        let renewed = async || {
            let grant = kit.grants.find_dyn(&Presented::Grant(id.clone())).await.unwrap().unwrap();
            grant.generation == 2
        };
        let made = async {
            while !renewed().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), made).await.expect("the renewal was made");
    }
}

/// goiabada#128.
#[tokio::test]
async fn no_look_up_decides_what_a_later_write_assumes() {
    for (kit, faults) in faulty().await {
        let first = kit.log_in().await;
        let grant = kit.grant_of(&first.access).await.unwrap();
        *faults.stale.lock().unwrap() = Some(grant.clone());
        // The look-up returns a grant that has ended since.
        kit.grants.end_dyn(&Ending::Grant(&grant.id)).await.unwrap();
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID, "{}", kit.name);
        // The look-up returns a grant with more scopes than the renewed one.
        *faults.stale.lock().unwrap() = None;
        let code = kit.code_of(CodeOffer::new("viewer", "alice").scopes(["read"])).await;
        let narrow = kit.redeem(&code).await.tokens();
        let narrowed = kit.grant_of(&narrow.access).await.unwrap();
        *faults.stale.lock().unwrap() = Some(grant.clone());
        let wide = kit.refresh_with(&narrow.refresh, &[("scope", "write")]).await;
        *faults.stale.lock().unwrap() = None;
        assert_eq!(wide.error(), INVALID, "{}: {wide:?}", kit.name);
        let ended = kit.grants.find_dyn(&Presented::Grant(narrowed.id)).await.unwrap();
        assert!(ended.is_none() && !kit.is_live(&narrow.access).await, "{}: {ended:?}", kit.name);
        // The look-up returns the grant of an unused code each time.
        let code = kit.code().await;
        *faults.stale.lock().unwrap() = Some(grant);
        let replies = [kit.redeem(&code).await, kit.redeem(&code).await];
        assert_eq!(replies.map(|reply| reply.status), [200, 400], "{}", kit.name);
    }
}
