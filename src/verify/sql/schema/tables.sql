-- Tables of the first version. The words in braces are the prefix of the tables and types of the
-- engine.
--
-- No name here ends with another one, so that a longer prefix of other tables makes none of these.
--
-- Times are milliseconds since 1970. A tenant is '' if there is none, so that it can be part of a
-- unique index. Lists are texts: scopes with spaces, permissions with line feeds between them. A
-- revocation is of a principal (1), or of any other digest (0).
CREATE TABLE {p}users (
    id {serial},
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT,
    uuid TEXT,
    org TEXT,
    app TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    disabled_at BIGINT,
    UNIQUE (tenant, name)
);
CREATE TABLE {p}credentials (
    id {serial},
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('access_token', 'api_key', 'key_pair', 'app_token', 'client')),
    public_id TEXT NOT NULL,
    digest {bytes} NOT NULL UNIQUE,
    previous_digest {bytes} UNIQUE,
    previous_until BIGINT,
    subject TEXT,
    user_id BIGINT REFERENCES {p}users (id) ON DELETE CASCADE,
    client TEXT,
    client_id BIGINT REFERENCES {p}credentials (id) ON DELETE CASCADE,
    org TEXT,
    app TEXT,
    uuid TEXT,
    label TEXT,
    scopes TEXT NOT NULL,
    permissions TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    disabled_at BIGINT,
    revoked_at BIGINT,
    UNIQUE (tenant, kind, public_id),
    CHECK (kind <> 'client' OR org IS NOT NULL),
    CHECK (kind <> 'access_token' OR subject IS NOT NULL OR (client IS NOT NULL AND org IS NOT NULL))
);
CREATE INDEX {p}credentials_of_user ON {p}credentials (user_id);
CREATE INDEX {p}credentials_of_subject ON {p}credentials (tenant, subject);
CREATE INDEX {p}credentials_of_client ON {p}credentials (client_id);
CREATE INDEX {p}credentials_by_end ON {p}credentials (expires_at);
CREATE INDEX {p}credentials_by_revocation ON {p}credentials (revoked_at);
CREATE TABLE {p}roles (
    id {serial},
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (tenant, name)
);
CREATE TABLE {p}role_permissions (
    role_id BIGINT NOT NULL REFERENCES {p}roles (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (role_id, permission)
);
CREATE TABLE {p}assignments (
    user_id BIGINT NOT NULL REFERENCES {p}users (id) ON DELETE CASCADE,
    role_id BIGINT NOT NULL REFERENCES {p}roles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX {p}assignments_of_role ON {p}assignments (role_id);
CREATE TABLE {p}user_permissions (
    user_id BIGINT NOT NULL REFERENCES {p}users (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (user_id, permission)
);
CREATE TABLE {p}revocations (
    digest {bytes} PRIMARY KEY,
    ends_at BIGINT NOT NULL,
    of_principal BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX {p}revocations_by_end ON {p}revocations (ends_at);
