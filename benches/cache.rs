//! What a hit of the cache costs, beside a memory verifier's.
//!
//!     BENCH=cache benches/instructions              # instructions of one hit, by callgrind
//!     cargo bench --bench cache -- times            # nanoseconds, from 100 to 1,000,000 stored tokens
//!     cargo bench --bench cache -- flood 1000000    # memory, after so many tokens that nobody knows
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{self, Poll, Waker};
use std::time::{Duration, Instant};

use tower_principal::verify::Cached;
use tower_principal::{
    BasicUser, Context, Credential, MemoryVerifier, OAuthUser, Pair, Passwords, Principal, Secret, Verifier,
    VerifyError,
};

const CASES: [&str; 4] = ["memory", "hit", "refused", "password"];

/// Knows every token that begins like one, and one password. Asked by `verify` alone.
struct Remote;

impl Verifier for Remote {
    async fn verify(&self, credential: &Credential<'_>, _: &Context<'_>) -> Result<Principal, VerifyError> {
        match credential {
            Credential::AccessToken(token) if token.expose_secret().starts_with("good") => {
                Ok(OAuthUser::builder("otto").scopes(["a", "b"]).build().into())
            }
            Credential::Password(_) => Ok(BasicUser::builder("alice").build().into()),
            _ => Err(VerifyError::UNKNOWN),
        }
    }
}

/// Forty characters.
fn token(kind: &str, at: usize) -> String {
    format!("{kind}{at:036}")
}

fn access(token: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(token))
}

/// Runs something that never waits.
fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

fn cached(stored: usize) -> Cached<Remote> {
    let day = Duration::from_secs(24 * 60 * 60);
    let cached = Cached::new(Remote).unwrap().ttl(day).negative_ttl(day).passwords(true);
    let cached = cached.capacity(2 * stored + 100).negative_capacity(2 * stored + 100);
    for at in 0..stored {
        now(cached.verify(&access(&token("good", at)), &Context::default())).unwrap();
    }
    let _ = now(cached.verify(&access(&token("evil", 0)), &Context::default()));
    now(cached.verify(&password(), &Context::default())).unwrap();
    cached
}

fn memory(stored: usize) -> MemoryVerifier {
    let empty = MemoryVerifier::builder().passwords(Passwords::with_params(8, 1, 1).unwrap());
    let user = || OAuthUser::builder("otto").scopes(["a", "b"]).build();
    (0..stored).fold(empty, |known, at| known.access_token(token("good", at), user())).build().unwrap()
}

fn password() -> Credential<'static> {
    Credential::Password(Pair::new(Secret::borrowed("alice@example.org"), Secret::borrowed("correct horse")))
}

fn count(case: &str, hits: usize, without: bool) {
    let (good, evil) = (token("good", 7), token("evil", 0));
    let (memory, cached, context) = (memory(1_000), cached(1_000), Context::default());
    for _ in 0..hits {
        let (credential, verifier): (_, &dyn Fn(&Credential<'_>) -> _) = match case {
            "memory" => (access(&good), &|credential| memory.verify_now(credential, &context)),
            "hit" => (access(&good), &|credential| cached.verify_now(credential, &context)),
            "refused" => (access(&evil), &|credential| cached.verify_now(credential, &context)),
            _ => (password(), &|credential| cached.verify_now(credential, &context)),
        };
        if !black_box(without) {
            assert!(black_box(verifier(black_box(&credential))).is_some());
        }
    }
}

/// Hits over all tokens in an order that no prefetcher knows; the median of several rounds, in ns.
fn nanoseconds(stored: usize, verifier: &impl Verifier) -> u128 {
    const HITS: usize = 200_000;
    let tokens: Vec<String> = (0..HITS).map(|at| token("good", at.wrapping_mul(7_919) % stored)).collect();
    let round = || {
        let start = Instant::now();
        for token in &tokens {
            black_box(verifier.verify_now(&access(token), &Context::default())).unwrap().unwrap();
        }
        start.elapsed().as_nanos() / HITS as u128
    };
    let mut rounds: Vec<u128> = (0..9).map(|_| round()).collect();
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

/// Resident memory of this process, in KiB; 0 where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn flood(bad: usize) {
    let cached = Cached::new(Remote).unwrap();
    let good: Vec<String> = (0..1_000).map(|at| token("good", at)).collect();
    good.iter().for_each(|token| drop(now(cached.verify(&access(token), &Context::default()))));
    let before = resident();
    for at in 0..=bad {
        if at % (bad / 10).max(1) == 0 {
            let hits =
                good.iter().filter(|token| cached.verify_now(&access(token), &Context::default()).is_some());
            let (hits, (kept, refused)) = (hits.count(), cached.stored());
            println!(
                "{at:>9} bad tokens: {:>6} KiB more, {kept} good and {refused} bad answers kept, {hits} of 1000 good hit",
                resident().saturating_sub(before)
            );
        }
        let _ = now(cached.verify(&access(&token("evil", at)), &Context::default()));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = arguments.get(1).and_then(|number| number.parse().ok());
    match (arguments.first().map(String::as_str), number) {
        (Some("times"), _) => {
            println!("{:>9} {:>9} {:>9}", "stored", "memory", "cached");
            for stored in [100, 10_000, 1_000_000] {
                let (memory, cached) = (memory(stored), cached(stored));
                println!(
                    "{stored:>9} {:>6} ns {:>6} ns",
                    nanoseconds(stored, &memory),
                    nanoseconds(stored, &cached)
                );
            }
        }
        (Some("flood"), Some(bad)) => flood(bad),
        (Some(case), Some(hits)) => {
            count(case, hits, arguments.get(2).is_some_and(|twin| twin == "without"));
        }
        _ => CASES.iter().for_each(|case| println!("{case}")),
    }
}
