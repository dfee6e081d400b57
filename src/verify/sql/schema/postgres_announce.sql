-- Function that announces every change.
--
-- The database itself runs it, so it also announces changes made by hand, in any schema and with
-- any search path. It sends public names and digests. An update that leaves a row as it was is not
-- announced, nor is the deletion of a credential that had ended. A created or renamed user is
-- announced, because credentials that have only the name depend on it.
CREATE OR REPLACE FUNCTION {p}announce() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $announce$
DECLARE
    message text := 'everything';
    renamed text;
    whose text := 'SELECT concat_ws(E''\n'', ''user'', tenant, name) FROM %I.{p}users WHERE id = $1';
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        NULL;
    ELSIF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NULL;
    ELSIF TG_TABLE_NAME = '{p}credentials' THEN
        IF TG_OP = 'DELETE' AND (OLD.revoked_at IS NOT NULL
            OR OLD.expires_at < extract(epoch FROM clock_timestamp()) * 1000) THEN
            RETURN NULL;
        END IF;
        message := concat_ws(E'\n', OLD.kind, OLD.tenant, OLD.public_id);
    ELSIF TG_TABLE_NAME = '{p}users' THEN
        IF TG_OP = 'INSERT' THEN
            message := concat_ws(E'\n', 'user', NEW.tenant, NEW.name);
        ELSE
            message := concat_ws(E'\n', 'user', OLD.tenant, OLD.name);
            IF TG_OP = 'UPDATE' AND (NEW.tenant <> OLD.tenant OR NEW.name <> OLD.name) THEN
                renamed := concat_ws(E'\n', 'user', NEW.tenant, NEW.name);
            END IF;
        END IF;
    ELSIF TG_TABLE_NAME IN ('{p}assignments', '{p}user_permissions') THEN
        IF TG_OP = 'DELETE' THEN
            EXECUTE format(whose, TG_TABLE_SCHEMA) INTO message USING OLD.user_id;
        ELSIF TG_OP = 'INSERT' OR OLD.user_id = NEW.user_id THEN
            EXECUTE format(whose, TG_TABLE_SCHEMA) INTO message USING NEW.user_id;
        END IF;
    ELSIF TG_TABLE_NAME = '{p}revocations' THEN
        IF TG_OP = 'UPDATE' AND NEW.digest = OLD.digest AND NEW.ends_at <= OLD.ends_at THEN
            RETURN NULL;
        END IF;
        message := concat_ws(E'\n', CASE NEW.of_principal WHEN 1 THEN 'principal' ELSE 'digest' END, '',
            encode(NEW.digest, 'hex'));
    END IF;
    IF octet_length(message) > 7000 OR octet_length(renamed) > 7000 THEN
        message := 'everything';
        renamed := NULL;
    END IF;
    IF message IS NOT NULL THEN
        PERFORM pg_notify('{p}changes', message);
    END IF;
    IF renamed IS NOT NULL THEN
        PERFORM pg_notify('{p}changes', renamed);
    END IF;
    RETURN NULL;
END $announce$;
