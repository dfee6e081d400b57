//! Pool of SQLite connections.

use std::fmt;
use std::fs::OpenOptions;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use super::{Limits, Opened, Pooled, Source, SqlError, SqlVerifier, SqlVerifierBuilder, words};

/// Location of a SQLite database: an address such as `sqlite:DIR/portal.db` or `sqlite::memory:`,
/// options, or the options of a pool.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::sql::SqliteSource;
///
/// let source = SqliteSource::from("sqlite:portal.db");
/// # let _ = source;
/// ```
#[derive(Clone)]
pub struct SqliteSource {
    /// `None` if the address cannot be used.
    options: Option<SqliteConnectOptions>,
    in_memory: bool,
}

impl SqlVerifier {
    /// Returns a builder of a verifier on a SQLite database.
    ///
    /// The source is an address (`sqlite:DIR/portal.db`, `sqlite::memory:`), options, or a pool
    /// whose database the verifier shares. A missing file is created, also at the end of a symlink.
    /// On Unix this file and the files that SQLite puts beside it have mode 0600 under any umask,
    /// because they hold password hashes. The mode of an existing file does not change. A `file:`
    /// URI is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use sqlx::sqlite::SqlitePoolOptions;
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// // A file, which is created if it is missing:
    /// let builder = SqlVerifier::sqlite("sqlite:portal.db");
    /// # let _ = builder;
    /// // The database of a pool that the service has already:
    /// let pool = SqlitePoolOptions::new().connect("sqlite::memory:").await?;
    /// let verifier = SqlVerifier::sqlite(&pool).connect().await?;
    /// # let _ = verifier;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn sqlite(source: impl Into<SqliteSource>) -> SqlVerifierBuilder {
        SqlVerifierBuilder::new(source.into(), 4)
    }
}

impl Source for SqliteSource {
    /// Opens a pool of its own on the same database, so that other code cannot set its limits and
    /// checks.
    fn open(&self, limits: Limits, _: &str) -> Result<Opened, SqlError> {
        let deadline = limits.deadline;
        let in_memory = self.in_memory;
        let options =
            self.options.clone().ok_or(SqlError::Configuration("the database's address cannot be used"))?;
        if !in_memory {
            make_private(options.get_filename())?;
        }
        let options = options
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(deadline * 2 / 3)
            .disable_statement_logging();
        let options = if in_memory { options } else { options.journal_mode(SqliteJournalMode::Wal) };
        let connections = if in_memory { 1 } else { limits.connections };
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(deadline * 2 / 3)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None);
        let pooled = Pooled::new(pool.connect_lazy_with(options), in_memory);
        Ok(Opened { engine: Arc::new(pooled), connections, words: &words::SQLITE, listening: None })
    }
}

/// Creates the database's file with mode 0600, or leaves an existing one as it is. SQLite would
/// make it readable for every user. It gives the files beside it the same mode, and follows no
/// symlink to them.
///
/// The link of a dangling symlink is followed, as SQLite does. A `file:` URI is refused because
/// SQLite would read its path by other rules.
fn make_private(path: &Path) -> Result<(), SqlError> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.starts_with(b"file:") {
        return Err(SqlError::Configuration(
            "a SQLite database needs a path such as `sqlite:DIR/portal.db`, not a `file:` URI",
        ));
    }
    if bytes.is_empty() {
        return Err(SqlError::Configuration(
            "a SQLite database needs a path, because an empty one is a temporary file",
        ));
    }
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, MODE);
    match options.append(true).create(true).open(path) {
        Ok(_) => Ok(()),
        // A file that may only be read.
        Err(_) if path.is_file() => Ok(()),
        Err(_) => Err(SqlError::Configuration("the database's file can be neither opened nor created")),
    }
}

/// Mode of a file that only its owner may read and write.
#[cfg(unix)]
const MODE: u32 = 0o600;

/// Returns `true` if an address asks for a database in memory, in one of the driver's two ways.
fn asks_for_memory(address: &str) -> bool {
    let rest = address.trim_start_matches("sqlite://").trim_start_matches("sqlite:");
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    name == ":memory:" || query.split('&').any(|pair| pair == "mode=memory")
}

/// Returns `true` if options name a database in memory, by SQLite's name for it or by the driver's.
fn is_memory(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let number = name.strip_prefix("file:sqlx-in-memory-");
    name == ":memory:"
        || number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl From<&str> for SqliteSource {
    fn from(address: &str) -> Self {
        let in_memory = asks_for_memory(address);
        let named = address.starts_with("sqlite:");
        let options = SqliteConnectOptions::from_str(address).ok().filter(|_| named);
        // The driver gets the same value, so that the two never differ.
        Self { options: options.map(|options| options.in_memory(in_memory)), in_memory }
    }
}

impl From<String> for SqliteSource {
    fn from(address: String) -> Self {
        Self::from(address.as_str())
    }
}

impl From<&String> for SqliteSource {
    fn from(address: &String) -> Self {
        Self::from(address.as_str())
    }
}

impl From<SqliteConnectOptions> for SqliteSource {
    fn from(options: SqliteConnectOptions) -> Self {
        let in_memory = is_memory(options.get_filename());
        let options = if in_memory { options.in_memory(true) } else { options };
        Self { options: Some(options), in_memory }
    }
}

/// Takes the database of a pool; the verifier opens connections of its own.
impl From<&SqlitePool> for SqliteSource {
    fn from(pool: &SqlitePool) -> Self {
        Self::from((*pool.connect_options()).clone())
    }
}

/// Shows no field, because the options may hold the key of an encrypted file.
impl fmt::Debug for SqliteSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteSource(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::sql::lookup;

    #[tokio::test]
    async fn a_look_up_reads_no_table_from_end_to_end() {
        let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await.unwrap();
        let database = &verifier.shared.database;
        for statement in [lookup::CREDENTIAL, lookup::HASH, lookup::USER] {
            let explain = database.statement(&format!("EXPLAIN QUERY PLAN {statement}"));
            let values = vec!["".into(), "".into()];
            let mut steps = Vec::new();
            for mut row in database.read(explain, values).await.unwrap() {
                let _ = (row.integer().unwrap(), row.integer().unwrap(), row.integer().unwrap());
                steps.push(row.name().unwrap());
            }
            let searches = steps.iter().filter(|step| step.starts_with("SEARCH")).count();
            assert!(searches > 0, "{steps:?}");
            // Only an intermediate result may be read from end to end, never a table.
            let scanned = |step: &&String| step.starts_with("SCAN") && !step.contains("held");
            assert_eq!(steps.iter().find(scanned), None, "{steps:?}");
        }
    }
}
