-- Grants of an authorization server are access tokens with a generation. Registered applications
-- are clients with a description. Nothing that exists is changed.
--
-- Until a code is redeemed, the digest of its row is random and `expires_at` is the end of the code.
-- Lists of audiences are separated by spaces; an audience without a value is any service.
ALTER TABLE {p}credentials ADD COLUMN application TEXT;
ALTER TABLE {p}credentials ADD COLUMN audience TEXT;
ALTER TABLE {p}credentials ADD COLUMN granted_scopes TEXT;
ALTER TABLE {p}credentials ADD COLUMN granted_audience TEXT;
ALTER TABLE {p}credentials ADD COLUMN granted_until BIGINT;
ALTER TABLE {p}credentials ADD COLUMN generation BIGINT;
ALTER TABLE {p}credentials ADD COLUMN code_digest {bytes};
ALTER TABLE {p}credentials ADD COLUMN code_until BIGINT;
ALTER TABLE {p}credentials ADD COLUMN code_used_at BIGINT;
ALTER TABLE {p}credentials ADD COLUMN code_challenge TEXT;
ALTER TABLE {p}credentials ADD COLUMN redirect_uri TEXT;
ALTER TABLE {p}credentials ADD COLUMN family_digest {bytes};
ALTER TABLE {p}credentials ADD COLUMN refresh_digest {bytes};
ALTER TABLE {p}credentials ADD COLUMN refresh_before {bytes};
ALTER TABLE {p}credentials ADD COLUMN refresh_until BIGINT;
ALTER TABLE {p}credentials ADD COLUMN rotated_at BIGINT;
ALTER TABLE {p}credentials ADD COLUMN session TEXT;
ALTER TABLE {p}credentials ADD COLUMN authenticated_at BIGINT;
ALTER TABLE {p}credentials ADD COLUMN ended_for TEXT;
CREATE UNIQUE INDEX {p}credentials_by_code ON {p}credentials (code_digest);
CREATE UNIQUE INDEX {p}credentials_by_family ON {p}credentials (family_digest);
CREATE UNIQUE INDEX {p}credentials_by_refresh ON {p}credentials (refresh_digest);
CREATE INDEX {p}credentials_by_session ON {p}credentials (session) WHERE session IS NOT NULL;
CREATE INDEX {p}credentials_by_application ON {p}credentials (tenant, client) WHERE generation IS NOT NULL;
CREATE INDEX {p}credentials_by_last_end ON {p}credentials (expires_at) WHERE refresh_until IS NULL;
CREATE INDEX {p}credentials_by_idle_end ON {p}credentials (refresh_until) WHERE refresh_until IS NOT NULL;
