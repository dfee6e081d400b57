//! Statements of grants, the same on both engines.
//!
//! Each change is one statement, whose condition is everything that it assumes. On PostgreSQL
//! (`READ COMMITTED`) an update that waits for a row reads the row again, and finds its condition
//! false. On SQLite an update takes the write lock before it reads. So of concurrent calls exactly
//! one wins, without a transaction and without a retry.

/// Columns that a [`Grant`](crate::grant::Grant) is read from, in order.
const COLUMNS: &str = "public_id, client, subject, uuid, org, app, scopes, granted_scopes, audience,
    granted_audience, generation, created_at, {until}, refresh_until, session, authenticated_at, {issued}";

/// The condition that no row that the grant belongs to has ended: its user, its client, and the
/// client's owner. `{now}` is the parameter of the time.
const IN_FORCE: &str = "revoked_at IS NULL AND disabled_at IS NULL
AND NOT EXISTS (SELECT 1 FROM {p}users u WHERE (u.id = {p}credentials.user_id
    OR ({p}credentials.user_id IS NULL AND u.tenant = {p}credentials.tenant AND u.name = {p}credentials.subject))
    AND (u.disabled_at IS NOT NULL OR u.expires_at <= {now}))
AND NOT EXISTS (SELECT 1 FROM {p}credentials i LEFT JOIN {p}users o ON o.id = i.user_id
    WHERE i.id = {p}credentials.client_id AND (i.revoked_at IS NOT NULL OR i.disabled_at IS NOT NULL
        OR i.expires_at <= {now} OR o.disabled_at IS NOT NULL OR o.expires_at <= {now}))";

/// Inserts a grant, with a code or with tokens. The user and the client are linked if the store
/// knows them. A user that was deleted within the last hour gets no grant: the password may have
/// been verified before.
const INSERT: &str =
    "INSERT INTO {p}credentials (tenant, kind, public_id, client, client_id, subject, user_id,
    uuid, org, app, scopes, granted_scopes, audience, granted_audience, created_at, granted_until, session,
    authenticated_at, generation, digest, expires_at, code_digest, code_until, code_challenge, redirect_uri,
    family_digest, refresh_digest, refresh_until, issued_at)
SELECT $1, 'access_token', $2, $3,
    (SELECT id FROM {p}credentials WHERE tenant = $1 AND kind = 'client' AND public_id = $3),
    $4, (SELECT id FROM {p}users WHERE tenant = $1 AND name = $4),
    $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
    CASE WHEN $16 > 0 THEN $12 END
WHERE NOT EXISTS (SELECT 1 FROM {p}credentials WHERE previous_digest = $17)
    AND NOT EXISTS (SELECT 1 FROM {p}departures
        WHERE tenant = $1 AND name = $4 AND deleted_at > $12 - 3600000)
RETURNING {columns}";

/// Selects the name of a user that was deleted within the last hour.
pub(super) const DEPARTED: &str =
    "SELECT name FROM {p}departures WHERE tenant = $1 AND name = $2 AND deleted_at > $3 - 3600000";

/// Redeems a code. Client, redirect URI and challenge are part of the condition, so that a wrong
/// one changes nothing.
const REDEEM: &str =
    "UPDATE {p}credentials SET code_used_at = $2, generation = 1, issued_at = $2, digest = $7,
    expires_at = {access_until}, scopes = coalesce($9, granted_scopes),
    audience = coalesce($10, granted_audience),
    family_digest = $11, refresh_digest = $12, refresh_until = {refresh_until}
WHERE tenant = $1 AND code_digest = $3 AND code_used_at IS NULL AND code_until > $2 AND client = $4
    AND coalesce(redirect_uri, '') = $5 AND coalesce(code_challenge, '') = $6 AND {in_force}
RETURNING {columns}";

/// Ends the grant of a code that is used again.
const REPLAY: &str = "UPDATE {p}credentials SET revoked_at = $2, ended_for = 'code'
WHERE tenant = $1 AND code_digest = $3 AND client = $4 AND code_used_at IS NOT NULL AND revoked_at IS NULL
RETURNING public_id";

/// Records the tokens that follow the current ones. If the scopes or the audience change, the
/// access token before ends, because its row has those of its successor.
const FOLLOW: &str = "UPDATE {p}credentials SET generation = generation + 1, issued_at = $2,
    digest = $5, expires_at = {access_until}, scopes = coalesce($7, granted_scopes),
    audience = coalesce($8, granted_audience), {previous}
WHERE tenant = $1 AND client = $4 AND refresh_until > $2 AND {place} AND {in_force}
RETURNING {columns}";

