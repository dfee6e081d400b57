//! The database of users, credentials and documents: a file beside the demo credentials, or a
//! PostgreSQL server.

mod reachable;

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tower_principal::verify::sql::SqlVerifier;
use tower_principal::verify::sql::{SqlError, SqlVerifierBuilder};

use crate::BoxError;
use crate::documents::Documents;

pub(crate) struct Database {
    pub(crate) verifier: SqlVerifier,
    pub(crate) documents: Documents,
}

impl Database {
    /// Opens the database of `--database`, or `DIR/portal.db`. No error repeats the address,
    /// because it may contain a password.
    pub(crate) async fn open(url: Option<&str>, data: &Path) -> Result<Self, BoxError> {
        match url {
            None => Self::sqlite(SqliteConnectOptions::new().filename(data.join("portal.db"))).await,
            Some(url) if url.starts_with("sqlite:") => Self::sqlite(url.parse().map_err(|_| UNUSABLE)?).await,
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Self::postgres(url.parse().map_err(|_| UNUSABLE)?).await
            }
            Some(_) => Err(UNUSABLE.into()),
        }
    }

    async fn sqlite(options: SqliteConnectOptions) -> Result<Self, BoxError> {
        let path = options.get_filename().to_owned();
        // The driver's name for an in-memory database.
        if !path.to_string_lossy().starts_with("file:") {
            private(&path).map_err(|error| format!("--database: {}: {error}", path.display()))?;
        }
        let options = options.disable_statement_logging();
        let verifier = connect(SqlVerifier::sqlite(options.clone())).await?;
        let documents = Documents::sqlite(options).await.map_err(|_| NO_TABLE)?;
        Ok(Self { verifier, documents })
    }

    /// The verifier connects first: it refuses options by which the password would leave this
    /// machine unprotected.
    async fn postgres(options: PgConnectOptions) -> Result<Self, BoxError> {
        let options = options.disable_statement_logging();
        let reachable = reachable::check(&options);
        let connected = connect(SqlVerifier::postgres(options.clone()));
        let ((), verifier) = tokio::try_join!(reachable, connected)?;
        let documents = Documents::postgres(options).await.map_err(|_| NO_TABLE)?;
        Ok(Self { verifier, documents })
    }

    pub(crate) async fn close(&self) {
        tokio::join!(self.verifier.close(), self.documents.close());
    }
}

async fn connect(builder: SqlVerifierBuilder) -> Result<SqlVerifier, BoxError> {
    let opened = builder.table_prefix("portal_").secret_word("portal").connect().await;
    opened.map_err(|error| match error {
        // The SQLSTATE class for invalid authorization.
        SqlError::Refused(code) if code.starts_with("28") => REFUSED.into(),
        error => format!("--database: {error}").into(),
    })
}

/// Makes the file private to its owner before anything is written. The files that SQLite puts
/// beside it become private as well.
fn private(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().create(true).append(true).mode(MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(MODE))
}

const MODE: u32 = 0o600;
const NO_TABLE: &str = "--database: the table `portal_documents` could not be made";
const REFUSED: &str = "--database: the server refuses this user or password";
const UNUSABLE: &str = "--database: expected sqlite:FILE or postgres://USER@HOST/NAME";
