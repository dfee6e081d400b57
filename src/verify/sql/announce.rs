//! Triggers with which PostgreSQL announces every change.

/// Function that announces every change.
pub(super) const FUNCTION: &str = include_str!("schema/postgres_announce.sql");

/// Trigger for created users, which the first version did not announce.
pub(super) const USERS: &str = r"
DROP TRIGGER {p}announce ON {p}users;
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}users
    FOR EACH ROW EXECUTE FUNCTION {p}announce();
";

/// Trigger for tokens whose audience changes, which earlier versions did not have.
pub(super) const AUDIENCE: &str = r"
DROP TRIGGER {p}announce ON {p}credentials;
CREATE TRIGGER {p}announce AFTER DELETE OR UPDATE OF id, tenant, kind, public_id, digest, previous_digest, previous_until,
    subject, user_id, client, client_id, org, app, uuid, scopes, permissions, audience, expires_at, disabled_at, revoked_at
    ON {p}credentials FOR EACH ROW EXECUTE FUNCTION {p}announce();
";

/// Trigger for roles that are renamed by hand, because the name is a group of the role's users. A
/// deleted role is announced by its assignments, which go with it.
pub(super) const ROLES: &str = r"
CREATE TRIGGER {p}announce AFTER UPDATE ON {p}roles
    FOR EACH ROW EXECUTE FUNCTION {p}announce();
";

/// Index and triggers of the first version.
pub(super) const EXTRA: &str = include_str!("schema/postgres_triggers.sql");
