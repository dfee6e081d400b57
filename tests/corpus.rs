//! Hostile requests and the required answers, over raw connections to the real portal.
//!
//! The requests are data: `corpus/*.toml`, one file per category. `corpus/answers.toml` defines
//! each outcome code on the wire, and `corpus/required.toml` lists the examples that must exist. To
//! run a part, give prefixes of ids: `CORPUS=A,B17 cargo test --test corpus`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod corpus_portal;
mod corpus_runner;

// The portal's own modules, for the run in this process.
#[path = "../examples/portal/collections.rs"]
mod collections;
#[path = "../examples/portal/curl.rs"]
#[expect(dead_code, reason = "the run in this process uses a part of it")]
mod curl;
#[path = "../examples/portal/database/mod.rs"]
#[expect(dead_code, reason = "the run in this process uses a part of it")]
mod database;
#[path = "../examples/portal/demo/mod.rs"]
#[expect(dead_code, reason = "the run in this process uses a part of it")]
mod demo;
#[path = "../examples/portal/documents.rs"]
mod documents;
#[path = "../examples/portal/flags.rs"]
mod flags;
#[path = "../examples/portal/home.rs"]
mod home;
#[path = "../examples/portal/jwt.rs"]
mod jwt;
#[path = "../examples/portal/platform.rs"]
mod platform;
#[path = "../examples/portal/private_file.rs"]
mod private_file;
#[path = "../examples/portal/random.rs"]
mod random;
#[path = "../examples/portal/routes/mod.rs"]
mod routes;
#[path = "../examples/portal/rows.rs"]
mod rows;
#[path = "../examples/portal/whoami.rs"]
mod whoami;

use std::fmt::Write as _;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use corpus_runner::case::{self, Case};
use corpus_runner::portal::Portal;
use corpus_runner::run::Bench;
use corpus_runner::site::Site;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The number of concurrent requests.
const AT_ONCE: usize = 8;
/// In ms. A case with a shorter time limit runs alone.
const SOON: u64 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_request_gets_the_answer_of_the_corpus() {
    let cases: Vec<Arc<Case>> = case::load().into_iter().filter(Case::is_chosen).map(Arc::new).collect();
    assert!(!cases.is_empty(), "no case has such an id");
    let bench = Arc::new(Bench::start(&cases, portal).await);
    // Other cases must not delay those with a short time limit.
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

async fn portal(name: String) -> Portal {
    Portal::start(&name).await
}

/// A portal in this process, and the folder of its database.
struct InProcess(Site, #[allow(dead_code, reason = "deleted when it is dropped")] tempfile::TempDir);

impl AsRef<Site> for InProcess {
    fn as_ref(&self) -> &Site {
        &self.0
    }
}

async fn in_process(name: String) -> InProcess {
    let (site, data) = corpus_portal::start(&name).await;
    InProcess(site, data)
}

/// The same cases without sockets and processes, which gives a quick result during development.
#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_request_is_answered_alike_in_process() {
    let cases = case::load().into_iter().filter(|case| case.is_chosen() && case.is_quick());
    let cases: Vec<Arc<Case>> = cases.map(Arc::new).collect();
    let bench = Arc::new(Bench::start(&cases, in_process).await);
    let failures = judge(&bench, cases, AT_ONCE).await;
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

async fn judge<P>(bench: &Arc<Bench<P>>, cases: Vec<Arc<Case>>, at_once: usize) -> Vec<String>
where
    P: AsRef<Site> + Send + Sync + 'static,
{
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
