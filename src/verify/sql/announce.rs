//! Triggers with which PostgreSQL announces every change.

/// Function that announces every change.
///
/// The database itself runs it, so it also announces changes made by hand, in any schema and with
/// any search path. It sends public names and digests. An update that leaves a row as it was is not
/// announced, nor is the deletion of a credential that had ended. A created or renamed user is
/// announced, because credentials that have only the name depend on it.
pub(super) const FUNCTION: &str = r#"
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
"#;

/// Trigger for created users, which the first version did not announce.
pub(super) const USERS: &str = r"
DROP TRIGGER {p}announce ON {p}users;
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}users
    FOR EACH ROW EXECUTE FUNCTION {p}announce();
";

/// Index and triggers of the first version. A name that differs only by the case of ASCII letters
/// is taken, because permissions compare names in that way.
pub(super) const EXTRA: &str = r#"
CREATE UNIQUE INDEX {p}users_in_any_case ON {p}users (tenant, lower(name COLLATE "C"));
CREATE TRIGGER {p}announce AFTER DELETE OR UPDATE OF id, tenant, kind, public_id, digest, previous_digest, previous_until,
    subject, user_id, client, client_id, org, app, uuid, scopes, permissions, expires_at, disabled_at, revoked_at
    ON {p}credentials FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER DELETE OR UPDATE ON {p}users
    FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}assignments
    FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}user_permissions
    FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}role_permissions
    FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER INSERT OR UPDATE ON {p}revocations
    FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}credentials
    FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}users
    FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}assignments
    FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}user_permissions
    FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}role_permissions
    FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
"#;
