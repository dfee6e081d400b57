//! SQLite's pool.

use std::fmt;
use std::fs::OpenOptions;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use super::{Limits, Opened, Pooled, Source, SqlError, SqlVerifier, SqlVerifierBuilder, Words};

/// Where a SQLite database is: an address such as `sqlite:DIR/portal.db` or `sqlite::memory:`, the
/// options of one, or those of a pool.
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
    /// `None` for what is no address.
    options: Option<SqliteConnectOptions>,
    in_memory: bool,
}

/// What stands in the schema for SQLite.
const WORDS: Words = Words {
    serial: "INTEGER PRIMARY KEY",
    bytes: "BLOB",
    // A start waits longer for a lock than a request may.
    begin: "PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE;",
    commit: "COMMIT",
    extra: "CREATE UNIQUE INDEX {p}users_in_any_case ON {p}users (tenant, name COLLATE NOCASE);",
};

impl SqlVerifier {
    /// A verifier on a SQLite database: an address (`sqlite:DIR/portal.db`, `sqlite::memory:`), options,
    /// or a pool whose database it is to share. A file is made where there is none; on Unix it, and what SQLite puts
    /// beside it, is its owner's alone (mode 0600), since it holds hashes of passwords. The mode of one that is
    /// there is left as it is.
    pub fn sqlite(source: impl Into<SqliteSource>) -> SqlVerifierBuilder {
        SqlVerifierBuilder::new(source.into(), 4)
    }
}

impl Source for SqliteSource {
    /// A pool of its own on the same database: its limits and checks are not for others to set.
    fn open(&self, limits: Limits, _: &str) -> Result<Opened, SqlError> {
        let deadline = limits.deadline;
        let in_memory = self.in_memory;
        let options =
            self.options.clone().ok_or(SqlError::Configuration("the database's address cannot be used"))?;
        if !in_memory {
            make_private(options.get_filename());
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
        let pooled = Pooled { pool: pool.connect_lazy_with(options), irreplaceable: in_memory };
        Ok(Opened { engine: Arc::new(pooled), connections, words: &WORDS, listening: None })
    }
}

/// Makes the file that SQLite would make for everybody to read. Those beside it have its mode. Where that fails, it does
/// for SQLite, too, which says why.
fn make_private(path: &Path) {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.write(true).create_new(true).open(path));
}

impl From<&str> for SqliteSource {
    fn from(address: &str) -> Self {
        let named = address.starts_with("sqlite:");
        let options = SqliteConnectOptions::from_str(address).ok().filter(|_| named);
        Self { options, in_memory: address.contains(":memory:") || address.contains("mode=memory") }
    }
}

impl From<String> for SqliteSource {
    fn from(address: String) -> Self {
        Self::from(address.as_str())
    }
}

impl From<SqliteConnectOptions> for SqliteSource {
    fn from(options: SqliteConnectOptions) -> Self {
        // The name that the driver gives to what was asked for as `:memory:`.
        let in_memory = options.get_filename().to_string_lossy().starts_with("file:sqlx-in-memory-");
        Self { options: Some(options), in_memory }
    }
}

/// The database of a pool, over connections of one's own.
impl From<&SqlitePool> for SqliteSource {
    fn from(pool: &SqlitePool) -> Self {
        Self::from((*pool.connect_options()).clone())
    }
}

/// Shows nothing: the options may hold the key of an encrypted file.
impl fmt::Debug for SqliteSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteSource(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::lookup;
    use super::*;

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
            // What is put together in passing is read from end to end, and no table is.
            let scanned = |step: &&String| step.starts_with("SCAN") && !step.contains("held");
            assert_eq!(steps.iter().find(scanned), None, "{steps:?}");
        }
    }
}
