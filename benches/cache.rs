//! The cost of a cache hit, compared with that of a memory verifier.
//!
//!     BENCH=cache benches/instructions              # instructions of one hit, by callgrind
//!     cargo bench --bench cache -- times            # nanoseconds, from 100 to 1,000,000 stored tokens
//!     cargo bench --bench cache -- lengths          # nanoseconds, by the length of the token
//!     cargo bench --bench cache -- flood 1000000    # memory, after this number of unknown tokens
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{self, Poll, Waker};
use std::time::{Duration, Instant};

use tower_principal::credential::ClientKind;
use tower_principal::verify::Cached;
use tower_principal::verify::password::Passwords;
use tower_principal::{
    ApiKey, AppAdmin, AppToken, BasicUser, Credential, OAuthUser, Pair, Principal, Secret, Verifier,
    VerifyContext, VerifyError, verify::MemoryVerifier,
};

/// Measures each kind of credential that the cache stores, with a memory verifier and with a cache
/// around it. `password` is measured only with the cache, because the memory verifier hashes it;
/// `refused` is an unknown token, `many` is one of 100,000 cached tokens.
const KINDS: [&str; 6] = ["token", "jwt", "app", "key", "halves", "client"];
const CACHED_ALONE: [&str; 3] = ["password", "refused", "many"];

const KEY: &str = "5xi1pa3bzl4r4mczg";
const CLIENT: &str = "YXA6AfAGsHVBEeWOvxfLjNHDiA";

/// The lengths of an opaque token, and of JWTs that differ only in their signatures.
const LENGTHS: [(&str, usize); 4] = [("opaque", 40), ("HS256", 501), ("ES256", 544), ("RS256", 800)];

/// Accepts every token that starts with `good`. It has no `verify_now`.
struct Remote;

impl Verifier for Remote {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        match credential {
            Credential::AccessToken(token) if token.expose_secret().starts_with("good") => {
                Ok(OAuthUser::new("otto").with_scopes(["a", "b"]).into())
            }
            _ => Err(VerifyError::UNKNOWN),
        }
    }
}

/// Returns a token of 40 characters.
fn token(kind: &str, at: usize) -> String {
    format!("{kind}{at:036}")
}

fn access(token: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(token))
}

/// Runs a future that is ready at its first poll.
fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

fn cached(stored: usize) -> Cached<Remote> {
    let day = Duration::from_secs(24 * 60 * 60);
    let cached = Cached::new(Remote).unwrap().ttl(day).negative_ttl(day);
    let cached = cached.capacity(2 * stored + 100).negative_capacity(2 * stored + 100);
    for at in 0..stored {
        now(cached.verify(&access(&token("good", at)), &VerifyContext::default())).unwrap();
    }
    cached
}

fn memory(stored: usize) -> MemoryVerifier {
    let user = || OAuthUser::new("otto").with_scopes(["a", "b"]);
    (0..stored)
        .fold(MemoryVerifier::builder(), |known, at| known.access_token(token("good", at), user()))
        .build()
        .unwrap()
}

fn password() -> Credential<'static> {
    Credential::Password(Pair::new(Secret::borrowed("alice@example.org"), Secret::borrowed("correct horse")))
}

/// Returns a credential of this kind, which the verifier of [`everything`] accepts.
fn shown(kind: &str) -> Credential<'static> {
    let secret = |text: &str| Secret::owned(text.to_owned());
    let pair = |id: &str, text: &str| Pair::new(secret(id), secret(text));
    match kind {
        "jwt" => Credential::AccessToken(secret(&"good".repeat(137))),
        "app" => Credential::AppToken(secret("lmVFx7kHXUhzgI6nELk4AYOCu")),
        "key" => Credential::ApiKey(secret(&token("good", 1))),
        "halves" => Credential::KeyPair(pair(KEY, &token("good", 2))),
        "client" => Credential::Client(ClientKind::Application, pair(CLIENT, &token("good", 3))),
        "password" => password(),
        "refused" => Credential::AccessToken(secret(&token("evil", 0))),
        _ => Credential::AccessToken(secret(&token("good", 7))),
    }
}

/// Returns a verifier that accepts [`shown`] of every kind, and a thousand tokens.
fn everything() -> MemoryVerifier {
    let user = || OAuthUser::new("otto").with_scopes(["a", "b"]);
    let key = || ApiKey::new(KEY).with_owner("otto");
    let tokens = MemoryVerifier::builder()
        .passwords(Passwords::with_params(8, 1, 1).unwrap())
        .user("alice@example.org", "correct horse", BasicUser::new("alice"))
        .access_token("good".repeat(137), user())
        .app_token("lmVFx7kHXUhzgI6nELk4AYOCu", AppToken::new("map"))
        .api_key(token("good", 1), key())
        .key_pair(KEY, token("good", 2), key())
        .client(CLIENT, token("good", 3), AppAdmin::new(CLIENT, "acme", "map"));
    (0..1_000).fold(tokens, |known, at| known.access_token(token("good", at), user())).build().unwrap()
}

