//! Fault experiments: the behaviour of a service while something around it is broken.
//!
//!     cargo bench --all-features --bench faults                      # all of them
//!     cargo bench --all-features --bench faults -- verifier_hangs D2  # by name or number
//!
//! Prints each figure beside its target, and fails if a target is missed. The service runs in a
//! process of its own (`faults serve verifier_hangs`), so that its memory and descriptors can be
//! measured. All traffic is bounded and stays on the loopback interface. `docs/RELIABILITY.md` has
//! the figures of the last full run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod clients_leave;
mod clock_jumps;
mod cold_token_rush;
mod database_outage;
mod endpoint_storm;
mod harness;
mod introspection_outage;
mod jwks_outage;
mod killed_renewals;
mod leader_leaves;
mod mass_revocation;
mod password_rush;
mod proxy_loses_header;
mod refresh_races;
mod refresh_storm;
mod slow_clients;
mod unknown_token_flood;
mod verifier_hangs;
mod verifier_panics;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;

use crate::harness::report::Report;
use crate::harness::server::Gauges;

/// One experiment. Its file has the same name.
struct Experiment {
    /// The number in `docs/RELIABILITY.md`.
    number: &'static str,
    name: &'static str,
    what: &'static str,
    run: fn() -> Run,
    /// The application of its child process, if it needs one.
    serve: Option<fn(&Arc<Gauges>) -> Router>,
}

type Run = Pin<Box<dyn Future<Output = Report>>>;

/// A row of the table. If it has an application, the experiment runs it in a child process.
macro_rules! experiment {
    ($number:literal, $name:ident, $what:literal) => { experiment!(@ $number, $name, $what, None) };
    ($number:literal, $name:ident, $what:literal, $app:path) => {
        experiment!(@ $number, $name, $what, Some($app))
    };
    (@ $number:literal, $name:ident, $what:literal, $serve:expr) => {
        Experiment {
            number: $number,
            name: stringify!($name),
            what: $what,
            run: || Box::pin($name::run()),
            serve: $serve,
        }
    };
}

const EXPERIMENTS: &[Experiment] = &[
    experiment!("D1", verifier_hangs, "the verifier sleeps 10 s under 10,000 clients", verifier_hangs::app),
    experiment!("D2", verifier_panics, "the verifier panics, 1 time in 3", verifier_panics::app),
    experiment!("D3", clients_leave, "clients disconnect at random, 40,000 times", clients_leave::app),
    experiment!(
        "D4",
        leader_leaves,
        "1,000 clients share one verification; its first client leaves",
        leader_leaves::app
    ),
    experiment!(
        "D5",
        cold_token_rush,
        "10,000 concurrent requests with one cold token",
        cold_token_rush::app
    ),
    experiment!("D7", unknown_token_flood, "a million unknown tokens", unknown_token_flood::app),
    experiment!("D8", database_outage, "the database crashes, freezes, is locked, is full"),
    experiment!("D9", jwks_outage, "an issuer's keys are unreachable, withdrawn, missing"),
    experiment!("D10", introspection_outage, "the authorization server fails in every way, and ends tokens"),
    experiment!("D11", clock_jumps, "the clock is moved", harness::faked::app),
    experiment!("D12", refresh_races, "50 calls use one refresh token at once, 1,000 times"),
    experiment!("D13", killed_renewals, "a process that issues tokens is killed at any statement"),
    experiment!("D14", password_rush, "500 concurrent logins, argon2id at 19 MiB", password_rush::app),
    experiment!("D15", slow_clients, "slow heads, slow bodies, idle connections, against the portal"),
    experiment!(
        "D16",
        proxy_loses_header,
        "the proxy drops X-Forwarded-Proto, then sends http",
        proxy_loses_header::app
    ),
    experiment!("D20", mass_revocation, "a thousand tokens are revoked at once while a cache is full"),
    experiment!("D21", refresh_storm, "tokens are refreshed as fast as the database allows"),
];

/// An experiment that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(150);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [role, name] = &arguments[..]
        && role == "serve"
    {
        let app = named(name).and_then(|experiment| experiment.serve).expect("an experiment with a server");
        harness::server::serve(app);
        return ExitCode::SUCCESS;
    }
    if let [role, address] = &arguments[..]
        && role == "renew"
    {
        killed_renewals::work(address);
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = arguments.iter().find(|name| named(name).is_none()) {
        println!("no experiment {unknown}; the experiments are:");
        EXPERIMENTS.iter().for_each(|one| println!("  {:4} {:22} {}", one.number, one.name, one.what));
        return ExitCode::FAILURE;
    }
    let wanted = |one: &&Experiment| arguments.is_empty() || arguments.iter().any(|name| one.is(name));
    let missed: Vec<_> = EXPERIMENTS.iter().filter(wanted).filter(|one| !holds(one)).collect();
    match &missed[..] {
        [] => ExitCode::SUCCESS,
        missed => {
            println!("targets missed: {}", missed.iter().map(|one| one.name).collect::<Vec<_>>().join(" "));
            ExitCode::FAILURE
        }
    }
}

fn named(name: &str) -> Option<&'static Experiment> {
    EXPERIMENTS.iter().find(|one| one.is(name))
}

impl Experiment {
    fn is(&self, name: &str) -> bool {
        name == self.name || name.eq_ignore_ascii_case(self.number)
    }
}

/// Runs one experiment and prints its report. Returns true if every target was met.
fn holds(experiment: &Experiment) -> bool {
    let started = Instant::now();
    println!("== {} {}: {}", experiment.number, experiment.name, experiment.what);
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
