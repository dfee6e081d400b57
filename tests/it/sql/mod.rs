//! The SQL verifier. Every test runs on SQLite, and on PostgreSQL if `TEST_POSTGRES_URL` names a
//! server (`tests/postgres/start` starts one).

#[cfg(feature = "cache")]
mod bursts;
mod changes;
mod clients_that_leave;
mod conformance;
mod credentials;
#[cfg(feature = "cache")]
mod dependencies;
#[cfg(feature = "cache")]
mod evictions;
mod groups;
mod holders;
mod lifecycle;
mod outages;
#[cfg(feature = "legacy-hashes")]
mod rehash;
mod round_trips;
mod secrecy;
mod start;
#[cfg(feature = "cache")]
mod tellings;
mod tls;
mod users;

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime};

use sqlx::postgres::PgPool;
use tempfile::TempDir;
use tower_principal::clock::Clock;
use tower_principal::verify::sql::{SqlVerifier, SqlVerifierBuilder};
use tower_principal::{
    Credential, DenialReason, Pair, Principal, PrincipalKind, Secret, Verifier, VerifyContext, VerifyError,
};

use crate::support::*;

/// Tests that measure time hold this lock, and so do tests that use all resources.
pub(super) static QUIET: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A database that only one test uses.
pub(super) struct Place {
    pub(super) name: &'static str,
    address: String,
    prefix: String,
    /// The folder is deleted with the test.
    pub(super) folder: Option<TempDir>,
}

impl Place {
    /// A file that no other test uses.
    fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let address = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { name: "SQLite", address, prefix: "principal_".to_owned(), folder: Some(folder) }
    }

    /// Tables that no other test uses, in the database that the environment names.
    pub(super) fn postgres() -> Option<Self> {
        let Ok(address) = std::env::var("TEST_POSTGRES_URL") else {
            static SAID: Once = Once::new();
            SAID.call_once(|| {
                // Not by a macro, because the test runner captures the output of macros.
                let text =
                    "\n!! TEST_POSTGRES_URL is not set: the SQL verifier is NOT tested on PostgreSQL\n\n";
                std::io::stderr().write_all(text.as_bytes()).unwrap();
            });
            return None;
        };
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("t{}_{}_", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Some(Self { name: "PostgreSQL", address, prefix, folder: None })
    }

    /// Returns the same tables in another schema.
    pub(super) fn in_schema(self, schema: &str) -> Self {
        let separator = if self.address.contains('?') { '&' } else { '?' };
        let address = format!("{}{separator}options[search_path]={schema}", self.address);
        Self { address, ..self }
    }

    /// Returns one place for each database that can be tested here.
    pub(super) fn all() -> Vec<Self> {
        [Some(Self::sqlite()), Self::postgres()].into_iter().flatten().collect()
    }

    pub(super) fn at(address: String) -> Self {
        Self { name: "PostgreSQL", address, prefix: "principal_".to_owned(), folder: None }
    }

    /// Returns the builder of a node of this database.
    pub(super) fn builder(&self) -> SqlVerifierBuilder {
        let address = self.address.as_str();
        let builder = match self.name {
            "SQLite" => SqlVerifier::sqlite(address),
            _ => SqlVerifier::postgres(address),
        };
        builder.table_prefix(self.prefix.as_str()).passwords(cheap_passwords())
    }

    pub(super) async fn connect(&self) -> SqlVerifier {
        self.builder().connect().await.unwrap()
    }

    /// Returns the full name of a table.
    pub(super) fn table(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the stored digest of a credential's secret, by a query of its own.
    pub(super) async fn digest_of(&self, id: &str) -> Vec<u8> {
        let asked = format!("SELECT digest FROM {} WHERE public_id = $1", self.table("credentials"));
        let asked = sqlx::AssertSqlSafe(asked);
        if self.folder.is_none() {
            return sqlx::query_scalar(asked).bind(id).fetch_one(&self.server().await).await.unwrap();
        }
        let file = sqlx::SqlitePool::connect(&self.address).await.unwrap();
        sqlx::query_scalar(asked).bind(id).fetch_one(&file).await.unwrap()
    }

    /// Returns a user's stored password hash, by a query of its own.
    pub(super) async fn hash_of(&self, name: &str) -> String {
        let asked = format!("SELECT password_hash FROM {} WHERE name = $1", self.table("users"));
        let asked = sqlx::AssertSqlSafe(asked);
        if self.folder.is_none() {
            return sqlx::query_scalar(asked).bind(name).fetch_one(&self.server().await).await.unwrap();
        }
        let file = sqlx::SqlitePool::connect(&self.address).await.unwrap();
        sqlx::query_scalar(asked).bind(name).fetch_one(&file).await.unwrap()
    }

    /// Connects to the server for queries by hand.
    pub(super) async fn server(&self) -> PgPool {
        PgPool::connect(&self.address).await.unwrap()
    }
}

/// A short form of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Short {
    Is(PrincipalKind),
    Denied(DenialReason),
    Unsupported,
    Unavailable,
}

pub(super) const UNKNOWN: Short = Short::Denied(DenialReason::Unknown);
pub(super) const REVOKED: Short = Short::Denied(DenialReason::Revoked);
pub(super) const DISABLED: Short = Short::Denied(DenialReason::Disabled);
pub(super) const EXPIRED: Short = Short::Denied(DenialReason::Expired);
pub(super) const USER_IS: Short = Short::Is(PrincipalKind::BasicUser);
pub(super) const KEY: Short = Short::Is(PrincipalKind::ApiKey);

pub(super) fn short(verdict: &Result<Principal, VerifyError>) -> Short {
    match verdict {
        Ok(principal) => Short::Is(principal.kind()),
        Err(VerifyError::Denied(reason)) => Short::Denied(*reason),
        Err(VerifyError::Unsupported) => Short::Unsupported,
        Err(VerifyError::Unavailable(_)) => Short::Unavailable,
        Err(other) => panic!("{other:?}"),
    }
}

pub(super) async fn ask(verifier: &impl Verifier, credential: &Credential<'_>) -> Short {
    ask_as(verifier, credential, None).await
}

pub(super) async fn ask_as(
    verifier: &impl Verifier,
    credential: &Credential<'_>,
    tenant: Option<&str>,
) -> Short {
    let context = tenant.map_or_else(VerifyContext::default, |tenant| {
        VerifyContext::default().with_tenant(tenant.to_owned())
    });
    short(&verifier.verify(credential, &context).await)
}

pub(super) async fn who(verifier: &impl Verifier, credential: &Credential<'_>) -> Principal {
    verifier.verify(credential, &VerifyContext::default()).await.unwrap()
}

pub(super) fn token(text: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(text))
}

pub(super) fn key(text: &str) -> Credential<'_> {
    Credential::ApiKey(Secret::borrowed(text))
}

pub(super) fn pair<'c>(id: &'c str, secret: &'c str) -> Pair<'c> {
    Pair::new(Secret::borrowed(id), Secret::borrowed(secret))
}

pub(super) fn password<'c>(name: &'c str, password: &'c str) -> Credential<'c> {
    Credential::Password(pair(name, password))
}

/// Milliseconds since the epoch, moved by the test.
#[derive(Clone, Debug)]
pub(super) struct Hand(Arc<AtomicU64>);

impl Hand {
    pub(super) fn at(millis: u64) -> Self {
        Self(Arc::new(AtomicU64::new(millis)))
    }

    pub(super) fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(super) fn back(&self, time: Duration) {
        self.0.fetch_sub(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}
