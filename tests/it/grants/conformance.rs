//! The conformance suite for stores of grants.

use tower_principal::grant::MemoryGrants;
use tower_principal::test_util::TestClock;
use tower_principal::test_util::conformance::GrantSuite;

use crate::sql::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_memory_holds_every_rule() {
    let clock = TestClock::default();
    let grants = MemoryGrants::new().with_clock(clock.clone());
    GrantSuite::new().clock(clock).check(&grants).await.assert_holds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_holds_every_rule() {
    for place in Place::all() {
        let clock = TestClock::default();
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let report = GrantSuite::new().clock(clock).check(&verifier.store()).await;
        assert!(report.holds(), "{}: {report}", place.name);
    }
}
