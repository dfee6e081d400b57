-- Takes the words of each row that any program writes. If two transactions take the same word at
-- the same time, the primary key makes one of them wait.
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
