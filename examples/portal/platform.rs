//! The users and credentials of one platform.

use tower_principal::verify::sql::{Denylisted, SqlError, SqlStore, SqlVerifier};
use tower_principal::{Credential, Principal, Verifier, VerifyContext, VerifyError};

/// One platform's part of the database: a tenant, whose credentials are not valid for other
/// tenants.
///
/// The database is queried each time, so that a revocation takes effect at once.
#[derive(Clone)]
pub(crate) struct Platform {
    tenant: &'static str,
    passwords: Passwords,
    database: SqlVerifier,
    store: SqlStore,
}

/// The use of a user's password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passwords {
    /// It authenticates every request.
    AreCredentials,
    /// It is for login, which returns a token.
    GiveTokens,
}

/// The platforms of the portal.
pub(crate) struct Platforms {
    pub(crate) socrata: Platform,
    pub(crate) usergrid: Platform,
    pub(crate) geodatahub: Platform,
    pub(crate) opendatasoft: Platform,
}

impl Platforms {
    pub(crate) fn of(database: &SqlVerifier) -> Result<Self, SqlError> {
        Ok(Self {
            socrata: Platform::new("socrata", Passwords::AreCredentials, database)?,
            usergrid: Platform::new("usergrid", Passwords::GiveTokens, database)?,
            geodatahub: Platform::new("geodatahub", Passwords::AreCredentials, database)?,
            opendatasoft: Platform::new("opendatasoft", Passwords::GiveTokens, database)?,
        })
    }
}

impl Platform {
    fn new(tenant: &'static str, passwords: Passwords, database: &SqlVerifier) -> Result<Self, SqlError> {
        let store = database.store().tenant(tenant)?;
        Ok(Self { tenant, passwords, database: database.clone(), store })
    }

    /// Returns the store for changes.
    pub(crate) fn store(&self) -> &SqlStore {
        &self.store
    }

    /// Returns the verifier of the users' passwords, for log-ins.
    pub(crate) fn passwords(&self) -> SqlVerifier {
        self.database.clone()
    }

    /// Returns a verifier of JWTs of this issuer, which are good while their grants here are.
    pub(crate) fn granted<V: Verifier>(&self, jwts: V, issuer: &str) -> Granted<V> {
        Granted { tenant: self.tenant, jwts: self.database.denylist(jwts).with_grants_of(issuer) }
    }

    fn here<'r>(&self, context: &VerifyContext<'r>) -> VerifyContext<'r> {
        context.clone().with_tenant(self.tenant)
    }
}

impl Verifier for Platform {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        if matches!(credential, Credential::Password(_)) && self.passwords == Passwords::GiveTokens {
            return Err(VerifyError::Unsupported);
        }
        self.database.verify(credential, &self.here(context)).await
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        self.database.revoke(credential, &self.here(context)).await
    }
}

/// JWTs of a platform's authorization server.
pub(crate) struct Granted<V> {
    tenant: &'static str,
    jwts: Denylisted<V>,
}

impl<V: Verifier> Verifier for Granted<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        self.jwts.verify(credential, &context.clone().with_tenant(self.tenant)).await
    }
}
