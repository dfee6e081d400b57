//! Grants, read from rows.

use std::time::SystemTime;

use crate::grant::{Grant, GrantId};
use crate::principal::Scopes;
use crate::verify::sql::names::{millis, time};
use crate::verify::sql::{Row, SqlError};

/// End of a refresh token that does not expire.
pub(super) const NEVER: i64 = i64::MAX;

/// Reads a row of the columns of a grant.
pub(super) fn grant(mut row: Row, now: SystemTime) -> Result<Grant, SqlError> {
    let id = id(&mut row)?;
    let client = row.name()?;
    let (user, uuid) = (row.text()?, row.text()?);
    // A client that acts for itself without an organization has an empty one.
    let (org, app) = (row.text()?.filter(|org| !org.is_empty()), row.text()?);
    let (scopes, granted_scopes) = (scopes(row.text()?), scopes(row.text()?));
    let (audience, granted_audience) = (list(row.text()?), list(row.text()?));
    let generation = u64::try_from(row.number()?).map_err(|_| SqlError::Unreadable)?;
    let (created_at, expires_at) = (time(row.number()?), row.integer()?.map(time));
    let refresh_until = row.integer()?;
    Ok(Grant {
        id,
        client,
        user,
        uuid,
        org,
        app,
        scopes,
        granted_scopes,
        audience,
        granted_audience,
        generation,
        created_at,
        // As exact as the other times, so that a new token has its whole lifetime left.
        now: time(millis(now)),
        expires_at,
        has_refresh: refresh_until.is_some_and(|until| until > millis(now)),
        refresh_expires_at: refresh_until.filter(|until| *until != NEVER).map(time),
        session: row.text()?,
        authenticated_at: row.integer()?.map(time),
        issued_at: row.integer()?.map(time),
    })
}

/// Reads the id at the start of a row.
pub(super) fn id(row: &mut Row) -> Result<GrantId, SqlError> {
    GrantId::parse(&row.name()?).ok_or(SqlError::Unreadable)
}

fn scopes(text: Option<String>) -> Scopes {
    text.unwrap_or_default().split(' ').collect()
}

fn list(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
