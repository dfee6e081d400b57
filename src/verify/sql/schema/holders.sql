-- Creates the table and fills it from the rows of earlier versions.
--
-- A name counts before a UUID: a user loses a UUID that another user holds as a name or as a UUID.
-- Rows stay when a user is deleted, so that no later user has the name of one and the UUID of
-- another.
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
