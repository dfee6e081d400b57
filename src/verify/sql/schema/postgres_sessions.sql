-- Ends the grants of a session that ends, in the same statement.
CREATE FUNCTION {p}end_grants() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $end_grants$
BEGIN
    EXECUTE format('UPDATE %I.{p}credentials SET revoked_at = $1, ended_for = ''session''
        WHERE tenant = $2 AND session = $3 AND generation IS NOT NULL AND revoked_at IS NULL', TG_TABLE_SCHEMA)
        USING NEW.ended_at, NEW.tenant, NEW.public_id;
    RETURN NULL;
END $end_grants$;
CREATE TRIGGER {p}end_grants AFTER UPDATE OF ended_at ON {p}sessions
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION {p}end_grants();
