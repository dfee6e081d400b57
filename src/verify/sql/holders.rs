//! Holders of names and UUIDs. Within a tenant, no name is the UUID of another user.

/// Creates the table and fills it from the rows of earlier versions.
///
/// A name counts before a UUID: a user loses a UUID that another user holds as a name or as a UUID.
///
/// Rows stay when a user is deleted, so that no later user has the name of one and the UUID of
/// another.
const TABLE: &str = "
CREATE TABLE {p}holders (
    tenant TEXT NOT NULL,
    word TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, word)
);
INSERT INTO {p}holders SELECT tenant, name, name FROM {p}users;
INSERT INTO {p}holders SELECT DISTINCT tenant, subject, subject FROM {p}credentials c
    WHERE subject IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {p}holders h WHERE h.tenant = c.tenant AND h.word = c.subject);
INSERT INTO {p}holders SELECT tenant, uuid, min(name) FROM {p}users u
    WHERE uuid IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {p}holders h WHERE h.tenant = u.tenant AND h.word = u.uuid)
    GROUP BY tenant, uuid;
INSERT INTO {p}holders SELECT tenant, uuid, min(subject) FROM {p}credentials c
    WHERE uuid IS NOT NULL AND subject IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {p}holders h WHERE h.tenant = c.tenant AND h.word = c.uuid)
    GROUP BY tenant, uuid;
UPDATE {p}users SET uuid = NULL WHERE uuid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {p}holders h
    WHERE h.tenant = {p}users.tenant AND h.word = {p}users.uuid AND h.name = {p}users.name);
UPDATE {p}credentials SET uuid = NULL WHERE uuid IS NOT NULL AND subject IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {p}holders h WHERE h.tenant = {p}credentials.tenant
        AND h.word = {p}credentials.uuid AND h.name = {p}credentials.subject);
";

/// Takes the words of each row that any program writes. If two transactions take the same word at
/// the same time, the primary key makes one of them wait.
#[cfg(feature = "postgres")]
const POSTGRES: &str = r"
CREATE OR REPLACE FUNCTION {p}hold() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $hold$
DECLARE
    holder text;
    taken text;
    known text;
BEGIN
    IF TG_TABLE_NAME = '{p}users' THEN
        holder := NEW.name;
    ELSE
        holder := NEW.subject;
    END IF;
    IF holder IS NULL THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = '{p}users' THEN
        EXECUTE format('UPDATE %I.{p}holders SET name = $1 WHERE tenant = $2 AND word = $3 AND name = $4',
            TG_TABLE_SCHEMA) USING NEW.name, OLD.tenant, OLD.uuid, OLD.name;
    END IF;
    FOR taken IN SELECT DISTINCT w FROM unnest(ARRAY[holder, NEW.uuid]) w WHERE w IS NOT NULL ORDER BY w LOOP
        EXECUTE format('INSERT INTO %I.{p}holders VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', TG_TABLE_SCHEMA)
            USING NEW.tenant, taken, holder;
        EXECUTE format('SELECT name FROM %I.{p}holders WHERE tenant = $1 AND word = $2', TG_TABLE_SCHEMA)
            INTO known USING NEW.tenant, taken;
        IF known IS DISTINCT FROM holder THEN
            RAISE EXCEPTION USING ERRCODE = 'unique_violation', MESSAGE = 'a name is the UUID of another user';
        END IF;
    END LOOP;
    RETURN NULL;
END $hold$;
CREATE TRIGGER {p}hold AFTER INSERT OR UPDATE OF tenant, name, uuid ON {p}users
    FOR EACH ROW EXECUTE FUNCTION {p}hold();
CREATE TRIGGER {p}hold AFTER INSERT OR UPDATE OF tenant, subject, uuid ON {p}credentials
    FOR EACH ROW EXECUTE FUNCTION {p}hold();
";

/// Does the same on SQLite. It avoids `OR IGNORE`, which a writer's `OR REPLACE` would turn into a
/// replacement.
#[cfg(feature = "sqlite")]
const SQLITE: &str = "
CREATE TRIGGER {p}{table}_hold_{event} AFTER {when} ON {p}{table} WHEN NEW.{holder} IS NOT NULL BEGIN
    {renamed}INSERT INTO {p}holders SELECT NEW.tenant, NEW.{holder}, NEW.{holder} WHERE NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.{holder});
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.uuid, NEW.{holder} WHERE NEW.uuid IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.uuid);
    SELECT RAISE(ABORT, 'a name is the UUID of another user') WHERE EXISTS (SELECT 1 FROM {p}holders
        WHERE tenant = NEW.tenant AND word IN (NEW.{holder}, NEW.uuid) AND name <> NEW.{holder});
END;
";

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
