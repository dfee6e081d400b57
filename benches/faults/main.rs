//! Fault experiments: what a service does while something around it is broken.
//!
//!     cargo bench --all-features --bench faults             # all of them
//!     cargo bench --all-features --bench faults -- d01 d02  # some
//!
//! Prints what was measured beside its target; ends with a failure where a target is missed. The service
//! is a process of its own (`faults serve d01`), so that its memory and its descriptors are its own. All traffic
//! is bounded, and stays on the loopback interface. What was measured stands in `docs/RELIABILITY.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod child;
mod client;
mod d01;
mod d02;
mod d03;
mod d04;
mod d05;
mod d07;
mod d08;
mod d09;
mod d10;
mod d11;
mod d14;
mod d15;
mod d16;
mod d20;
mod databases;
mod faked;
mod numbers;
mod portal;
mod probe;
mod publisher;
mod report;
mod server;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;

use crate::report::Report;
use crate::server::Gauges;

/// One experiment. Each has a file of its own.
struct Experiment {
    number: &'static str,
    what: &'static str,
    run: fn() -> Run,
    /// What its child process serves, where it needs one.
    serve: Option<fn(&Arc<Gauges>) -> Router>,
}

type Run = Pin<Box<dyn Future<Output = Report>>>;

#[rustfmt::skip]
const EXPERIMENTS: &[Experiment] = &[
    Experiment { number: "d01", what: "the verifier sleeps 10 s, 10,000 clients", run: || Box::pin(d01::run()), serve: Some(d01::app) },
    Experiment { number: "d02", what: "the verifier panics, 1 time in 3", run: || Box::pin(d02::run()), serve: Some(d02::app) },
    Experiment { number: "d03", what: "clients leave at random moments, 40,000 times", run: || Box::pin(d03::run()), serve: Some(d03::app) },
    Experiment { number: "d04", what: "1,000 clients wait for one verification, and who began it leaves", run: || Box::pin(d04::run()), serve: Some(d04::app) },
    Experiment { number: "d05", what: "10,000 requests at a time with one cold token", run: || Box::pin(d05::run()), serve: Some(d05::app) },
    Experiment { number: "d07", what: "a million tokens that nobody knows", run: || Box::pin(d07::run()), serve: Some(d07::app) },
    Experiment { number: "d08", what: "the database crashes, stands still, is locked, is full", run: || Box::pin(d08::run()), serve: None },
    Experiment { number: "d09", what: "the keys of an issuer cannot be fetched, are withdrawn, or are not there", run: || Box::pin(d09::run()), serve: None },
    Experiment { number: "d10", what: "the authorization server fails in every way, and ends tokens", run: || Box::pin(d10::run()), serve: None },
    Experiment { number: "d11", what: "the clock is moved", run: || Box::pin(d11::run()), serve: Some(faked::app) },
    Experiment { number: "d14", what: "500 clients log in at a time, argon2id at 19 MiB", run: || Box::pin(d14::run()), serve: Some(d14::app) },
    Experiment { number: "d15", what: "slow heads, slow bodies, idle connections, against the portal", run: || Box::pin(d15::run()), serve: None },
    Experiment { number: "d16", what: "the proxy loses X-Forwarded-Proto, then says http", run: || Box::pin(d16::run()), serve: Some(d16::app) },
    Experiment { number: "d20", what: "a thousand tokens are revoked at once, while a cache is full", run: || Box::pin(d20::run()), serve: None },
];

/// An experiment that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(150);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [role, number] = &arguments[..]
        && role == "serve"
    {
        let app = named(number).and_then(|experiment| experiment.serve).expect("an experiment with a server");
        server::serve(app);
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = arguments.iter().find(|number| named(number).is_none()) {
        println!("no experiment {unknown}; there are:");
        EXPERIMENTS.iter().for_each(|one| println!("  {}  {}", one.number, one.what));
        return ExitCode::FAILURE;
    }
    let wanted = |one: &&Experiment| arguments.is_empty() || arguments.iter().any(|name| name == one.number);
    let missed: Vec<_> = EXPERIMENTS.iter().filter(wanted).filter(|one| !holds(one)).collect();
    match &missed[..] {
        [] => ExitCode::SUCCESS,
        missed => {
            println!("targets missed: {}", missed.iter().map(|one| one.number).collect::<Vec<_>>().join(" "));
            ExitCode::FAILURE
        }
    }
}

fn named(number: &str) -> Option<&'static Experiment> {
    EXPERIMENTS.iter().find(|one| one.number == number)
}

/// Runs one experiment and prints its report; whether every target was met.
fn holds(experiment: &Experiment) -> bool {
    let started = Instant::now();
    println!("== {} {}", experiment.number.to_uppercase(), experiment.what);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let report = runtime.block_on(async { tokio::time::timeout(PATIENCE, (experiment.run)()).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    match report {
        Ok(report) => {
            print!("{report}");
            println!("   took {:.1} s\n", started.elapsed().as_secs_f64());
            report.holds()
        }
        Err(_) => {
            println!("   MISSED  did not end within {PATIENCE:?}\n");
            false
        }
    }
}
