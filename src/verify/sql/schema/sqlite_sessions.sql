-- Ends the grants of a session that ends, in the same statement.
CREATE TRIGGER {p}sessions_end_grants AFTER UPDATE OF ended_at ON {p}sessions
    WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
    UPDATE {p}credentials SET revoked_at = NEW.ended_at, ended_for = 'session'
        WHERE tenant = NEW.tenant AND session = NEW.public_id AND generation IS NOT NULL AND revoked_at IS NULL;
END;
