//! The demo portal: an open-data portal that accepts every credential form of four platforms on one
//! port.
//!
//!     cargo run --release --all-features --example portal
//!
//! It prints a command to try each form; `DIR/demo-credentials.json` holds all demo credentials.
//! Users and credentials are stored in a database. The datasets and collections that they read and
//! write are in memory, because the crate's tables are not for them.

mod collections;
mod crowd;
mod curl;
mod database;
mod demo;
mod doctor;
mod flags;
mod jwt;
mod linger;
mod metrics;
mod platform;
mod private_file;
mod random;
mod routes;
mod rows;
mod serve;
mod tls;
mod whoami;

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tokio::time::timeout;
use tower_principal::transport;
use tracing_subscriber::EnvFilter;

use crate::demo::Demo;
use crate::doctor::Invocation;
use crate::flags::Flags;
use crate::jwt::SigningKey;
use crate::platform::Platforms;
use crate::serve::Listeners;

/// The time that the database has to finish after the last request.
const CLOSING: Duration = Duration::from_millis(500);

type BoxError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let invocation = Invocation::parse();
    let done = match invocation.command {
        Some(command) => command.run().await,
        None => run(invocation.flags).await.map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("portal: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), BoxError> {
    let filter = EnvFilter::try_new(&flags.log).map_err(|error| format!("--log: {error}"))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();

    fs::create_dir_all(&flags.data)?;
    let listeners = Listeners {
        http: serve::listen(flags.http)?,
        https: serve::listen(flags.https)?,
        tls: tls::acceptor(&flags.data)?,
    };
    let (http, https) = (listeners.http.local_addr()?, listeners.https.local_addr()?);
    let secure = format!("https://localhost:{}", https.port());
    let issuer =
        if flags.assume_secure { format!("http://127.0.0.1:{}", http.port()) } else { secure.clone() };

    let key = SigningKey::generate()?;
    let demo = Demo::new(&issuer, &key)?;
    let database = database::open(flags.database.as_deref(), &flags.data).await?;
    let platforms = Platforms::of(&database)?;
    demo.store(&platforms).await.map_err(|error| format!("--database: {error}"))?;
    let transport = match flags.assume_secure {
        true => transport::danger_assume_secure(),
        false => transport::behind_proxy(flags.trust_proxy),
    };
    let metrics = metrics::routes(metrics::install()?);
    let app = routes::all(&demo, &key, platforms, transport, &issuer)?.merge(metrics);
    demo.write(&flags.data)?;

    let mut out = io::stdout();
    writeln!(out, "http http://{http}\nhttps {secure}")?;
    let ca = (!flags.assume_secure).then(|| flags.data.join("ca.pem"));
    for line in curl::lines(&demo, &issuer, ca.as_deref()) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    listeners.serve(app).await?;
    if timeout(CLOSING, database.close()).await.is_err() {
        tracing::warn!("the database did not let go within {CLOSING:?}");
    }
    Ok(())
}
