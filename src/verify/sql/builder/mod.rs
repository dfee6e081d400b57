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

mod settings;

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
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{SqlError, SqlVerifier};
    ///
    /// // At start-up: a service that cannot reach its database should not serve.
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// # let _ = verifier;
    /// let refused = SqlVerifier::sqlite("file:portal.db").connect().await;
    /// assert!(matches!(refused, Err(SqlError::Configuration(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
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
            statements: lookup::Statements::of(&database),
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
