//! Hostile requests and what each must be answered with, over raw connections to the real portal.
//!
//! The requests are data, `corpus/*.toml`, one file per category; `corpus/answers.toml` says what each
//! outcome code looks like on the wire, `corpus/required.toml` which examples may never be missing.
//! A part of it runs alone by a prefix of its ids: `CORPUS=A,B17 cargo test --test corpus`.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod corpus_runner;

use std::fmt::Write as _;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use corpus_runner::case::{self, Case};
use corpus_runner::run::Bench;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;
/// In ms: a case that allows for less is run alone.
const SOON: u64 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_request_is_answered_as_the_corpus_says() {
    let cases: Vec<Arc<Case>> = case::load().into_iter().filter(Case::is_chosen).map(Arc::new).collect();
    assert!(!cases.is_empty(), "no case has such an id");
    let bench = Arc::new(Bench::start(&cases).await);
    // Those that have to be answered soon are not kept from it by others.
    let (hurried, others): (Vec<_>, Vec<_>) = cases.iter().cloned().partition(|case| case.within <= SOON);
    let (floods, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|case| case.flood.is_some());
    let mut failures = Vec::new();
    for (cases, at_once) in [(hurried, 1), (others, AT_ONCE), (floods, AT_ONCE)] {
        failures.extend(judge(&bench, cases, at_once).await);
    }
    let bench = Arc::into_inner(bench).expect("every run has ended");
    failures.extend(bench.finish().await);
    failures.sort();
    let report = failures.iter().fold(String::new(), |mut report, failure| {
        let _ = writeln!(report, "  {failure}");
        report
    });
    assert!(failures.is_empty(), "{} failures in {} cases:\n{report}", failures.len(), cases.len());
}

async fn judge(bench: &Arc<Bench>, cases: Vec<Arc<Case>>, at_once: usize) -> Vec<String> {
    let permits = Arc::new(Semaphore::new(at_once));
    let mut runs = JoinSet::new();
    for case in cases {
        let (bench, permits) = (Arc::clone(bench), Arc::clone(&permits));
        runs.spawn(async move {
            let _permit = permits.acquire().await.unwrap();
            bench.judge(&case).await
        });
    }
    runs.join_all().await.into_iter().flatten().collect()
}

#[test]
fn no_required_example_is_missing() {
    let missing = case::missing(&case::load());
    assert!(missing.is_empty(), "not in the corpus: {missing:?}");
}
