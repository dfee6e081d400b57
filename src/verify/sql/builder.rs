//! How a SQL verifier is set up.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::token_format::TokenFormat;
use super::{
    Database, Engine, Hub, Listen, Plan, Shared, SqlError, SqlVerifier, Uses, Words, log_in, lookup, schema,
};
use crate::clock::{Clock, SystemClock};
use crate::verify::password::Passwords;

/// Sets a [`SqlVerifier`] up; from [`SqlVerifier`]'s `sqlite` and `postgres`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tower_principal::verify::sql::SqlVerifier;
///
/// let verifier = SqlVerifier::sqlite("sqlite::memory:")
///     .table_prefix("login_")
///     .secret_word("acme")
///     .deadline(Duration::from_secs(1))
///     .connect()
///     .await?;
/// # let _ = verifier;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
#[must_use]
pub struct SqlVerifierBuilder {
    source: Box<dyn Source>,
    prefix: String,
    word: String,
    name: Option<Arc<str>>,
    limits: Limits,
    clock: Option<Arc<dyn Clock>>,
    passwords: Option<Passwords>,
}

/// Where a database is, and how it is opened.
pub(super) trait Source: fmt::Debug + Send + Sync + 'static {
    fn open(&self, limits: Limits, prefix: &str) -> Result<Opened, SqlError>;
}

/// How much a database may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) connections: u32,
    pub(super) deadline: Duration,
}

/// A database that was opened.
pub(super) struct Opened {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) connections: u32,
    pub(super) words: &'static Words,
    pub(super) listening: Option<Box<dyn Listen>>,
}

impl SqlVerifierBuilder {
    pub(super) fn new(source: impl Source, connections: u32) -> Self {
        Self {
            source: Box::new(source),
            prefix: "principal_".to_owned(),
            word: "tp".to_owned(),
            name: None,
            limits: Limits { connections, deadline: Duration::from_millis(1_500) },
            clock: None,
            passwords: None,
        }
    }

    /// What the names of the tables start with: `[a-z_][a-z0-9_]*`, at most 32 bytes, but neither `sqlite_` nor `pg_`
    /// at its begin, which the engines keep for themselves; `principal_` unless said.
    pub fn table_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// What the secrets that are made here start with, before a letter for their kind: 1 to 15 of
    /// `0-9a-z`; `tp` unless said, which makes `tpk_..` for a key. Name your service, so that a secret that
    /// leaked is known for yours.
    pub fn secret_word(mut self, word: impl Into<String>) -> Self {
        self.word = word.into();
        self
    }

    /// The name of this store, which is a part of each principal's [identity](crate::Principal::identity).
    /// Defaults to no name. Give each store a name if a service has several, and keep it: stored
    /// [keys](crate::Principal::key) hold it.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How many connections there may be, at least 1; on PostgreSQL 10 unless said, and one more that
    /// listens for [changes](SqlVerifier::changes); on SQLite 4. A database in memory has one.
    pub const fn connections(mut self, connections: u32) -> Self {
        self.limits.connections = connections;
        self
    }

    /// The time for one statement, with the wait for a connection: 1.5 s unless said, 100 ms at least.
    /// Keep it below the layer's [deadline](crate::AuthenticateLayer::deadline), or a slow database looks
    /// like a slow verifier. A password takes two statements.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// How passwords are hashed and checked; [`Passwords::new`] unless said.
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = Some(passwords);
        self
    }

    /// The clock that expiry is judged by; the operating system's unless said. Nodes have to agree on it
    /// as well as they are to agree on when something ends.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The verifier, with its tables made or brought up to date. Any number of nodes may do so at once;
    /// where the tables are up to date no right to make any is needed. A database that is late or locked is
    /// asked again for five times the [deadline](Self::deadline).
    ///
    /// # Errors
    ///
    /// [`SqlError::Configuration`] for an address, a prefix, a word or a limit that cannot be used, and
    /// [`SqlError`] of other kinds where the database cannot be reached or refuses.
    pub async fn connect(self) -> Result<SqlVerifier, SqlError> {
        let prefix: Arc<str> = schema::prefix(&self.prefix)?.into();
        TokenFormat::new(format!("{}x", self.word))?;
        let limits = self.limits;
        if limits.connections == 0 || limits.deadline < Duration::from_millis(100) {
            return Err(SqlError::Configuration("there is no connection, or no time for an answer"));
        }
        let Opened { engine, connections, words, listening } = self.source.open(limits, &prefix)?;
        let plan = Plan::of(words, &prefix);
        let database = Database::new(engine, connections, limits.deadline, prefix);
        let passwords = match self.passwords {
            Some(passwords) => passwords,
            None => Passwords::new()?,
        };
        database.bring_up_to_date(plan).await?;
        if cfg!(feature = "legacy-hashes") {
            let rows = database.read(database.statement(log_in::OUTDATED), Vec::new()).await?;
            if let Some(hash) = rows.into_iter().next().map(|mut row| row.name()).transpose()? {
                // One that cannot be checked is logged, and matches no password.
                _ = passwords.accept(&hash);
            }
        }
        let shared = Shared {
            asked: lookup::Statements::of(&database),
            database,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            passwords,
            word: self.word.into(),
            name: self.name,
            hub: Hub::new(),
            uses: Uses::default(),
            listening: Mutex::new(listening),
        };
        Ok(SqlVerifier { shared: Arc::new(shared), without_tenant: false })
    }
}
