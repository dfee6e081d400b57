//! A verifier whose principals are in a database.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use self::builder::{Limits, Opened, Source};
use self::change::{Hub, Listen};
use self::database::Database;
use self::engine::{Engine, Pooled};
use self::last_used::Uses;
use self::schema::{Plan, Words};
use self::value::{Row, Value};
use super::password::Passwords;
use super::{Tenancy, Verifier, VerifyContext, VerifyError, note};
use crate::clock::Clock;
use crate::credential::Credential;
use crate::principal::{IdentitySource as PrincipalSource, Principal};

#[cfg(feature = "postgres")]
mod announce;
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
mod holders;
mod kind;
mod last_used;
#[cfg(feature = "postgres")]
mod listen;
mod log_in;
mod lookup;
mod names;
#[cfg(feature = "postgres")]
mod postgres;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
pub(crate) mod token_format;
mod topic;
mod value;

pub use self::builder::SqlVerifierBuilder;
pub use self::change::{Change, Changes};
pub use self::denied::Denylisted;
pub use self::digest::Digest;
pub use self::error::SqlError;
pub use self::kind::Kind;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresSource;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteSource;
pub use self::store::{
    CredentialRecord, Credentials, Issued, NewCredential, NewUser, Roles, SqlStore, State, UserRecord, Users,
};
pub use self::token_format::{InvalidFormat, TokenFormat};

/// A verifier whose users, keys, clients and tokens are in a SQLite or PostgreSQL database.
///
/// It asks the database each time, so that a change is in force everywhere at once. Secrets are stored
/// and looked up as SHA-256 [digests](Digest), passwords as argon2id. Whatever goes wrong with the
/// database is [`VerifyError::Unavailable`], within [its deadline](SqlVerifierBuilder::deadline). Nothing
/// that is under way in the database ends with the request that began it, and no connection is ever left
/// in a transaction.
///
/// A credential belongs to a tenant or to none, and is known only where the
/// [context](VerifyContext::tenant) names the very same. For those of no tenant in a service that has tenants
/// ask [`without_tenant`](Self::without_tenant) next.
///
/// Everything that changes it is in its [`store`](Self::store). Cheap to clone.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
/// use tower_principal::credential::Key;
/// use tower_principal::{Credential, Verifier, VerifyContext};
///
/// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
/// let keys = verifier.store().api_keys();
/// let issued = keys.create(NewCredential::new().owner("alice").scopes(["read"])).await?;
///
/// let key = Credential::ApiKey(Key::Whole(issued.secret.reborrow()));
/// let principal = verifier.verify(&key, &VerifyContext::default()).await?;
/// assert_eq!((principal.id(), principal.owner()), (Some(issued.id.as_str()), Some("alice")));
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
    /// Whether what belongs to no tenant is asked for whatever tenant a request has.
    without_tenant: bool,
}

/// What clones of a verifier and its stores share.
struct Shared {
    database: Database,
    asked: lookup::Statements,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    word: Box<str>,
    /// The name of the store.
    name: Option<Arc<str>>,
    hub: Hub,
    uses: Uses,
    /// What hears of changes that others make, where something can.
    listening: Mutex<Option<Box<dyn Listen>>>,
}

impl SqlVerifier {
    /// What creates, lists, changes and revokes, for credentials and users of no tenant;
    /// [`SqlStore::tenant`] for those of one.
    pub fn store(&self) -> SqlStore {
        SqlStore::new(Arc::clone(&self.shared))
    }

    /// The same database, asked for what belongs to no tenant, whatever tenant a request has. It ignores
    /// tenants: a layer with a tenant takes it with
    /// [`danger_at_every_tenant`](Verifier::danger_at_every_tenant) alone.
    #[must_use]
    pub fn without_tenant(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), without_tenant: true }
    }

    /// What changes from now on, for those who keep answers: a cache drops what a [`Change`]
    /// [concerns](Change::concerns). The first call on PostgreSQL opens one connection more, which
    /// listens.
    ///
    /// # Errors
    ///
    /// [`SqlError::Configuration`] outside a tokio runtime.
    pub fn changes(&self) -> Result<Changes, SqlError> {
        let changes = self.shared.hub.changes();
        let mut listening = self.shared.listening.lock().unwrap_or_else(PoisonError::into_inner);
        listening.as_mut().map_or(Ok(()), |listening| listening.start(&self.shared.hub))?;
        Ok(changes)
    }

    /// `inner`, whose good answers count only where its credentials are not on the list of what is
    /// denied: makes JWTs revocable; see [`Denylisted`].
    pub fn denylist<V: Verifier>(&self, inner: V) -> Denylisted<V> {
        Denylisted::new(inner, self.store())
    }

    /// How many connections are open, and how many of these are in use; for metrics.
    pub fn connections(&self) -> (u32, u32) {
        self.shared.database.connections()
    }

    /// Closes every connection, once each has done what it is at. Everything asked afterwards is
    /// [`VerifyError::Unavailable`].
    pub async fn close(&self) {
        self.shared.database.close().await;
    }

    fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    async fn look_up(&self, digest: Digest, tenant: Option<&str>) -> Result<Principal, VerifyError> {
        let Shared { database, asked, uses, .. } = &*self.shared;
        let now = self.now();
        let values = vec![digest.into(), names::millis(now).into()];
        let rows = database.read(asked.credential.clone(), values).await?;
        let row = rows.into_iter().next().ok_or(VerifyError::UNKNOWN)?;
        let found = lookup::credential(row, &digest, now)?;
        if found.kind != Kind::AccessToken {
            uses.note(database, found.row, found.last_used_at, names::millis(now));
        }
        Ok(self.known(found.principal, tenant))
    }

    /// The same principal, of this store and this tenant.
    fn known(&self, principal: Principal, tenant: Option<&str>) -> Principal {
        let tenant = tenant.filter(|tenant| !tenant.is_empty()).map(Arc::from);
        principal.known_by(self.shared.name.clone(), tenant)
    }

    /// The tenant whose credentials are asked for; nobody is known in one that cannot be.
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
        let answer = match (credential, Digest::of(credential, tenant)) {
            (Credential::Password(pair), _) => {
                let found = log_in::check(&self.shared, pair, names::tenant(tenant)).await;
                found.map(|user| self.known(user, tenant))
            }
            (_, Some(digest)) => self.look_up(digest, tenant).await,
            (_, None) => Err(VerifyError::Unsupported),
        };
        note("sql", credential.kind(), answer)
    }

    /// Ends a token's, key's or client's life, on every node at once. A password is not revoked: its
    /// user would be locked out.
    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        let digest = Digest::of(credential, self.tenant(context)).ok_or(VerifyError::Unsupported)?;
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
