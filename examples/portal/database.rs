//! The database of users and credentials: a file beside the demo credentials, or a PostgreSQL
//! server.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use tower_principal::verify::sql::SqlVerifier;
use tower_principal::verify::sql::{SqlError, SqlVerifierBuilder};

use crate::BoxError;

/// Opens the database of `--database`, or `DIR/portal.db`. No error repeats the address, because it
/// may contain a password.
pub(crate) async fn open(url: Option<&str>, data: &Path) -> Result<SqlVerifier, BoxError> {
    let builder = match url {
        None => sqlite(SqliteConnectOptions::new().filename(data.join("portal.db")))?,
        Some(url) if url.starts_with("sqlite:") => sqlite(url.parse().map_err(|_| UNUSABLE)?)?,
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            SqlVerifier::postgres(url)
        }
        Some(_) => return Err(UNUSABLE.into()),
    };
    let opened = builder.table_prefix("portal_").secret_word("portal").connect().await;
    opened.map_err(|error| match error {
        // The SQLSTATE class for invalid authorization.
        SqlError::Refused(code) if code.starts_with("28") => REFUSED.into(),
        error => format!("--database: {error}").into(),
    })
}

/// Makes the file private to its owner before anything is written. The files that SQLite puts
/// beside it become private as well.
fn sqlite(options: SqliteConnectOptions) -> Result<SqlVerifierBuilder, BoxError> {
    let path = options.get_filename();
    // The driver's name for an in-memory database.
    if !path.to_string_lossy().starts_with("file:") {
        private(path).map_err(|error| format!("--database: {}: {error}", path.display()))?;
    }
    Ok(SqlVerifier::sqlite(options))
}

fn private(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().create(true).append(true).mode(MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(MODE))
}

const MODE: u32 = 0o600;
const REFUSED: &str = "--database: the server refuses this user or password";
const UNUSABLE: &str = "--database: expected sqlite:FILE or postgres://USER@HOST/NAME";
