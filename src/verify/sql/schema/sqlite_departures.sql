-- Records departures and returns, whatever program makes them.
CREATE TRIGGER {p}users_depart_new AFTER INSERT ON {p}users BEGIN
    DELETE FROM {p}departures WHERE tenant = NEW.tenant AND name = NEW.name;
END;
CREATE TRIGGER {p}users_depart_changed AFTER UPDATE OF tenant, name ON {p}users BEGIN
    DELETE FROM {p}departures WHERE tenant = OLD.tenant AND name = OLD.name;
    INSERT INTO {p}departures SELECT OLD.tenant, OLD.name, strftime('%s', 'now') * 1000;
    DELETE FROM {p}departures WHERE tenant = NEW.tenant AND name = NEW.name;
END;
CREATE TRIGGER {p}users_depart_gone AFTER DELETE ON {p}users BEGIN
    DELETE FROM {p}departures WHERE tenant = OLD.tenant AND name = OLD.name;
    INSERT INTO {p}departures SELECT OLD.tenant, OLD.name, strftime('%s', 'now') * 1000;
END;