/// The access token before stays in force until it ends, and the refresh token is replaced if there
/// is a new one.
const ROTATION: &str = "previous_issued_at = CASE WHEN {is_same} THEN issued_at ELSE NULL END,
    previous_generation = CASE WHEN {is_same} THEN generation ELSE NULL END,
    previous_digest = CASE WHEN {is_same} THEN digest ELSE NULL END,
    previous_until = CASE WHEN {is_same} THEN coalesce(expires_at, 9223372036854775807) ELSE NULL END,
    refresh_before = CASE WHEN $9 IS NULL THEN refresh_before ELSE refresh_digest END,
    rotated_at = CASE WHEN $9 IS NULL THEN rotated_at ELSE $2 END,
    refresh_until = CASE WHEN $9 IS NULL THEN refresh_until ELSE {refresh_until} END,
    refresh_digest = coalesce($9, refresh_digest)";

/// The lost access token and the lost refresh token are replaced. The time of the rotation stays,
/// so that no retry extends the window.
const RECOVERY: &str = "previous_issued_at = CASE WHEN {is_same} THEN previous_issued_at ELSE NULL END,
    previous_generation = CASE WHEN {is_same} THEN previous_generation ELSE NULL END,
    previous_digest = CASE WHEN {is_same} THEN previous_digest ELSE NULL END,
    previous_until = CASE WHEN {is_same} THEN previous_until ELSE NULL END,
    refresh_digest = $9, refresh_until = {refresh_until}";

const IS_SAME: &str = "scopes = coalesce($7, granted_scopes) AND audience = coalesce($8, granted_audience)";

/// Ends the grant of a refresh token that is used again, unless it is the one before the current
/// one and within the grace window.
const REUSE: &str = "UPDATE {p}credentials SET revoked_at = $2, ended_for = 'reuse'
WHERE tenant = $1 AND family_digest = $3 AND client = $4 AND refresh_digest <> $5 AND revoked_at IS NULL
    AND NOT coalesce(refresh_before = $5 AND rotated_at > $2 - $6 AND rotated_at < $2 + $6, FALSE)
RETURNING public_id";

/// Selects the grant of a refresh token's family, and whether the token was just replaced.
pub(super) const FAMILY: &str = "SELECT public_id,
    CASE WHEN refresh_before = $4 AND revoked_at IS NULL THEN generation ELSE 0 END FROM {p}credentials
WHERE tenant = $1 AND family_digest = $2 AND client = $3";

/// Selects the grant of a token that is in force.
const FIND: &str = "SELECT {columns} FROM {p}credentials
WHERE tenant = $1 AND kind = 'access_token' AND {token} AND {in_force}";

/// Selects the grants of a user of which a code or a token is in force. Until a code is redeemed,
/// the end of its grant is that of the code.
const LIST: &str = "SELECT {columns} FROM {p}credentials
WHERE tenant = $1 AND subject = $3 AND generation IS NOT NULL
    AND (expires_at IS NULL OR expires_at > $2 OR refresh_until > $2) AND {in_force}
ORDER BY created_at DESC, id DESC LIMIT 1000";

/// Selects the grant of a JWT that is in force, unless the JWT is on the denial list. A JWT is in
/// force while an opaque token of its generation would be: the current one, and the one before it.
const OF_JWT: &str = "SELECT id FROM {p}credentials
WHERE tenant = $1 AND kind = 'access_token' AND public_id = $3 AND (generation = $5 OR previous_generation = $5)
    AND {in_force} AND NOT EXISTS (SELECT 1 FROM {p}revocations r WHERE r.digest = $4 AND r.ends_at > $2)";

/// Ends grants. Only access tokens have a generation. The kind is named where an index begins with
/// it, because SQLite would prefer that index to a better one.
const END: &str = "UPDATE {p}credentials SET revoked_at = $2, ended_for = 'asked'
WHERE tenant = $1 AND generation IS NOT NULL AND revoked_at IS NULL AND {which}
RETURNING public_id";

/// Deletes grants that ended. Each part names the tenant and the grants, because the limit is for
/// all parts together: other rows would use it up.
pub(super) const PURGE: &str = "DELETE FROM {p}credentials WHERE id IN (
    SELECT id FROM {p}credentials
        WHERE refresh_until IS NULL AND expires_at <= $1 AND tenant = $2 AND generation IS NOT NULL
    UNION SELECT id FROM {p}credentials
        WHERE refresh_until <= $1 AND expires_at <= $1 AND tenant = $2 AND generation IS NOT NULL
    UNION SELECT id FROM {p}credentials
        WHERE revoked_at <= $1 AND tenant = $2 AND generation IS NOT NULL LIMIT 1000)
AND tenant = $2 AND generation IS NOT NULL
AND (revoked_at <= $1 OR (expires_at <= $1 AND (refresh_until IS NULL OR refresh_until <= $1)))
RETURNING id";

/// A token by which a grant is found, as a condition with the parameters from `$2`, and the end of
/// that token. `{now}` is `$2`.
pub(super) struct Found {
    condition: &'static str,
    until: &'static str,
    /// Time at which that token was issued, or else the current access token.
    issued: &'static str,
}

