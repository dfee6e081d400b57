-- Records departures and returns, whatever program makes them.
CREATE FUNCTION {p}depart() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $depart$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        EXECUTE format('INSERT INTO %I.{p}departures VALUES ($1, $2, $3)
            ON CONFLICT (tenant, name) DO UPDATE SET deleted_at = excluded.deleted_at', TG_TABLE_SCHEMA)
            USING OLD.tenant, OLD.name, (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE format('DELETE FROM %I.{p}departures WHERE tenant = $1 AND name = $2', TG_TABLE_SCHEMA)
            USING NEW.tenant, NEW.name;
    END IF;
    RETURN NULL;
END $depart$;
CREATE TRIGGER {p}depart AFTER INSERT OR DELETE OR UPDATE OF tenant, name ON {p}users
    FOR EACH ROW EXECUTE FUNCTION {p}depart();
