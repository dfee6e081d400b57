//! Verifier whose principals are in a database.
//!
//! [`SqlVerifier`] looks credentials up, [`SqlStore`] changes them. Secrets are stored as digests
//! and passwords as argon2id. The database is asked for each request unless a cache is in front of
//! it.
//!
//! The guide has chapters on [API keys in a database](crate::guide::api_keys) and [a cache in front
//! of it](crate::guide::cache).
//!
//! # Examples
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tower_principal::verify::sql::{NewCredential, SqlVerifier};
//!
//! let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
//! let draft = NewCredential::new().owner("alice").label("nightly import");
//! let key = verifier.store().api_keys().create(draft).await?;
//! println!("shown once: {}", key.secret.expose_secret());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use self::builder::{Limits, Opened, Source};
use self::change::{Hub, Listen};
use self::database::Database;
use self::engine::{Access, Engine, Pooled};
use self::last_used::Uses;
use self::schema::Plan;
use self::value::{Row, Value};
use self::words::Words;
use super::password::Passwords;
use super::{Tenancy, Verifier, VerifyContext, VerifyError, note};
use crate::clock::Clock;
use crate::credential::{Credential, Digest};
use crate::principal::{IdentitySource as PrincipalSource, Principal};

mod access;
#[cfg(feature = "postgres")]
mod announce;
#[cfg(feature = "server")]
mod applications;
#[cfg(feature = "cache")]
mod batch;
mod builder;
mod change;
mod database;
mod denied;
mod digest;
mod engine;
mod error;
#[cfg(feature = "cache")]
mod evict;
#[cfg(feature = "server")]
mod grants;
mod holders;
mod kind;
mod last_used;
mod lease;
#[cfg(feature = "postgres")]
mod listen;
mod log_in;
mod lookup;
mod names;
#[cfg(feature = "postgres")]
mod postgres;
mod schema;
#[cfg(feature = "server")]
mod sessions;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod topic;
mod value;
mod words;

#[cfg(feature = "server")]
pub use self::applications::{ApplicationRecord, SqlApplications};
pub use self::builder::SqlVerifierBuilder;
pub use self::change::{Change, Changes};
pub use self::denied::Denylisted;
pub use self::error::SqlError;
pub use self::kind::Kind;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresSource;
#[cfg(feature = "server")]
pub use self::sessions::SqlSessions;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteSource;
pub use self::store::{
    CredentialRecord, Credentials, Issued, NewCredential, NewUser, Roles, SqlStore, State, UserRecord, Users,
};

/// Verifier whose users, keys, clients and tokens are in a SQLite or PostgreSQL database.
///
/// It queries the database each time, so that a change is in force everywhere at once. Secrets are
/// stored and looked up as SHA-256 [digests](Digest), passwords as argon2id. Any failure of the
/// database is [`VerifyError::Unavailable`], within [its deadline](SqlVerifierBuilder::deadline). A
/// statement that runs in the database does not end with its request, and no connection is ever
/// left in a transaction.
///
/// A credential belongs to a tenant or to none, and is known only if the
/// [context](VerifyContext::tenant) names exactly that. In a service with tenants, use
/// [`without_tenant`](Self::without_tenant) as the next verifier for credentials of no tenant.
///
/// [`store`](Self::store) has all functions that change the database. Cheap to clone.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
/// use tower_principal::{Credential, Verifier, VerifyContext};
///
/// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
/// let keys = verifier.store().api_keys();
/// let issued = keys
///     .create(NewCredential::new().owner("alice").scopes(["read"]))
///     .await?;
///
/// let key = Credential::ApiKey(issued.secret.reborrow());
/// let principal = verifier.verify(&key, &VerifyContext::default()).await?;
/// assert_eq!(
///     (principal.id(), principal.owner()),
///     (Some(issued.id.as_str()), Some("alice"))
/// );
///
/// keys.revoke(&issued.id).await?;
/// assert!(verifier.verify(&key, &VerifyContext::default()).await.is_err());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct SqlVerifier {
    shared: Arc<Shared>,
    /// `true` if the verifier looks up credentials of no tenant, for requests of any tenant.
    without_tenant: bool,
}

/// State that clones of a verifier and its stores share.
struct Shared {
    database: Database,
    statements: lookup::Statements,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    word: Box<str>,
    /// Name of the store.
    name: Option<Arc<str>>,
    /// Name of this service as an audience of tokens.
    audience: Option<Box<str>>,
    hub: Hub,
    uses: Uses,
    /// Listener for the changes of other processes, if the engine has one.
    listening: Mutex<Option<Box<dyn Listen>>>,
}

impl SqlVerifier {
    fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    async fn look_up(&self, digest: Digest, tenant: Option<&str>) -> Result<Principal, VerifyError> {
        let Shared { database, statements, uses, .. } = &*self.shared;
        let now = self.now();
        let values = vec![digest.into(), names::millis(now).into()];
        let rows = database.read(statements.credential.clone(), values).await?;
        let row = rows.into_iter().next().ok_or(VerifyError::UNKNOWN)?;
        let found = lookup::credential(row, &digest, self.shared.audience.as_deref(), now)?;
        if found.kind != Kind::AccessToken {
            uses.note(database, found.row, found.last_used_at, names::millis(now));
        }
        Ok(self.known(found.principal, tenant))
    }

    /// Returns the same principal, of this store and this tenant.
    fn known(&self, principal: Principal, tenant: Option<&str>) -> Principal {
        let tenant = tenant.filter(|tenant| !tenant.is_empty()).map(Arc::from);
        principal.known_by(self.shared.name.clone(), tenant)
    }

    /// Returns the tenant whose credentials are looked up. No credential is known for an impossible
    /// tenant.
    fn tenant<'c>(&self, context: &'c VerifyContext<'_>) -> Option<&'c str> {
        context.tenant().filter(|_| !self.without_tenant)
    }
}

impl Verifier for SqlVerifier {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let tenant = self.tenant(context);
        let answer = match (credential, Digest::from_credential(credential, tenant)) {
            (Credential::Password(pair), _) => {
                let found = log_in::check(&self.shared, pair, names::tenant(tenant)).await;
                found.map(|user| self.known(user, tenant))
            }
            (_, Some(digest)) => self.look_up(digest, tenant).await,
            (_, None) => Err(VerifyError::Unsupported),
        };
        note("sql", credential.kind(), answer)
    }

    /// Revokes a token, key or client on every node at once. A password is not revoked, because
    /// that would lock its user out.
    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        let digest =
            Digest::from_credential(credential, self.tenant(context)).ok_or(VerifyError::Unsupported)?;
        let revoked = self.store().revoke_digest(digest).await?;
        if revoked { Ok(()) } else { Err(VerifyError::UNKNOWN) }
    }

    fn source(&self) -> PrincipalSource<'_> {
        PrincipalSource::Store(self.shared.name.as_deref().unwrap_or_default())
    }

    fn tenancy(&self) -> Tenancy {
        if self.without_tenant { Tenancy::Ignores } else { Tenancy::Separates }
    }
}

impl fmt::Debug for SqlVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlVerifier").field("database", &self.shared.database).finish_non_exhaustive()
    }
}