pub(super) const BY_ACCESS: Found = Found {
    condition: "generation > 0 AND (digest = $3 OR (previous_digest = $3 AND previous_until > $2))
    AND (expires_at IS NULL OR expires_at > $2)",
    until: "CASE WHEN digest = $3 THEN expires_at WHEN expires_at < previous_until THEN expires_at
        ELSE nullif(previous_until, 9223372036854775807) END",
    issued: "CASE WHEN digest = $3 THEN issued_at ELSE previous_issued_at END",
};
pub(super) const BY_REFRESH: Found = Found {
    condition: "refresh_digest = $3 AND family_digest = $4 AND refresh_until > $2",
    until: "nullif(refresh_until, 9223372036854775807)",
    issued: "issued_at",
};
pub(super) const BY_CODE: Found = Found {
    condition: "code_digest = $3 AND code_used_at IS NULL AND code_until > $2",
    until: "code_until",
    issued: "issued_at",
};
pub(super) const BY_JWT: Found = Found {
    condition: "public_id = $3 AND generation > 0
    AND (generation = $4 OR (previous_generation = $4 AND previous_until > $2))
    AND (expires_at IS NULL OR expires_at > $2)",
    until: "CASE WHEN generation = $4 THEN expires_at WHEN expires_at < previous_until THEN expires_at
        ELSE nullif(previous_until, 9223372036854775807) END",
    issued: "CASE WHEN generation = $4 THEN issued_at ELSE previous_issued_at END",
};
pub(super) const BY_ID: Found = Found {
    condition: "public_id = $3 AND generation > 0
    AND (expires_at IS NULL OR expires_at > $2 OR refresh_until > $2)",
    until: "expires_at",
    issued: "issued_at",
};

/// Conditions of [`end`], with the parameters from `$3`.
pub(super) const OF_ACCESS: &str =
    "client = $3 AND (digest = $4 OR (previous_digest = $4 AND previous_until > $2))";
pub(super) const OF_FAMILY: &str = "client = $3 AND family_digest = $4";
pub(super) const OF_CODE: &str = "client = $3 AND code_digest = $4";
pub(super) const OF_CLIENTS_JWT: &str = "kind = 'access_token' AND client = $3 AND public_id = $4
    AND (generation = $5 OR (previous_generation = $5 AND previous_until > $2))";
pub(super) const OF_CLIENTS_ID: &str = "kind = 'access_token' AND client = $3 AND public_id = $4";
pub(super) const OF_ID: &str = "kind = 'access_token' AND public_id = $3";
pub(super) const OF_SESSION: &str = "session = $3";
pub(super) const OF_USER: &str = "subject = $3";
/// A user has few grants and a client has many, so the index of clients must not be used.
pub(super) const OF_USER_AND_CLIENT: &str = "subject = $3 AND coalesce(client, '') = $4";
pub(super) const OF_CLIENT: &str = "client = $3";

pub(super) fn insert() -> String {
    returning(INSERT)
}

pub(super) fn redeem() -> String {
    let refresh_until = format!("CASE WHEN $12 IS NULL THEN NULL ELSE {} END", capped("$13"));
    let text = REDEEM.replace("{access_until}", &capped("$8")).replace("{refresh_until}", &refresh_until);
    returning(&text)
}

pub(super) const fn replay() -> &'static str {
    REPLAY
}

/// Renews with the current refresh token (`$3`).
pub(super) fn renew() -> String {
    follow(ROTATION, "refresh_digest = $3")
}

/// Renews with the refresh token before the current one, within the window `$11` of its rotation.
/// The family (`$12`) leads to its row.
pub(super) fn recover() -> String {
    let place =
        "family_digest = $12 AND refresh_before = $3 AND rotated_at > $2 - $11 AND rotated_at < $2 + $11";
    follow(RECOVERY, place)
}

pub(super) const fn reuse() -> &'static str {
    REUSE
}

pub(super) fn find(found: &Found) -> String {
    let text = FIND.replace("{token}", found.condition);
    selecting(&text, found.until, found.issued)
}

pub(super) fn list() -> String {
    returning(LIST)
}

pub(super) fn of_jwt() -> String {
    returning(OF_JWT)
}

pub(super) fn end(which: &str) -> String {
    END.replace("{which}", which)
}

fn follow(previous: &str, place: &str) -> String {
    let text = FOLLOW.replace("{previous}", previous).replace("{place}", place).replace("{is_same}", IS_SAME);
    let text = text.replace("{access_until}", &capped("$6")).replace("{refresh_until}", &capped("$10"));
    returning(&text)
}

/// Returns a statement whose rows are grants with their current access tokens.
fn returning(text: &str) -> String {
    selecting(text, "expires_at", "issued_at")
}

fn selecting(text: &str, until: &str, issued: &str) -> String {
    let columns = COLUMNS.replace("{until}", until).replace("{issued}", issued);
    text.replace("{columns}", &columns).replace("{in_force}", IN_FORCE).replace("{now}", "$2")
}

/// Returns the end that a parameter sets, or the end of the grant if that is earlier.
fn capped(parameter: &str) -> String {
    format!(
        "CASE WHEN {parameter} IS NULL OR granted_until < {parameter} THEN granted_until ELSE {parameter} END"
    )
}
