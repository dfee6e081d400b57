//! The parts of the schema in which the engines differ.

#[cfg(feature = "postgres")]
use super::announce;
use super::holders;

/// Differences between the engines' schemas.
pub(super) struct Words {
    pub(super) serial: &'static str,
    pub(super) bytes: &'static str,
    pub(super) begin: &'static str,
    pub(super) commit: &'static str,
    /// Additional statements of the first version.
    pub(super) extra: &'static str,
    /// Statements that announce changes; empty if the engine cannot.
    pub(super) announce: &'static str,
    /// Statements with which a database of the first version announces created users.
    pub(super) announce_users: &'static str,
    /// Statements with which a database of an earlier version announces changed audiences.
    pub(super) announce_audience: &'static str,
    /// Statements with which a database of an earlier version announces renamed roles.
    pub(super) announce_roles: &'static str,
    /// Statements for the table of the holders of each name and UUID.
    pub(super) holders: fn() -> String,
    /// Statements that end the grants of a session with it.
    pub(super) sessions: &'static str,
    /// Statements that record the names of deleted users.
    pub(super) departures: &'static str,
}

/// PostgreSQL's parts of the schema.
#[cfg(feature = "postgres")]
pub(super) const POSTGRES: Words = Words {
    serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    bytes: "BYTEA",
    // Nodes that start at the same time run this in turn.
    begin: "BEGIN; SET LOCAL statement_timeout = '60s';
SELECT pg_advisory_xact_lock(hashtextextended('tower-principal {p}', 0));",
    commit: "COMMIT",
    extra: announce::EXTRA,
    announce: announce::FUNCTION,
    announce_users: announce::USERS,
    announce_audience: announce::AUDIENCE,
    announce_roles: announce::ROLES,
    holders: holders::postgres,
    sessions: include_str!("schema/postgres_sessions.sql"),
    departures: include_str!("schema/postgres_departures.sql"),
};

/// SQLite's parts of the schema.
#[cfg(feature = "sqlite")]
pub(super) const SQLITE: Words = Words {
    serial: "INTEGER PRIMARY KEY",
    bytes: "BLOB",
    // A start waits longer for a lock than a request may.
    begin: "PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE;",
    commit: "COMMIT",
    extra: "CREATE UNIQUE INDEX {p}users_in_any_case ON {p}users (tenant, name COLLATE NOCASE);",
    announce: "",
    announce_users: "",
    announce_audience: "",
    announce_roles: "",
    holders: holders::sqlite,
    sessions: include_str!("schema/sqlite_sessions.sql"),
    departures: include_str!("schema/sqlite_departures.sql"),
};
