//! Many changes at once, with a full cache.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tower_principal::VerifyContext;
use tower_principal::verify::Cached;
use tower_principal::verify::sql::{Change, NewCredential};

use super::*;
use crate::support::crowded::Crowded;

const KEPT: usize = 20_000;
const REVOKED: usize = 1_000;

/// REQ-39: a pass over the cache for each change would exceed every limit here.
#[tokio::test]
async fn req_39_a_thousand_revocations_at_once_reach_a_full_cache() {
    let _quiet = QUIET.lock().await;
    for place in Place::all() {
        let here = place.connect().await;
        let there = if place.name == "SQLite" { here.clone() } else { place.connect().await };
        let cached = Arc::new(Cached::new(Crowded(there.clone())).unwrap().ttl(Duration::from_secs(3600)));
        let mut listens = there.changes().unwrap();
        tokio::spawn(there.changes().unwrap().evict_from(&cached));
        if place.name == "PostgreSQL" {
            assert_eq!(listens.next().await, Some(Change::Everything));
            // Meanwhile, the cache's own listener has received the same change.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let tokens = here.store().access_tokens();
        let mut secrets = Vec::new();
        for _ in 0..REVOKED {
            secrets.push(tokens.create(NewCredential::new().user("otto")).await.unwrap().secret);
        }
        let good = Short::Is(PrincipalKind::OAuthUser);
        for number in 0..KEPT {
            assert_eq!(ask(&cached, &token(&format!("crowd{number}"))).await, good);
        }
        for secret in &secrets {
            assert_eq!(ask(&cached, &token(secret.expose_secret())).await, good);
        }
        assert!(cached.stored().0 > KEPT * 9 / 10);

        let started = Instant::now();
        assert_eq!(tokens.revoke_all_of("otto").await.unwrap(), REVOKED);
        let remembers = |secret: &Secret<'_>| {
            matches!(
                cached.verify_now(&token(secret.expose_secret()), &VerifyContext::default()),
                Some(Ok(_))
            )
        };
        while secrets.iter().any(remembers) {
            assert!(started.elapsed() < Duration::from_secs(5), "{}: {:?}", place.name, started.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        eprintln!("{}: none is good after {:?}", place.name, started.elapsed());
    }
}
