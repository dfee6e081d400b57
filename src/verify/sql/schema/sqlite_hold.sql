-- Takes the words of each row that any program writes. It avoids `OR IGNORE`, which a writer's
-- `OR REPLACE` would turn into a replacement. There is one trigger for each table and event.
CREATE TRIGGER {p}{table}_hold_{event} AFTER {when} ON {p}{table} WHEN NEW.{holder} IS NOT NULL BEGIN
    {renamed}INSERT INTO {p}holders SELECT NEW.tenant, NEW.{holder}, NEW.{holder} WHERE NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.{holder});
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.uuid, NEW.{holder} WHERE NEW.uuid IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.uuid);
    SELECT RAISE(ABORT, 'a name is the UUID of another user') WHERE EXISTS (SELECT 1 FROM {p}holders
        WHERE tenant = NEW.tenant AND word IN (NEW.{holder}, NEW.uuid) AND name <> NEW.{holder});
END;
