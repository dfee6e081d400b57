-- Sessions of browsers at an authorization server, and the times at which the tokens of grants were
-- issued. Nothing that exists is changed.
--
-- A session without a `user_id` is of a user that the database does not know. The grants of a
-- session have its `public_id`.
CREATE TABLE {p}sessions (
    digest {bytes} PRIMARY KEY,
    tenant TEXT NOT NULL,
    public_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BIGINT REFERENCES {p}users (id) ON DELETE CASCADE,
    uuid TEXT,
    org TEXT,
    app TEXT,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (tenant, public_id)
);
CREATE INDEX {p}sessions_of_user ON {p}sessions (user_id);
CREATE INDEX {p}sessions_of_subject ON {p}sessions (tenant, subject);
CREATE INDEX {p}sessions_by_expiry ON {p}sessions (expires_at);
CREATE INDEX {p}sessions_by_log_out ON {p}sessions (ended_at) WHERE ended_at IS NOT NULL;
ALTER TABLE {p}credentials ADD COLUMN issued_at BIGINT;
ALTER TABLE {p}credentials ADD COLUMN previous_issued_at BIGINT;
