//! The demo portal: an open-data portal that accepts every credential form of four platforms on one
//! port.
//!
//!     cargo run --release --all-features --example portal
//!
//! It prints a command to try each form; `DIR/demo-credentials.json` holds all demo credentials.
//! Users and credentials are stored in a database. The datasets and collections that they read and
//! write are in a table of the portal's own there.

mod app;
mod collections;
mod commands;
mod crowd;
mod curl;
mod database;
mod demo;
mod doctor;
mod documents;
mod flags;
mod folder;
mod home;
mod jwt;
mod linger;
mod metrics;
mod platform;
mod private_file;
mod random;
mod routes;
mod rows;
mod serve;
mod stop;
mod tls;
mod whoami;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use clap::Parser as _;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tower_principal::transport;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::commands::Invocation;
use crate::database::Database;
use crate::demo::Demo;
use crate::flags::Flags;
use crate::folder::Folder;
use crate::platform::Platforms;
use crate::serve::Listeners;
use crate::stop::Stop;

/// The time that the database has to finish after the last request.
const CLOSING: Duration = Duration::from_millis(500);

type BoxError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let invocation = Invocation::parse();
    let done = match invocation.command {
        Some(command) => command.run(&invocation.flags).await,
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
    let filter: Targets = flags.log.parse().map_err(|error| format!("--log {}: {error}", flags.log))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    tracing_subscriber::registry().with(lines).with(filter).init();

    // First, so that a signal at any time ends the portal cleanly.
    let mut stop = Stop::install()?;
    let started = tokio::select! {
        started = Started::new(flags) => started?,
        () = stop.asked() => return Ok(()),
    };
    started.print()?;
    started.listeners.serve(started.app, &mut stop).await;
    if timeout(CLOSING, started.database.close()).await.is_err() {
        tracing::warn!("database still in use after {CLOSING:?}");
    }
    Ok(())
}

/// A portal that is ready to serve.
struct Started {
    listeners: Listeners,
    database: Database,
    app: Router,
    /// The lines to print.
    lines: Vec<String>,
    _folder: Folder,
}

impl Started {
    async fn new(flags: Flags) -> Result<Self, BoxError> {
        let folder = Folder::open(&flags.data)?;
        let unusable = |error: BoxError| format!("--data {}: {error}", flags.data.display());
        let listeners = Listeners {
            http: serve::listen("--http", &flags.http).await?,
            https: serve::listen("--https", &flags.https).await?,
            tls: tls::acceptor(&flags.data).map_err(unusable)?,
        };
        let (http, https) = (listeners.http.local_addr()?, listeners.https.local_addr()?);
        let secure = format!("https://localhost:{}", https.port());
        let issuer =
            if flags.assume_secure { format!("http://127.0.0.1:{}", http.port()) } else { secure.clone() };

        // An RSA key takes a while to make, and so do the tables.
        let key = spawn_blocking(jwt::signer);
        let database = Database::open(flags.database.as_deref(), &flags.data).await?;
        let signer = key.await??;
        let demo = Demo::new(&issuer, &signer)?;
        let platforms = Platforms::of(&database.verifier)?;
        demo.store(&platforms).await.map_err(|error| format!("--database: {error}"))?;
        let transport = match flags.assume_secure {
            true => transport::danger_assume_secure(),
            false => transport::behind_proxy(flags.trust_proxy),
        };
        let metrics = metrics::routes(metrics::install()?);
        let app = routes::all(&demo, &signer, platforms, &database.documents, transport, &issuer, metrics)?;
        demo.write(&flags.data).map_err(unusable)?;

        let ca = (!flags.assume_secure).then(|| flags.data.join("ca.pem"));
        let mut lines = vec![format!("http http://{http}"), format!("https {secure}")];
        lines.extend(curl::lines(&demo, &issuer, ca.as_deref())?);
        Ok(Self { listeners, database, app, lines, _folder: folder })
    }

    fn print(&self) -> io::Result<()> {
        let mut out = io::stdout();
        for line in &self.lines {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "ready")?;
        out.flush()
    }
}
