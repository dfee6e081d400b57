//! Stores that fail at any call of a page, and pages that are used at the same time.

use tower_principal::credential::Digest;
use tower_principal::grant::{
    CodeProof, DynApplications, DynSessions, Ending, Grants, MemorySessions, NewCode, NewGrant, NewSession,
    NextTokens, Redemption, RefreshDigests, RefreshRule, Renewal, Session, Sessions,
};

use super::*;

const LOG_OUT: &str = "/oauth2/logout";
const APPLICATIONS: &str = "/oauth2/applications";
const INVALID: (u16, &str) = (400, "invalid_grant");

/// Stores of which one call fails, or all from one on.
#[derive(Clone)]
struct Failing {
    grants: Arc<dyn DynGrants>,
    applications: Arc<dyn DynApplications>,
    sessions: Arc<dyn DynSessions>,
    /// Calls until the failure, and `true` if the next ones fail as well.
    fuse: Arc<Mutex<Option<(usize, bool)>>>,
}

impl Failing {
    fn set(&self, fuse: Option<(usize, bool)>) {
        *self.fuse.lock().unwrap() = fuse;
    }

    fn call(&self) -> Result<&Self, StoreError> {
        let mut fuse = self.fuse.lock().unwrap();
        match *fuse {
            None => Ok(self),
            Some((0, lasts)) => {
                *fuse = lasts.then_some((0, true));
                Err(StoreError::unavailable("the connection was reset"))
            }
            Some((calls, lasts)) => {
                *fuse = Some((calls - 1, lasts));
                Ok(self)
            }
        }
    }

    /// Returns kits whose stores fail on demand.
    async fn kits() -> Vec<(Kit, Self)> {
        let mut all = Vec::new();
        for mut kit in Kit::all().await {
            let grants = Arc::clone(&kit.grants);
            let (applications, sessions): (Arc<dyn DynApplications>, Arc<dyn DynSessions>) =
                match &kit.database {
                    Some(database) => {
                        let store = database.store();
                        (Arc::new(store.applications()), Arc::new(store.sessions()))
                    }
                    None => {
                        let sessions = MemorySessions::new().with_clock(kit.clock.clone());
                        (Arc::new(kit.registry.clone()), Arc::new(sessions))
                    }
                };
            let stores = Self { grants, applications, sessions, fuse: Arc::default() };
            let users = MemoryVerifier::builder().passwords(cheap_passwords());
            let users = users.user("alice", PASSWORD, BasicUser::new("alice")).build().unwrap();
            let given = Stores::from((stores.clone(), stores.clone())).sessions(stores.clone());
            let builder = AuthorizationServer::builder(ISSUER, given, transport::danger_assume_secure());
            kit.server = builder.users(users).throttle(never()).build().unwrap();
            all.push((kit, stores));
        }
        all
    }
}

