-- The generation of the access token before the current one, while that token is in force. A JWT
-- carries its generation and not a digest.
ALTER TABLE {p}credentials ADD COLUMN previous_generation BIGINT;
UPDATE {p}credentials SET previous_generation = generation - 1
    WHERE generation > 1 AND previous_digest IS NOT NULL;
-- SQLite finds the grants of a session by both columns. With one of them it prefers an index of the
-- tenant.
DROP INDEX {p}credentials_by_session;
CREATE INDEX {p}credentials_of_session ON {p}credentials (tenant, session) WHERE session IS NOT NULL;
