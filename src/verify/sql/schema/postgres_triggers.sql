-- Index and triggers of the first version. A name that differs only by the case of ASCII letters is
-- taken, because permissions compare names in that way.
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
