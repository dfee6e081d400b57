//! Triggers with which PostgreSQL announces every change.

/// Function that announces every change.
pub(super) const FUNCTION: &str = include_str!("schema/postgres_announce.sql");

/// Trigger for created users, which the first version did not announce.
pub(super) const USERS: &str = r"
DROP TRIGGER {p}announce ON {p}users;
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}users
    FOR EACH ROW EXECUTE FUNCTION {p}announce();
";

/// Index and triggers of the first version.
pub(super) const EXTRA: &str = include_str!("schema/postgres_triggers.sql");
