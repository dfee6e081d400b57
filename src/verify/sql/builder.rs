//! Builder of SQL verifiers.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{
    Database, Engine, Hub, Listen, Plan, Shared, SqlError, SqlVerifier, Uses, Words, log_in, lookup, schema,
};
use crate::clock::{Clock, SystemClock};
use crate::credential::TokenFormat;
use crate::verify::password::Passwords;

/// Builder of a [`SqlVerifier`]; from its functions `sqlite` and `postgres`.
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
    audience: Option<Box<str>>,
    limits: Limits,
    clock: Option<Arc<dyn Clock>>,
    passwords: Option<Passwords>,
}

/// Location of a database, and how to open it.
pub(super) trait Source: fmt::Debug + Send + Sync + 'static {
    fn open(&self, limits: Limits, prefix: &str) -> Result<Opened, SqlError>;
}

/// Limits on the use of a database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) connections: u32,
    pub(super) deadline: Duration,
}

/// Database that was opened.
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
            audience: None,
            limits: Limits { connections, deadline: Duration::from_millis(1_500) },
            clock: None,
            passwords: None,
        }
    }

    /// Sets the prefix of the table names. Defaults to `principal_`.
    ///
    /// A prefix is `[a-z_][a-z0-9_]*`, at most 32 bytes. It does not start with `sqlite_` or `pg_`,
    /// which the engines reserve.
    pub fn table_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the word at the start of the secrets that are made here. Defaults to `tp`.
    ///
    /// A word is 1 to 15 of `0-9a-z`. A letter for the kind follows it, so `tp` makes `tpk_..` for
    /// a key. Use the name of your service, so that a leaked secret is recognized as yours.
    pub fn secret_word(mut self, word: impl Into<String>) -> Self {
        self.word = word.into();
        self
    }

    /// Sets the name of this store, which is a part of each principal's
    /// [identity](crate::Principal::identity). Defaults to no name. Give each store a name if a
    /// service has several, and keep it: stored [keys](crate::Principal::key) hold it.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the name of this service, as the audience of access tokens names it (RFC 8707). It is
    /// compared byte for byte, usually with an absolute URI.
    ///
    /// A token that names its audience is unknown to a service that it does not name, and to a
    /// service without a name. A token without an audience is accepted by every service that uses
    /// the database. Defaults to no name.
    pub fn audience(mut self, service: impl Into<Box<str>>) -> Self {
        self.audience = Some(service.into());
        self
    }

    /// Sets the maximum number of connections, at least 1.
    ///
    /// Defaults to 10 on PostgreSQL, and one more that listens for [changes](SqlVerifier::changes);
    /// to 4 on SQLite. A database in memory has one.
    pub const fn connections(mut self, connections: u32) -> Self {
        self.limits.connections = connections;
        self
    }

    /// Sets the time for one statement, including the wait for a connection. Defaults to 1.5 s; the
    /// minimum is 100 ms.
    ///
    /// Keep it below the layer's [deadline](crate::AuthenticateLayer::deadline), because otherwise
    /// a slow database looks like a slow verifier. A password check takes two statements.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// Sets how passwords are hashed and checked. Defaults to [`Passwords::new`].
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = Some(passwords);
        self
    }

    /// Sets the clock that expiry is checked against. Defaults to the operating system's clock.
    /// Nodes agree on an end only as exactly as their clocks agree.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Connects, creates the tables or brings them up to date, and returns the verifier.
    ///
    /// Any number of nodes may do so at once. If the tables are up to date, no right to create
    /// tables is needed. If the database is late or locked, it is asked again for five times the
    /// [deadline](Self::deadline).
    ///
    /// # Errors
    ///
    /// [`SqlError::Configuration`] if an address, a prefix, a word or a limit cannot be used. Other
    /// variants if the database cannot be reached or refuses.
    pub async fn connect(self) -> Result<SqlVerifier, SqlError> {
        let prefix: Arc<str> = schema::prefix(&self.prefix)?.into();
        TokenFormat::new(format!("{}x", self.word))?;
        let limits = self.limits;
        if limits.connections == 0 || limits.deadline < Duration::from_millis(100) {
            return Err(SqlError::Configuration(
                "the pool needs at least one connection, and the deadline at least \
                100 ms",
            ));
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
                // A hash that cannot be checked is logged, and matches no password.
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
            audience: self.audience,
            hub: Hub::new(),
            uses: Uses::default(),
            listening: Mutex::new(listening),
        };
        Ok(SqlVerifier { shared: Arc::new(shared), without_tenant: false })
    }
}
