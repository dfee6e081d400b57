//! Clients that leave during the look-up of their credential (REQ-57).

use std::time::Duration;

use futures_util::FutureExt as _;
use tower_principal::verify::sql::NewCredential;
use tower_principal::{Verifier as _, VerifyContext};

use super::*;

/// The number of clients that leave; REQ-57 requires ten thousand.
const LEAVING: u32 = 10_000;

/// REQ-57: ten thousand verifications are dropped at random moments. Afterwards no connection is in
/// a transaction, each is free again, and the next answer is correct.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_57_clients_that_leave_leave_no_connection_in_a_transaction() {
    let _quiet = QUIET.lock().await;
    for place in Place::all() {
        let verifier = place.connect().await;
        let keys = verifier.store().api_keys();
        let issued = keys.create(NewCredential::new()).await.unwrap();
        let secret = issued.secret.expose_secret().to_owned();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..LEAVING {
            let (verifier, secret) = (verifier.clone(), secret.clone());
            tasks.spawn(async move {
                let credential = key(&secret);
                let context = VerifyContext::default();
                // The times range from before the first poll to long after the answer.
                let patience = Duration::from_micros(u64::from(number * 7919 % 3_000));
                let asked = async {
                    match number % 50 {
                        0 => verifier.revoke(&key("nobodys"), &context).await.is_ok(),
                        1 => verifier.verify(&password("nobody", "p"), &context).await.is_ok(),
                        _ => verifier.verify(&credential, &context).await.is_ok(),
                    }
                };
                let _ = tokio::time::timeout(patience, asked).await;
            });
            if tasks.len() >= 200 {
                tasks.join_next().await;
            }
        }
        while tasks.join_next().await.is_some() {}
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(ask(&verifier, &key(&secret)).await, KEY, "{}", place.name);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let (open, in_use) = verifier.connections();
        assert!(open <= 10 && in_use == 0, "{open} {in_use}");
        if place.name == "PostgreSQL" {
            let stuck = "SELECT count(*) FROM pg_stat_activity
                WHERE application_name = 'tower-principal' AND state LIKE 'idle in transaction%'";
            let stuck: i64 = sqlx::query_scalar(stuck).fetch_one(&place.server().await).await.unwrap();
            assert_eq!(stuck, 0);
        }
        // The change is in the database, and not in a transaction that will be rolled back.
        assert!(keys.revoke(&issued.id).await.unwrap());
        assert_eq!(ask(&place.connect().await, &key(&secret)).await, REVOKED);
    }
}

/// REQ-57: a change is completed even if its caller leaves.
#[tokio::test]
async fn req_57_a_change_under_way_is_made_though_its_caller_left() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let tokens = verifier.store().access_tokens();
        for _ in 0..20 {
            let issued = tokens.create(NewCredential::new().user("otto")).await.unwrap();
            let credential = token(issued.secret.expose_secret());
            {
                let context = VerifyContext::default();
                // After one poll, the change has a place and has started.
                assert!(verifier.revoke(&credential, &context).now_or_never().is_none());
            }
            let mut refused = false;
            for _ in 0..200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
                refused = ask(&verifier, &credential).await == REVOKED;
                if refused {
                    break;
                }
            }
            assert!(refused, "{}", place.name);
        }
    }
}
