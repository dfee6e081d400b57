//! Statements of sessions, the same on both engines. Each change is one statement, whose condition
//! is everything that it assumes.

/// Inserts a session. The user is linked if the store knows the name. A user that was deleted
/// within the last hour gets none: the password may have been verified before.
pub(super) const CREATE: &str =
    "INSERT INTO {p}sessions (tenant, digest, public_id, subject, user_id, uuid, org,
    app, created_at, authenticated_at, expires_at)
SELECT $1, $2, $3, $4, (SELECT id FROM {p}users WHERE tenant = $1 AND name = $4), $5, $6, $7, $8, $9, $10
WHERE NOT EXISTS (SELECT 1 FROM {p}departures WHERE tenant = $1 AND name = $4 AND deleted_at > $8 - 3600000)
RETURNING public_id";

/// Selects the session of a digest, if neither it nor its user has ended.
pub(super) const FIND: &str =
    "SELECT public_id, subject, uuid, org, app, created_at, authenticated_at, expires_at
FROM {p}sessions WHERE digest = $3 AND tenant = $1 AND ended_at IS NULL AND expires_at > $2
AND NOT EXISTS (SELECT 1 FROM {p}users u WHERE (u.id = {p}sessions.user_id
    OR ({p}sessions.user_id IS NULL AND u.tenant = {p}sessions.tenant AND u.name = {p}sessions.subject))
    AND (u.disabled_at IS NOT NULL OR u.expires_at <= $2))";

/// Ends the session of a digest. A trigger ends its grants.
pub(super) const END: &str = "UPDATE {p}sessions SET ended_at = $2
WHERE digest = $3 AND tenant = $1 AND ended_at IS NULL RETURNING subject, expires_at";

/// Ends the sessions of a user.
pub(super) const END_ALL: &str = "UPDATE {p}sessions SET ended_at = $2
WHERE tenant = $1 AND subject = $3 AND ended_at IS NULL RETURNING subject, expires_at";

/// Deletes sessions that ended. Each part names the tenant, because the limit is for all parts
/// together: rows of other tenants would use it up. SQLite must not use the index of tenants, which
/// leads to all sessions.
pub(super) const PURGE: &str = "DELETE FROM {p}sessions WHERE digest IN (
    SELECT digest FROM {p}sessions WHERE expires_at <= $1 AND coalesce(tenant, '') = $2
    UNION SELECT digest FROM {p}sessions WHERE ended_at <= $1 AND coalesce(tenant, '') = $2 LIMIT 1000)
AND coalesce(tenant, '') = $2 AND (expires_at <= $1 OR ended_at <= $1) RETURNING digest";
