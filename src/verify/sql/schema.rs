//! Schema of the tables.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::SqlError;

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
    /// Statements for the table of the holders of each name and UUID.
    pub(super) holders: fn() -> String,
}

/// Plan that brings the tables up to date, in one transaction. It begins by waiting for other nodes
/// that run the same plan.
pub(super) struct Plan {
    pub(super) begin: SqlStr,
    /// Statement that selects the newest version in the database.
    pub(super) version: SqlStr,
    pub(super) steps: Vec<(i64, SqlStr)>,
    /// Statement that records a completed step.
    pub(super) record: SqlStr,
    pub(super) commit: SqlStr,
}

/// Checks the prefix of tables, the function and the channel.
///
/// A prefix is `[a-z_][a-z0-9_]*`, at most 32 bytes, and none that the engines reserve. It is
/// written into statements, so nothing else may pass here.
pub(super) fn prefix(text: &str) -> Result<&str, SqlError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let good = (1..=32).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && !["sqlite_", "pg_"].iter().any(|kept| text.starts_with(kept));
    good.then_some(text).ok_or(SqlError::Configuration(
        "a table prefix is 1 to 32 of a-z, 0-9 and _, and begins with no digit, sqlite_ or pg_",
    ))
}

impl Plan {
    pub(super) fn of(words: &Words, prefix: &str) -> Self {
        let first = FIRST.replace("{serial}", words.serial).replace("{bytes}", words.bytes);
        let steps = [
            first + words.announce + words.extra,
            words.announce.to_owned() + words.announce_users,
            (words.holders)(),
        ];
        let steps = steps.iter().filter(|step| !step.is_empty());
        Self {
            begin: statement(&format!("{} {VERSIONS}", words.begin), prefix),
            version: statement(NEWEST, prefix),
            steps: (1..).zip(steps.map(|step| statement(step, prefix))).collect(),
            record: statement("INSERT INTO {p}schema (version) VALUES ($1)", prefix),
            commit: statement(words.commit, prefix),
        }
    }
}

const NEWEST: &str = "SELECT coalesce(max(version), 0) FROM {p}schema";
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS {p}schema (version BIGINT PRIMARY KEY);";

/// Tables of the first version. No name here ends with another one, so that a longer prefix of
/// other tables makes none of these.
///
/// Times are milliseconds since 1970. A tenant is `''` if there is none, so that it can be part of
/// a unique index. Lists are texts: scopes with spaces, permissions with line feeds between them. A
/// revocation is of a principal (1), or of any other digest (0).
const FIRST: &str = r"
CREATE TABLE {p}users (
    id {serial},
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT,
    uuid TEXT,
    org TEXT,
    app TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    disabled_at BIGINT,
    UNIQUE (tenant, name)
);
CREATE TABLE {p}credentials (
    id {serial},
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('access_token', 'api_key', 'key_pair', 'app_token', 'client')),
    public_id TEXT NOT NULL,
    digest {bytes} NOT NULL UNIQUE,
    previous_digest {bytes} UNIQUE,
    previous_until BIGINT,
    subject TEXT,
    user_id BIGINT REFERENCES {p}users (id) ON DELETE CASCADE,
    client TEXT,
    client_id BIGINT REFERENCES {p}credentials (id) ON DELETE CASCADE,
    org TEXT,
    app TEXT,
    uuid TEXT,
    label TEXT,
    scopes TEXT NOT NULL,
    permissions TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    disabled_at BIGINT,
    revoked_at BIGINT,
    UNIQUE (tenant, kind, public_id),
    CHECK (kind <> 'client' OR org IS NOT NULL),
    CHECK (kind <> 'access_token' OR subject IS NOT NULL OR (client IS NOT NULL AND org IS NOT NULL))
);
CREATE INDEX {p}credentials_of_user ON {p}credentials (user_id);
CREATE INDEX {p}credentials_of_subject ON {p}credentials (tenant, subject);
CREATE INDEX {p}credentials_of_client ON {p}credentials (client_id);
CREATE INDEX {p}credentials_by_end ON {p}credentials (expires_at);
CREATE INDEX {p}credentials_by_revocation ON {p}credentials (revoked_at);
CREATE TABLE {p}roles (
    id {serial},
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (tenant, name)
);
CREATE TABLE {p}role_permissions (
    role_id BIGINT NOT NULL REFERENCES {p}roles (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (role_id, permission)
);
CREATE TABLE {p}assignments (
    user_id BIGINT NOT NULL REFERENCES {p}users (id) ON DELETE CASCADE,
    role_id BIGINT NOT NULL REFERENCES {p}roles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX {p}assignments_of_role ON {p}assignments (role_id);
CREATE TABLE {p}user_permissions (
    user_id BIGINT NOT NULL REFERENCES {p}users (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (user_id, permission)
);
CREATE TABLE {p}revocations (
    digest {bytes} PRIMARY KEY,
    ends_at BIGINT NOT NULL,
    of_principal BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX {p}revocations_by_end ON {p}revocations (ends_at);
";

pub(super) fn statement(template: &str, prefix: &str) -> SqlStr {
    AssertSqlSafe(Arc::<str>::from(template.replace("{p}", prefix))).into_sql_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_plain_word() {
        for good in ["tp_", "_", "a", "principal2_"] {
            assert_eq!(prefix(good).unwrap(), good);
        }
        for bad in
            ["", "2a", "A", "a-b", "a b", "a;", "a\"", "é", "sqlite_", "sqlite_x", "pg_", &"a".repeat(33)]
        {
            assert!(prefix(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_two_prefixes_name_the_same_table() {
        let text = format!("{VERSIONS}{FIRST}");
        let name =
            |rest: &str| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
        let names: std::collections::BTreeSet<String> = text.split("{p}").skip(1).map(name).collect();
        assert!(names.len() > 12, "{names:?}");
        for one in &names {
            let taken = names.iter().find(|other| *other != one && one.ends_with(other.as_str()));
            assert_eq!(taken, None, "by a longer prefix it is {one}");
        }
    }
}
