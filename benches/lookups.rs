//! Look-ups a second of `SqlVerifier`, compared with those of the driver alone.
//!
//!     cargo bench --features sqlite,postgres --bench lookups -- postgres://user@host/name ..
//!
//! SQLite is measured in a temporary file, and each PostgreSQL server that an argument or
//! `TEST_POSTGRES_URL` names. The tables of earlier runs are used again.
//!
//! `verifier` is `SqlVerifier::verify`. `pool` is a hand-written look-up: one row of one table by
//! its index, through sqlx's pool with its defaults. `driver` is the same row on connections that
//! never leave their tasks, which is the most that the driver and the server can do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::env;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::pool::PoolOptions;
use sqlx::{ColumnIndex, Connection as _, Database, Decode, Encode, Executor, IntoArguments, Type};
use tower_principal::credential::Digest;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlVerifier, SqlVerifierBuilder};
use tower_principal::{Credential, Secret, Verifier as _, VerifyContext};

const TOKENS: usize = 1_000;
const TASKS: [usize; 4] = [1, 16, 64, 256];
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(1);

/// The statement of the hand-written look-up.
const ROW: &str = "SELECT subject, scopes FROM lookups_credentials WHERE digest = $1";

#[tokio::main]
async fn main() {
    let file = env::temp_dir().join(format!("lookups-{}.db", std::process::id()));
    let address = format!("sqlite:{}", file.display());
    compare::<sqlx::Sqlite>("SQLite", &address, SqlVerifier::sqlite(address.as_str()), 4).await;
    for end in ["", "-wal", "-shm"] {
        _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    let named = env::args().skip(1).filter(|argument| argument.starts_with("postgres"));
    for address in named.chain(env::var("TEST_POSTGRES_URL")) {
        compare::<sqlx::Postgres>("PostgreSQL", &address, SqlVerifier::postgres(address.as_str()), 10).await;
    }
}

/// Prints a table of one database, whose pools have this number of connections.
async fn compare<DB: Database>(name: &str, address: &str, builder: SqlVerifierBuilder, connections: u32)
where
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'v> Vec<u8>: Encode<'v, DB> + Type<DB>,
    for<'v> Option<String>: Decode<'v, DB>,
    String: Type<DB>,
    usize: ColumnIndex<DB::Row>,
{
    let verifier =
        builder.table_prefix("lookups_").deadline(Duration::from_secs(10)).connect().await.unwrap();
    let tokens = Arc::new(tokens(&verifier).await);
    let pool = PoolOptions::<DB>::new().max_connections(connections).connect(address).await.unwrap();

    println!("{name}, {connections} connections: look-ups a second, medians of {ROUNDS} rounds");
    println!("{:>6} {:>9} {:>9} {:>9}", "tasks", "verifier", "pool", "driver");
    for tasks in TASKS {
        let mut rates = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            let work = |at: usize| {
                let (verifier, tokens) = (verifier.clone(), Arc::clone(&tokens));
                async move {
                    let until = Instant::now() + ROUND;
                    let mut done = 0;
                    while Instant::now() < until {
                        let token = &tokens[(at + done) % TOKENS].0;
                        let token = Credential::AccessToken(Secret::borrowed(token));
                        verifier.verify(&token, &VerifyContext::default()).await.unwrap();
                        done += 1;
                    }
                    done
                }
            };
            rates[0].push(rate(tasks, work).await);
            let work = |at: usize| {
                let (pool, tokens) = (pool.clone(), Arc::clone(&tokens));
                async move {
                    let until = Instant::now() + ROUND;
                    let mut done = 0;
                    while Instant::now() < until {
                        let digest = &tokens[(at + done) % TOKENS].1;
                        let query = sqlx::query::<DB>(ROW).bind(digest.clone());
                        let mut connection = pool.acquire().await.unwrap();
                        read(&query.fetch_one(&mut *connection).await.unwrap());
                        done += 1;
                    }
                    done
                }
            };
            rates[1].push(rate(tasks, work).await);
            let work = |at: usize| {
                let (address, tokens) = (address.to_owned(), Arc::clone(&tokens));
                async move {
                    let mut connection = DB::Connection::connect(&address).await.unwrap();
                    let until = Instant::now() + ROUND;
                    let mut done = 0;
                    while Instant::now() < until {
                        let digest = &tokens[(at + done) % TOKENS].1;
                        let query = sqlx::query::<DB>(ROW).bind(digest.clone());
                        read(&query.fetch_one(&mut connection).await.unwrap());
                        done += 1;
                    }
                    done
                }
            };
            rates[2].push(rate(tasks.min(connections as usize), work).await);
        }
        let [verifier, pool, driver] = rates.map(median);
        println!("{tasks:>6} {verifier:>9} {pool:>9} {driver:>9}");
    }
    pool.close().await;
    verifier.close().await;
}

/// Creates the tokens of one user and returns them, each with its digest.
async fn tokens(verifier: &SqlVerifier) -> Vec<(String, Vec<u8>)> {
    let (users, created) = (verifier.store().users(), verifier.store().access_tokens());
    // The user of an earlier run stays.
    _ = users.create("otto", Secret::borrowed("correct horse"), NewUser::new()).await;
    let mut tokens = Vec::new();
    for _ in 0..TOKENS {
        let draft = NewCredential::new().user("otto").scopes(["read"]);
        let issued = created.create(draft).await.unwrap();
        let digest = Digest::from_access_token(&issued.secret, None);
        tokens.push((issued.secret.expose_secret().to_owned(), digest.as_bytes().to_vec()));
    }
    tokens
}

fn read<R: sqlx::Row>(row: &R)
where
    for<'v> Option<String>: Decode<'v, R::Database>,
    String: Type<R::Database>,
    usize: ColumnIndex<R>,
{
    let (subject, scopes): (Option<String>, Option<String>) = (row.get(0), row.get(1));
    assert_eq!((subject.as_deref(), scopes.as_deref()), (Some("otto"), Some("read")));
}

/// Returns how many look-ups a second these tasks make together.
async fn rate<F: Future<Output = usize> + Send + 'static>(tasks: usize, work: impl Fn(usize) -> F) -> u64 {
    let before = Instant::now();
    let tasks: Vec<_> = (0..tasks).map(|at| tokio::spawn(work(at * 7))).collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    (done as f64 / before.elapsed().as_secs_f64()) as u64
}

fn median(mut rates: Vec<u64>) -> u64 {
    rates.sort_unstable();
    rates[rates.len() / 2]
}
