//! Records of credentials and users, without secrets.

use std::time::SystemTime;

use crate::verify::sql::names::time;
use crate::verify::sql::{Kind, Row, SqlError};

/// State of a credential or a user.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::sql::State;
///
/// fn label(state: State) -> &'static str {
///     match state {
///         State::Live => "in force",
///         State::Disabled => "paused",
///         _ => "ended",
///     }
/// }
/// assert_eq!(label(State::Revoked), "ended");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// In force until it expires.
    Live,
    /// Not in force now.
    Disabled,
    /// Never in force again.
    Revoked,
}

/// Credential in a list.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::SystemTime;
/// use tower_principal::verify::sql::{
///     CredentialRecord, NewCredential, SqlVerifier, State,
/// };
///
/// /// Whether a list shows the credential as usable.
/// fn is_usable(record: &CredentialRecord) -> bool {
///     let is_over =
///         record.expires_at.is_some_and(|end| end <= SystemTime::now());
///     record.state == State::Live && !is_over
/// }
///
/// let keys = SqlVerifier::sqlite("sqlite::memory:")
///     .connect()
///     .await?
///     .store()
///     .api_keys();
/// keys.create(NewCredential::new().owner("alice")).await?;
/// assert!(keys.list(None, 100).await?.iter().all(is_usable));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialRecord {
    /// Kind of the credential.
    pub kind: Kind,
    /// Public id of the credential.
    pub id: String,
    /// User that it acts for or belongs to.
    pub user: Option<String>,
    /// Client that an access token was issued to.
    pub client: Option<String>,
    /// Organization of the credential.
    pub org: Option<String>,
    /// Application of the credential.
    pub app: Option<String>,
    /// Label that describes its purpose.
    pub label: Option<String>,
    /// Granted scopes, separated by spaces.
    pub scopes: String,
    /// Permissions of its own; `None` if they are its user's.
    pub permissions: Option<Vec<String>>,
    /// State of the credential.
    pub state: State,
    /// Time at which it was made.
    pub created_at: SystemTime,
    /// Time at which it ends.
    pub expires_at: Option<SystemTime>,
    /// Time of the last use, to about a minute. Uses of access tokens are not noted.
    pub last_used_at: Option<SystemTime>,
    /// Time until which the secret from before the last rotation is valid as well.
    pub previous_until: Option<SystemTime>,
}

/// User in a list.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::Secret;
/// use tower_principal::verify::sql::{NewUser, SqlVerifier};
///
/// let users =
///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().users();
/// users
///     .create("alice", Secret::borrowed("correct horse"), NewUser::new())
///     .await?;
/// let alice = users.find("alice").await?.ok_or("no user")?;
/// // Neither the password nor its hash is in the record.
/// assert!(!format!("{alice:?}").contains("argon2"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserRecord {
    /// Name of the user.
    pub name: String,
    /// UUID of the user.
    pub uuid: Option<String>,
    /// Organization that the user belongs to.
    pub org: Option<String>,
    /// Application that the user belongs to.
    pub app: Option<String>,
    /// State of the user: [`State::Live`] if the user may log in, never [`State::Revoked`].
    pub state: State,
    /// Time at which the user was made.
    pub created_at: SystemTime,
    /// Time at which the user expires.
    pub expires_at: Option<SystemTime>,
}

impl CredentialRecord {
    /// Columns that [`read`](Self::read) takes, in its order.
    pub(super) const COLUMNS: &str = "public_id, subject, client, org, app, label, scopes, permissions, \
        revoked_at, disabled_at, created_at, expires_at, last_used_at, previous_until";

    pub(super) fn read(kind: Kind, row: &mut Row) -> Result<Self, SqlError> {
        let lines =
            |text: String| text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Ok(Self {
            kind,
            id: row.name()?,
            user: row.text()?,
            client: row.text()?,
            org: row.text()?,
            app: row.text()?,
            label: row.text()?,
            scopes: row.name()?,
            permissions: row.text()?.map(lines),
            state: State::of(row.integer()?, row.integer()?),
            created_at: time(row.number()?),
            expires_at: row.integer()?.map(time),
            last_used_at: row.integer()?.map(time),
            previous_until: row.integer()?.map(time),
        })
    }
}

impl UserRecord {
    /// Columns that [`read`](Self::read) takes, in its order.
    pub(super) const COLUMNS: &str = "name, uuid, org, app, disabled_at, created_at, expires_at";

    pub(super) fn read(row: &mut Row) -> Result<Self, SqlError> {
        Ok(Self {
            name: row.name()?,
            uuid: row.text()?,
            org: row.text()?,
            app: row.text()?,
            state: State::of(None, row.integer()?),
            created_at: time(row.number()?),
            expires_at: row.integer()?.map(time),
        })
    }
}

impl State {
    pub(in crate::verify::sql) fn of(revoked_at: Option<i64>, disabled_at: Option<i64>) -> Self {
        match (revoked_at, disabled_at) {
            (Some(_), _) => Self::Revoked,
            (None, Some(_)) => Self::Disabled,
            (None, None) => Self::Live,
        }
    }
}
