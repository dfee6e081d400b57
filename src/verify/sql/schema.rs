//! Schema of the tables.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::{SqlError, Words};

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
        "a table prefix is 1 to 32 characters of a-z, 0-9 and _, and does not start with a digit, sqlite_ or pg_",
    ))
}

impl Plan {
    pub(super) fn of(words: &Words, prefix: &str) -> Self {
        let first = FIRST.replace("{serial}", words.serial).replace("{bytes}", words.bytes);
        let steps = [
            first + words.announce + words.extra,
            words.announce.to_owned() + words.announce_users,
            (words.holders)(),
            GRANTS.replace("{bytes}", words.bytes) + words.announce_audience,
            words.announce_roles.to_owned(),
            GENERATIONS.to_owned(),
            SESSIONS.replace("{bytes}", words.bytes) + words.sessions,
            DEPARTURES.to_owned() + words.departures,
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

/// Tables of the first version.
const FIRST: &str = include_str!("schema/tables.sql");

/// Columns of grants and of registered applications, and their indexes.
const GRANTS: &str = include_str!("schema/grants.sql");

/// Column of the generation before the current one, and a better index of sessions.
const GENERATIONS: &str = include_str!("schema/generations.sql");

/// Table of sessions, and columns of the times at which tokens were issued.
const SESSIONS: &str = include_str!("schema/sessions.sql");

/// Table of the names of users that were deleted.
const DEPARTURES: &str = include_str!("schema/departures.sql");

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
        let text = format!("{VERSIONS}{FIRST}{SESSIONS}{DEPARTURES}");
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