impl Grants for Failing {
    async fn offer(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError> {
        self.call()?.grants.offer_dyn(grant, code).await
    }

    async fn redeem(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError> {
        self.call()?.grants.redeem_dyn(code, proof, next).await
    }

    async fn renew(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError> {
        self.call()?.grants.renew_dyn(refresh, client, rule, next).await
    }

    async fn issue(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError> {
        self.call()?.grants.issue_dyn(grant, next).await
    }

    async fn find(&self, token: &Presented) -> Result<Option<Grant>, StoreError> {
        self.call()?.grants.find_dyn(token).await
    }

    async fn of_user(&self, user: &str) -> Result<Vec<Grant>, StoreError> {
        self.call()?.grants.of_user_dyn(user).await
    }

    async fn end(&self, what: &Ending<'_>) -> Result<usize, StoreError> {
        self.call()?.grants.end_dyn(what).await
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        self.call()?.grants.purge_dyn(retention).await
    }
}

impl Applications for Failing {
    async fn find(&self, id: &str) -> Result<Option<Application>, StoreError> {
        self.call()?.applications.find_dyn(id).await
    }

    async fn authenticate(&self, id: &str, secret: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        self.call()?.applications.authenticate_dyn(id, secret).await
    }
}

impl Sessions for Failing {
    async fn create(&self, session: &NewSession) -> Result<(), StoreError> {
        self.call()?.sessions.create_dyn(session).await
    }

    async fn find(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        self.call()?.sessions.find_dyn(digest).await
    }

    async fn end(&self, digest: &Digest) -> Result<bool, StoreError> {
        self.call()?.sessions.end_dyn(digest).await
    }

    async fn end_all_of(&self, user: &str) -> Result<usize, StoreError> {
        self.call()?.sessions.end_all_of_dyn(user).await
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        self.call()?.sessions.purge_dyn(retention).await
    }
}

/// Checks the answer to a request that met an outage: it leads nowhere and changes no cookie.
#[track_caller]
fn check(page: &Page, at: usize) {
    assert_eq!(page.status, 503, "call {at}: {page:?}");
    assert!(page.headers.contains_key("retry-after"), "call {at}");
    assert!(page.headers.get(LOCATION).is_none() && page.headers.get(SET_COOKIE).is_none(), "call {at}");
    assert!(!page.is_log_in() && !page.html.contains("value=\"allow\""), "call {at}: {page:?}");
}

#[tokio::test]
async fn an_outage_at_any_call_of_a_consent_gives_no_code_and_leaves_no_grant() {
    for (kit, stores) in Failing::kits().await {
        let mut browser = Browser::new(&kit);
        let page = browser.log_in(&request()).await;
        for lasts in [false, true] {
            let mut at = 0;
            let done = loop {
                stores.set(Some((at, lasts)));
                let done = browser.press(&request(), &page, "allow").await;
                stores.set(None);
                if done.status == 303 {
                    break done;
                }
                check(&done, at);
                let left = kit.grants.of_user_dyn("alice").await.unwrap();
                assert!(lasts || left.is_empty(), "{}: call {at} of a consent: {left:?}", kit.name);
                at += 1;
            };
            assert_eq!(at, 5, "{}: client, session, code, session, client", kit.name);
            kit.redeem(&done.answer("code").unwrap()).await.tokens();
            kit.grants.end_dyn(&Ending::User { user: "alice", client: None }).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_outage_at_any_call_of_a_log_in_begins_no_session() {
    for (kit, stores) in Failing::kits().await {
        let mut browser = Browser::new(&kit);
        browser.log_in(&request()).await;
        let earlier = browser.cookies.clone();
        for lasts in [false, true] {
            let mut at = 0;
            loop {
                browser.cookies.clone_from(&earlier);
                let page = browser.post(&request(), &[("action", "switch")]).await;
                stores.set(Some((at, lasts)));
                let done = browser.submit_log_in(&request(), &page, "alice", PASSWORD).await;
                stores.set(None);
                if done.status == 303 {
                    break;
                }
                check(&done, at);
                assert_eq!(browser.cookies.get(SESSION), earlier.get(SESSION), "{}: call {at}", kit.name);
                at += 1;
            }
            assert!(at > 1, "{}", kit.name);
            assert!(browser.get(&request()).await.is_consent(), "{}", kit.name);
        }
    }
}

#[tokio::test]
async fn an_outage_at_any_call_of_a_log_out_is_no_log_out_and_the_next_one_ends_everything() {
    for (kit, stores) in Failing::kits().await {
        for lasts in [false, true] {
            for at in 0.. {
                let mut browser = Browser::new(&kit);
                let code = browser.allow(&request()).await.answer("code").unwrap();
                let tokens = kit.redeem(&code).await.tokens();
                let page = browser.get(LOG_OUT).await;
                let session = browser.cookies.clone();
                stores.set(Some((at, lasts)));
                let done = browser.press(LOG_OUT, &page, "log_out").await;
                stores.set(None);
                if done.status != 200 {
                    check(&done, at);
                    assert_eq!(browser.cookies, session, "{}: call {at}", kit.name);
                    assert_eq!(browser.press(LOG_OUT, &page, "log_out").await.status, 200, "{}", kit.name);
                }
                assert!(!kit.is_live(&tokens.access).await, "{}: call {at}", kit.name);
                browser.cookies = session;
                assert!(browser.get(&request()).await.is_log_in(), "{}: call {at}", kit.name);
                if done.status == 200 {
                    assert!(at > 3, "{}: session, grants, session, grants", kit.name);
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn an_outage_is_no_page_of_a_visitor_who_is_not_logged_in() {
    for (kit, stores) in Failing::kits().await {
        let mut browser = Browser::new(&kit);
        browser.log_in(&request()).await;
        let page = browser.get(APPLICATIONS).await;
        stores.set(Some((0, true)));
        for target in [&*request(), "/oauth2/login", LOG_OUT, APPLICATIONS] {
            check(&browser.get(target).await, 0);
        }
        for action in ["allow", "deny", "log_out", "end"] {
            for target in [&*request(), LOG_OUT, APPLICATIONS] {
                check(&browser.press(target, &page, action).await, 0);
            }
        }
        stores.set(None);
        assert!(browser.get(&request()).await.is_consent(), "{}", kit.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_consent_and_a_log_out_at_once_no_code_is_left() {
    for kit in Kit::all().await {
        for _ in 0..25 {
            let mut browser = Browser::new(&kit);
            let page = browser.log_in(&request()).await;
            let asked = browser.get(LOG_OUT).await;
            let mut other = Browser::new(&kit);
            other.cookies.clone_from(&browser.cookies);
            let target = request();
            let pressed = browser.press(&target, &page, "allow");
            let (done, ended) = tokio::join!(pressed, other.press(LOG_OUT, &asked, "log_out"));
            assert_eq!(ended.status, 200, "{}", kit.name);
            match done.status {
                303 => {
                    let code = done.answer("code").unwrap();
                    assert_eq!(kit.redeem(&code).await.error(), INVALID, "{}", kit.name);
                }
                _ => assert!(done.is_log_in(), "{}: {done:?}", kit.name),
            }
            assert!(kit.grants.of_user_dyn("alice").await.unwrap().is_empty(), "{}", kit.name);
        }
    }
}
