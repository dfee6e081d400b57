//! Holders of names and UUIDs. Within a tenant, no name is the UUID of another user.

/// Creates the table and fills it from the rows of earlier versions.
const TABLE: &str = include_str!("schema/holders.sql");

/// Takes the words of each row that any program writes.
#[cfg(feature = "postgres")]
const POSTGRES: &str = include_str!("schema/postgres_hold.sql");

/// Does the same on SQLite; one trigger for each table and event.
#[cfg(feature = "sqlite")]
const SQLITE: &str = include_str!("schema/sqlite_hold.sql");

/// Moves the UUID with a renamed user.
#[cfg(feature = "sqlite")]
const RENAMED: &str = "UPDATE {p}holders SET name = NEW.name
        WHERE tenant = OLD.tenant AND word = OLD.uuid AND name = OLD.name;
    ";

#[cfg(feature = "postgres")]
pub(super) fn postgres() -> String {
    [TABLE, POSTGRES].concat()
}

#[cfg(feature = "sqlite")]
pub(super) fn sqlite() -> String {
    let trigger = |table: &str, holder: &str, event: &str, when: &str| {
        let renamed = if (table, event) == ("users", "changed") { RENAMED } else { "" };
        let named = SQLITE.replace("{table}", table).replace("{event}", event).replace("{renamed}", renamed);
        named.replace("{when}", when).replace("{holder}", holder)
    };
    [
        TABLE.to_owned(),
        trigger("users", "name", "new", "INSERT"),
        trigger("users", "name", "changed", "UPDATE OF tenant, name, uuid"),
        trigger("credentials", "subject", "new", "INSERT"),
        trigger("credentials", "subject", "changed", "UPDATE OF tenant, subject, uuid"),
    ]
    .concat()
}