fn count(case: &str, hits: usize, without: bool) {
    let context = VerifyContext::default();
    let (by, kind) = case.split_once('-').unwrap();
    let credential = shown(kind);
    let verifier: Box<dyn Fn(&Credential<'_>) -> _> = match (by, kind) {
        ("memory", _) => {
            let memory = everything();
            Box::new(move |credential| memory.verify_now(credential, &context))
        }
        (_, "many") => {
            let cached = cached(100_000);
            Box::new(move |credential| cached.verify_now(credential, &context))
        }
        _ => {
            let cached = Cached::new(everything()).unwrap().cache_passwords();
            let _ = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(cached.verify(&credential, &context));
            Box::new(move |credential| cached.verify_now(credential, &context))
        }
    };
    let expected = kind != "refused";
    for _ in 0..hits {
        if !black_box(without) {
            let answer = black_box(verifier(black_box(&credential)));
            assert!(answer.is_some_and(|answer: Result<_, VerifyError>| answer.is_ok() == expected));
        }
    }
}

/// Returns the time of a hit in ns, as the median of several rounds over all tokens, in an order
/// that no prefetcher can predict.
fn nanoseconds(stored: usize, verifier: &impl Verifier) -> u128 {
    const HITS: usize = 200_000;
    let tokens: Vec<String> = (0..HITS).map(|at| token("good", at.wrapping_mul(7_919) % stored)).collect();
    let round = || {
        let start = Instant::now();
        for token in &tokens {
            black_box(verifier.verify_now(&access(token), &VerifyContext::default())).unwrap().unwrap();
        }
        start.elapsed().as_nanos() / HITS as u128
    };
    let mut rounds: Vec<u128> = (0..9).map(|_| round()).collect();
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

/// Prints the time of a hit for each of [`LENGTHS`] in ns: the median of rounds that take turns, so
/// that a machine that gets slower makes no length look worse.
fn lengths() {
    const HITS: u128 = 20_000;
    let cached = cached(1_000);
    let tokens = LENGTHS.map(|(_, length)| format!("{:x<length$}", "good"));
    let mut rounds = LENGTHS.map(|_| Vec::new());
    for _ in 0..101 {
        for (token, rounds) in tokens.iter().zip(&mut rounds) {
            let _ = now(cached.verify(&access(token), &VerifyContext::default()));
            let start = Instant::now();
            for _ in 0..HITS {
                let answer = cached.verify_now(&access(black_box(token)), &VerifyContext::default());
                black_box(answer).unwrap().unwrap();
            }
            rounds.push(start.elapsed().as_nanos() / HITS);
        }
    }
    for ((kind, length), rounds) in LENGTHS.iter().zip(&mut rounds) {
        rounds.sort_unstable();
        println!("{kind:>9} {length:>6} bytes {:>6} ns", rounds[rounds.len() / 2]);
    }
}

/// Returns the resident memory of this process in KiB, or 0 if the system does not report it.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn flood(bad: usize) {
    let cached = Cached::new(Remote).unwrap();
    let good: Vec<String> = (0..1_000).map(|at| token("good", at)).collect();
    good.iter().for_each(|token| drop(now(cached.verify(&access(token), &VerifyContext::default()))));
    let before = resident();
    for at in 0..=bad {
        if at % (bad / 10).max(1) == 0 {
            let hits = good
                .iter()
                .filter(|token| cached.verify_now(&access(token), &VerifyContext::default()).is_some());
            let (hits, (kept, refused)) = (hits.count(), cached.stored());
            println!(
                "{at:>9} bad tokens: {:>6} KiB more, {kept} good and {refused} bad answers kept, {hits} of 1000 good hit",
                resident().saturating_sub(before)
            );
        }
        let _ = now(cached.verify(&access(&token("evil", at)), &VerifyContext::default()));
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
        (Some("lengths"), _) => lengths(),
        (Some("flood"), Some(bad)) => flood(bad),
        (Some(case), Some(hits)) => {
            count(case, hits, arguments.get(2).is_some_and(|twin| twin == "without"));
        }
        _ => {
            KINDS.iter().for_each(|kind| println!("memory-{kind}\ncached-{kind}"));
            CACHED_ALONE.iter().for_each(|kind| println!("cached-{kind}"));
        }
    }
}
