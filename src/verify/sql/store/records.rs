//! What a database tells about credentials and users, without secrets.

use std::time::SystemTime;

use crate::verify::sql::names::time;
use crate::verify::sql::{Kind, Row, SqlError};

/// Whether something is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It is, until it expires.
    Live,
    /// Not now.
    Disabled,
    /// Never again.
    Revoked,
}

/// A credential as it is listed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CredentialRecord {
    /// Its kind.
    pub kind: Kind,
    /// Its public id.
    pub id: String,
    /// Whom it speaks for or belongs to.
    pub user: Option<String>,
    /// The client that an access token was issued to.
    pub client: Option<String>,
    /// Its organization.
    pub org: Option<String>,
    /// Its application.
    pub app: Option<String>,
    /// What it is for.
    pub label: Option<String>,
    /// The granted scopes, separated by spaces.
    pub scopes: String,
    /// The permissions of its own; `None` where they are its user's.
    pub permissions: Option<Vec<String>>,
    /// Whether it is in force.
    pub state: State,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it ends.
    pub expires_at: Option<SystemTime>,
    /// When it was last used, to about a minute. Uses of access tokens are not noted.
    pub last_used_at: Option<SystemTime>,
    /// Until when the secret before the last rotation counts, too.
    pub previous_until: Option<SystemTime>,
}

/// A user as it is listed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserRecord {
    /// The user's name.
    pub name: String,
    /// The user's UUID.
    pub uuid: Option<String>,
    /// The organization the user belongs to.
    pub org: Option<String>,
    /// The application the user belongs to.
    pub app: Option<String>,
    /// Whether the user may log in; never [`State::Revoked`].
    pub state: State,
    /// When the user was made.
    pub created_at: SystemTime,
    /// When the user's time is over.
    pub expires_at: Option<SystemTime>,
}

impl CredentialRecord {
    /// The columns that [`read`](Self::read) takes, in its order.
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
    /// The columns that [`read`](Self::read) takes, in its order.
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
    fn of(revoked_at: Option<i64>, disabled_at: Option<i64>) -> Self {
        match (revoked_at, disabled_at) {
            (Some(_), _) => Self::Revoked,
            (None, Some(_)) => Self::Disabled,
            (None, None) => Self::Live,
        }
    }
}
