//! Look-ups: statements, and principals from their rows.

use std::time::SystemTime;

use sqlx::SqlStr;

use super::names::time;
use super::{Database, Digest, Kind, Row, SqlError, topic};
use crate::principal::{
    ApiKey, AppAdmin, AppToken, BasicUser, Ground, Groups, OAuthUser, OrgAdmin, Permission, Permissions,
    Principal,
};
use crate::rejection::DenialReason;
use crate::trace;
use crate::verify::VerifyError;

/// Selects everything about a credential, by the digest of the presented secret and the time now.
///
/// A credential with permissions of its own has only these. Any other has its user's permissions,
/// which come from grants and roles. The names of the roles are its groups, and they count wherever
/// the permissions of the roles count. An app token names only an application and is visible to all
/// users of it, so it has no permissions of its owner.
///
/// A credential that was made before its user has no permissions of the user either. It ends with
/// the user, because disabling a user applies to everything of that name.
pub(super) const CREDENTIAL: &str = r"
SELECT c.id, c.kind, c.public_id, c.last_used_at,
    CASE WHEN c.digest = $1 THEN NULL ELSE c.previous_until END,
    coalesce(c.revoked_at, issuer.revoked_at, (
        SELECT r.ends_at FROM {p}revocations r WHERE r.digest = $1 AND r.ends_at > $2)),
    coalesce(c.disabled_at, u.disabled_at, named.disabled_at, issuer.disabled_at, owner.disabled_at),
    c.expires_at, coalesce(u.expires_at, named.expires_at), issuer.expires_at, owner.expires_at,
    c.subject, c.client, c.scopes, c.org, c.app, coalesce(c.uuid, u.uuid), u.org, u.app,
    CASE WHEN c.permissions IS NOT NULL OR c.kind = 'app_token' THEN c.permissions ELSE (
        SELECT string_agg(held.permission, '
') FROM (
            SELECT g.permission FROM {p}user_permissions g WHERE g.user_id = c.user_id
            UNION SELECT rp.permission FROM {p}assignments ur
                JOIN {p}role_permissions rp ON rp.role_id = ur.role_id WHERE ur.user_id = c.user_id
        ) held) END,
    CASE WHEN c.permissions IS NULL AND c.kind <> 'app_token' THEN (
        SELECT string_agg(r.name, '
') FROM {p}assignments ur JOIN {p}roles r ON r.id = ur.role_id WHERE ur.user_id = c.user_id) END,
    CAST(CASE WHEN c.permissions IS NULL THEN 1 ELSE 0 END AS BIGINT),
    c.tenant, coalesce(u.tenant, c.tenant), coalesce(u.name, c.subject),
    issuer.kind, issuer.tenant, issuer.public_id,
    coalesce(owner.tenant, issuer.tenant), coalesce(owner.name, issuer.subject), c.audience
FROM {p}credentials c
LEFT JOIN {p}users u ON u.id = c.user_id
LEFT JOIN {p}users named ON c.user_id IS NULL AND named.tenant = c.tenant AND named.name = c.subject
LEFT JOIN {p}credentials issuer ON issuer.id = c.client_id
LEFT JOIN {p}users owner ON owner.id = coalesce(issuer.user_id, (
    SELECT o.id FROM {p}users o WHERE o.tenant = issuer.tenant AND o.name = issuer.subject))
WHERE c.digest = $1 OR c.previous_digest = $1";

/// Selects only the hash that a password is checked against.
pub(super) const HASH: &str = "SELECT password_hash FROM {p}users WHERE tenant = $1 AND name = $2";

/// Selects everything about a user.
pub(super) const USER: &str = r"
SELECT u.password_hash, u.disabled_at, u.expires_at, u.uuid, u.org, u.app, (
        SELECT string_agg(held.permission, '
') FROM (
            SELECT g.permission FROM {p}user_permissions g WHERE g.user_id = u.id
            UNION SELECT rp.permission FROM {p}assignments ur
                JOIN {p}role_permissions rp ON rp.role_id = ur.role_id WHERE ur.user_id = u.id
        ) held), (
        SELECT string_agg(r.name, '
') FROM {p}assignments ur JOIN {p}roles r ON r.id = ur.role_id WHERE ur.user_id = u.id)
FROM {p}users u WHERE u.tenant = $1 AND u.name = $2";

/// Statements of a verification, built once.
pub(super) struct Statements {
    pub(super) credential: SqlStr,
    pub(super) hash: SqlStr,
    pub(super) user: SqlStr,
}

/// Credential that is in force now.
pub(super) struct Found {
    pub(super) row: i64,
    pub(super) kind: Kind,
    pub(super) last_used_at: Option<i64>,
    pub(super) principal: Principal,
}

impl Statements {
    pub(super) fn of(database: &Database) -> Self {
        let [credential, hash, user] = [CREDENTIAL, HASH, USER].map(|template| database.statement(template));
        Self { credential, hash, user }
    }
}

/// Reads a row of [`CREDENTIAL`] and checks that the credential is in force.
pub(super) fn credential(
    mut row: Row,
    shown: &Digest,
    audience: Option<&str>,
    now: SystemTime,
) -> Result<Found, VerifyError> {
    let (id, kind, public_id) = (row.number()?, row.name()?, row.name()?);
    let kind = Kind::named(&kind).ok_or(SqlError::Unreadable)?;
    let last_used_at = row.integer()?;
    let secret_until = row.integer()?;
    let (revoked_at, disabled_at) = (row.integer()?, row.integer()?);
    let ends = [secret_until, row.integer()?, row.integer()?, row.integer()?, row.integer()?];
    let expires_at = check_row(revoked_at, disabled_at, &ends, now)?;

    let (subject, client, scopes) = (row.text()?, row.text()?, row.name()?);
    let (org, app, uuid) = (row.text()?, row.text()?, row.text()?);
    let (user_org, user_app) = (row.text()?, row.text()?);
    let permissions = permissions(row.text()?.as_deref());
    let roles = groups(row.text()?.as_deref());
    let ground = ground(row.number()? != 0, user_org.as_deref(), user_app.as_deref());
    let scopes = scopes.split(' ');
    let topics = topics(&mut row, kind, &public_id, shown)?;
    check_audience(row.text()?.as_deref(), audience)?;

    macro_rules! finish {
        ($builder:expr) => {{
            let builder = $builder.with_credential_id(public_id).with_scopes(scopes);
            let builder = match ground.clone() {
                Some(ground) => builder.with_permissions_in(ground, permissions),
                None => builder.with_permissions(permissions),
            };
            match expires_at {
                Some(at) => builder.with_expires_at(at).into(),
                None => builder.into(),
            }
        }};
    }
    let principal: Principal = match (kind, subject, client) {
        (Kind::AppToken, owner, _) => {
            finish!(maybe(AppToken::new(&public_id), owner, |app, owner| app.with_owner(owner)))
        }
        (Kind::ApiKey | Kind::KeyPair, owner, _) => {
            let key = maybe(ApiKey::new(&public_id), owner, |key, owner| key.with_owner(owner));
            let key = maybe(key, org, |key, org| key.with_org(org));
            finish!(maybe(key, app, |key, app| key.with_app(app)))
        }
        (Kind::AccessToken, Some(user), client) => {
            let (org, app) = if org.is_some() { (org, app) } else { (user_org, user_app) };
            let user = maybe(OAuthUser::new(user), client, |user, client| user.with_client(client));
            let user = maybe(user, org, |user, org| user.with_org(org));
            let user = maybe(user, app, |user, app| user.with_app(app));
            finish!(maybe(user, uuid, |user, uuid| user.with_uuid(uuid)))
        }
        (Kind::Client | Kind::AccessToken, _, client) => {
            let named = if kind == Kind::Client { Some(public_id.clone()) } else { client };
            // A registered application without an organization has an empty one.
            let org = org.filter(|org| !org.is_empty());
            match (named, org, app) {
                (Some(id), None, _) if kind == Kind::AccessToken => {
                    finish!(OAuthUser::new(&id).with_client(&id).for_itself())
                }
                // Its secret is for the authorization server alone.
                (Some(_), None, _) => return Err(VerifyError::UNKNOWN),
                (Some(id), Some(org), Some(app)) => finish!(AppAdmin::new(id, org, app)),
                (Some(id), Some(org), None) => finish!(OrgAdmin::new(id, org)),
                _ => return Err(SqlError::Unreadable.into()),
            }
        }
    };
    let principal = principal.in_groups(ground, roles).depending_on(&topics);
    Ok(Found { row: id, kind, last_used_at, principal })
}

/// Reads the topics that an answer depends on, beside the roles, whose changes concern every
/// answer.
///
/// These are the credential, the presented secret, its user, the client it was issued to, and that
/// client's owner. A user that does not exist is a topic by name.
fn topics(row: &mut Row, kind: Kind, id: &str, shown: &Digest) -> Result<Vec<u64>, SqlError> {
    let mut topics = vec![topic::credential(kind, &row.name()?, id), topic::denied(shown)];
    let (tenant, name) = (row.name()?, row.text()?);
    topics.extend(name.map(|name| topic::user(&tenant, &name)));
    let (kind, tenant, id) = (row.text()?, row.text()?, row.text()?);
    if let (Some(kind), Some(tenant), Some(id)) = (kind, tenant, id) {
        let kind = Kind::named(&kind).ok_or(SqlError::Unreadable)?;
        topics.push(topic::credential(kind, &tenant, &id));
    }
    if let (Some(tenant), Some(name)) = (row.text()?, row.text()?) {
        topics.push(topic::user(&tenant, &name));
    }
    Ok(topics)
}

/// Reads a row of [`USER`] and checks that the user is in force. Returns `None` if the hash is no
/// longer the one that the password was checked against.
pub(super) fn user(
    mut row: Row,
    [tenant, name]: [&str; 2],
    checked: &str,
    now: SystemTime,
) -> Result<Option<Principal>, VerifyError> {
    if row.text()?.is_none_or(|hash| hash != checked) {
        return Ok(None);
    }
    let disabled_at = row.integer()?;
    let expires_at = check_row(None, disabled_at, &[row.integer()?], now)?;
    let user = maybe(BasicUser::new(name), row.text()?, |user, uuid| user.with_uuid(uuid));
    let user = maybe(user, row.text()?, |user, org| user.with_org(org));
    let user = maybe(user, row.text()?, |user, app| user.with_app(app));
    let user = maybe(user, expires_at, |user, at| user.with_expires_at(at));
    let user: Principal = user.with_permissions(permissions(row.text()?.as_deref())).into();
    let user = user.in_groups(None, groups(row.text()?.as_deref()));
    Ok(Some(user.depending_on(&[topic::user(tenant, name)])))
}

/// Checks that a token for certain services is for this one (RFC 8707 section 2). A service without
/// a name accepts only tokens for any service.
fn check_audience(audience: Option<&str>, own: Option<&str>) -> Result<(), VerifyError> {
    let Some(names) = audience.filter(|names| !names.is_empty()) else { return Ok(()) };
    let is_named = own.is_some_and(|own| names.split(' ').any(|name| name == own));
    if is_named { Ok(()) } else { Err(VerifyError::UNKNOWN) }
}

/// Returns the time at which it ends, or an error if it is not in force now.
fn check_row(
    revoked_at: Option<i64>,
    disabled_at: Option<i64>,
    ends: &[Option<i64>],
    now: SystemTime,
) -> Result<Option<SystemTime>, VerifyError> {
    if revoked_at.is_some() {
        return Err(VerifyError::Denied(DenialReason::Revoked));
    }
    if disabled_at.is_some() {
        return Err(VerifyError::Denied(DenialReason::Disabled));
    }
    let end = ends.iter().flatten().min().map(|end| time(*end));
    if end.is_some_and(|end| end <= now) { Err(VerifyError::Denied(DenialReason::Expired)) } else { Ok(end) }
}

/// Returns the ground of permissions that come from a user: the user's organization and
/// application.
///
/// Returns `None` if the credential has permissions of its own, or the user belongs to no
/// organization. The permissions are then the credential's.
fn ground(is_inherited: bool, org: Option<&str>, app: Option<&str>) -> Option<Ground> {
    let org = org.filter(|_| is_inherited)?;
    Some(app.map_or_else(|| Ground::organization(org), |app| Ground::application(org, app)))
}

/// Reads permissions, one per line. A line that is not in the grammar allows nothing.
fn permissions(lines: Option<&str>) -> Permissions {
    let lines = lines.unwrap_or_default().split('\n').filter(|line| !line.is_empty());
    let read = |line: &str| match line.parse::<Permission>() {
        Ok(permission) => Some(permission),
        Err(_) => {
            trace::error!("invalid permission in the database allows nothing");
            None
        }
    };
    lines.filter_map(read).collect()
}

/// Reads the names of roles, one per line.
fn groups(lines: Option<&str>) -> Groups {
    lines.unwrap_or_default().split('\n').collect()
}

fn maybe<B, T>(builder: B, value: Option<T>, set: impl FnOnce(B, T) -> B) -> B {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}
