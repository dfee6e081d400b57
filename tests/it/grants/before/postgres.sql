-- A PostgreSQL database as the version before grants wrote it: the output of `pg_dump --inserts`
-- without settings and comments. `{p}` is the prefix of the tables.
COMMENT ON SCHEMA public IS '';
CREATE FUNCTION {p}announce() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog'
    AS $_$
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
END $_$;
CREATE FUNCTION {p}hold() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog'
    AS $_$
DECLARE
    holder text;
    taken text;
    known text;
BEGIN
    IF TG_TABLE_NAME = '{p}users' THEN
        holder := NEW.name;
    ELSE
        holder := NEW.subject;
    END IF;
    IF holder IS NULL THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = '{p}users' THEN
        EXECUTE format('UPDATE %I.{p}holders SET name = $1 WHERE tenant = $2 AND word = $3 AND name = $4',
            TG_TABLE_SCHEMA) USING NEW.name, OLD.tenant, OLD.uuid, OLD.name;
    END IF;
    FOR taken IN SELECT DISTINCT w FROM unnest(ARRAY[holder, NEW.uuid]) w WHERE w IS NOT NULL ORDER BY w LOOP
        EXECUTE format('INSERT INTO %I.{p}holders VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', TG_TABLE_SCHEMA)
            USING NEW.tenant, taken, holder;
        EXECUTE format('SELECT name FROM %I.{p}holders WHERE tenant = $1 AND word = $2', TG_TABLE_SCHEMA)
            INTO known USING NEW.tenant, taken;
        IF known IS DISTINCT FROM holder THEN
            RAISE EXCEPTION USING ERRCODE = 'unique_violation', MESSAGE = 'a name is the UUID of another user';
        END IF;
    END LOOP;
    RETURN NULL;
END $_$;
CREATE TABLE {p}assignments (
    user_id bigint NOT NULL,
    role_id bigint NOT NULL
);
CREATE TABLE {p}credentials (
    id bigint NOT NULL,
    tenant text NOT NULL,
    kind text NOT NULL,
    public_id text NOT NULL,
    digest bytea NOT NULL,
    previous_digest bytea,
    previous_until bigint,
    subject text,
    user_id bigint,
    client text,
    client_id bigint,
    org text,
    app text,
    uuid text,
    label text,
    scopes text NOT NULL,
    permissions text,
    created_at bigint NOT NULL,
    expires_at bigint,
    last_used_at bigint,
    disabled_at bigint,
    revoked_at bigint,
    CONSTRAINT {p}credentials_check CHECK (((kind <> 'client'::text) OR (org IS NOT NULL))),
    CONSTRAINT {p}credentials_check1 CHECK (((kind <> 'access_token'::text) OR (subject IS NOT NULL) OR ((client IS NOT NULL) AND (org IS NOT NULL)))),
    CONSTRAINT {p}credentials_kind_check CHECK ((kind = ANY (ARRAY['access_token'::text, 'api_key'::text, 'key_pair'::text, 'app_token'::text, 'client'::text])))
);
ALTER TABLE {p}credentials ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME {p}credentials_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE {p}holders (
    tenant text NOT NULL,
    word text NOT NULL,
    name text NOT NULL
);
CREATE TABLE {p}revocations (
    digest bytea NOT NULL,
    ends_at bigint NOT NULL,
    of_principal bigint DEFAULT 0 NOT NULL
);
CREATE TABLE {p}role_permissions (
    role_id bigint NOT NULL,
    permission text NOT NULL
);
CREATE TABLE {p}roles (
    id bigint NOT NULL,
    tenant text NOT NULL,
    name text NOT NULL
);
ALTER TABLE {p}roles ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME {p}roles_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE {p}schema (
    version bigint NOT NULL
);
CREATE TABLE {p}user_permissions (
    user_id bigint NOT NULL,
    permission text NOT NULL
);
CREATE TABLE {p}users (
    id bigint NOT NULL,
    tenant text NOT NULL,
    name text NOT NULL,
    password_hash text,
    uuid text,
    org text,
    app text,
    created_at bigint NOT NULL,
    expires_at bigint,
    disabled_at bigint
);
ALTER TABLE {p}users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME {p}users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO {p}assignments VALUES (1, 1);
INSERT INTO {p}credentials OVERRIDING SYSTEM VALUE VALUES (1, '', 'client', 'map', '\xdf78c22849824b740790c07ec45137273a16adc5d1daa216d6e5d27169470b03', NULL, NULL, NULL, NULL, NULL, NULL, 'acme', NULL, NULL, NULL, '', NULL, 1795946082843, NULL, NULL, NULL, NULL);
INSERT INTO {p}credentials OVERRIDING SYSTEM VALUE VALUES (3, '', 'access_token', 'xOX0yMJnMR4Z07', '\x0a63080eb90c4da9102f8f52a3ce28de2a38edd5025c9e398684b31144870afc', NULL, NULL, 'alice', 1, 'map', 1, NULL, NULL, NULL, NULL, 'read', NULL, 1795946082846, 9999999999000, NULL, NULL, NULL);
INSERT INTO {p}credentials OVERRIDING SYSTEM VALUE VALUES (4, '', 'access_token', '02gGJvVXitsHNZ', '\x73375b1e134952ee15fd8a2b66a548e2b613c3af24c642acb88d027328e47145', NULL, NULL, 'bob', 2, 'map', 1, NULL, NULL, NULL, NULL, '', NULL, 1795946082848, NULL, NULL, NULL, NULL);
INSERT INTO {p}credentials OVERRIDING SYSTEM VALUE VALUES (5, '', 'access_token', 'qDaI7XCbb4pNdz', '\x76a9713865a7bd591f34681aaff9474c26af794e7f63a4a91bed3fff249bc556', NULL, NULL, 'alice', 1, 'gone', 2, NULL, NULL, NULL, NULL, '', NULL, 1795946082850, NULL, NULL, NULL, NULL);
INSERT INTO {p}credentials OVERRIDING SYSTEM VALUE VALUES (6, '', 'access_token', 'VQ1r82NtKIIcMz', '\xae732dfcccc3ff33ea972f711ebe80b2216b8271c86e029ffce86ddc1b585d17', NULL, NULL, 'alice', 1, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, 1795946082851, 1000000000000, NULL, NULL, NULL);
INSERT INTO {p}credentials OVERRIDING SYSTEM VALUE VALUES (2, '', 'client', 'gone', '\x6366577241de74ce2068f09889a88c3e7d65d4252a70618b9d9495b456a084ad', NULL, NULL, NULL, NULL, NULL, NULL, 'acme', NULL, NULL, NULL, '', NULL, 1795946082844, NULL, NULL, 1795946082852, NULL);
INSERT INTO {p}credentials OVERRIDING SYSTEM VALUE VALUES (7, '', 'api_key', 'u3ZrCHj1bnm8zW', '\x118c9cbcdb490d3e50b70b1c2f1199aad84cf499b035f99ee0243d1ff29ab026', NULL, NULL, 'alice', 1, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, 1795946082854, NULL, NULL, NULL, 1795946082855);
INSERT INTO {p}holders VALUES ('', 'alice', 'alice');
INSERT INTO {p}holders VALUES ('', 'u-alice', 'alice');
INSERT INTO {p}holders VALUES ('', 'bob', 'bob');
INSERT INTO {p}role_permissions VALUES (1, 'get:/**');
INSERT INTO {p}roles OVERRIDING SYSTEM VALUE VALUES (1, '', 'staff');
INSERT INTO {p}schema VALUES (1);
INSERT INTO {p}schema VALUES (2);
INSERT INTO {p}schema VALUES (3);
INSERT INTO {p}users OVERRIDING SYSTEM VALUE VALUES (1, '', 'alice', '$argon2id$v=19$m=64,t=1,p=1$K1DfJxKUTqq6sw59LeeywA$sfGFAm1CHBYpuCe+0sYip1lh0uhnw0XxAvnK6mFU//8', 'u-alice', NULL, NULL, 1795946082749, NULL, NULL);
INSERT INTO {p}users OVERRIDING SYSTEM VALUE VALUES (2, '', 'bob', '$argon2id$v=19$m=64,t=1,p=1$adFxqna4SQNW9V+Oo4CD4A$yVy519uToHQBXZX07hNBd++OdaeSSbD9p3+nYxKLnfU', NULL, NULL, NULL, 1795946082810, NULL, 1795946082811);
SELECT pg_catalog.setval('{p}credentials_id_seq', 7, true);
SELECT pg_catalog.setval('{p}roles_id_seq', 1, true);
SELECT pg_catalog.setval('{p}users_id_seq', 2, true);
ALTER TABLE ONLY {p}assignments
    ADD CONSTRAINT {p}assignments_pkey PRIMARY KEY (user_id, role_id);
ALTER TABLE ONLY {p}credentials
    ADD CONSTRAINT {p}credentials_digest_key UNIQUE (digest);
ALTER TABLE ONLY {p}credentials
    ADD CONSTRAINT {p}credentials_pkey PRIMARY KEY (id);
ALTER TABLE ONLY {p}credentials
    ADD CONSTRAINT {p}credentials_previous_digest_key UNIQUE (previous_digest);
ALTER TABLE ONLY {p}credentials
    ADD CONSTRAINT {p}credentials_tenant_kind_public_id_key UNIQUE (tenant, kind, public_id);
ALTER TABLE ONLY {p}holders
    ADD CONSTRAINT {p}holders_pkey PRIMARY KEY (tenant, word);
ALTER TABLE ONLY {p}revocations
    ADD CONSTRAINT {p}revocations_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY {p}role_permissions
    ADD CONSTRAINT {p}role_permissions_pkey PRIMARY KEY (role_id, permission);
ALTER TABLE ONLY {p}roles
    ADD CONSTRAINT {p}roles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY {p}roles
    ADD CONSTRAINT {p}roles_tenant_name_key UNIQUE (tenant, name);
ALTER TABLE ONLY {p}schema
    ADD CONSTRAINT {p}schema_pkey PRIMARY KEY (version);
ALTER TABLE ONLY {p}user_permissions
    ADD CONSTRAINT {p}user_permissions_pkey PRIMARY KEY (user_id, permission);
ALTER TABLE ONLY {p}users
    ADD CONSTRAINT {p}users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY {p}users
    ADD CONSTRAINT {p}users_tenant_name_key UNIQUE (tenant, name);
CREATE INDEX {p}assignments_of_role ON {p}assignments USING btree (role_id);
CREATE INDEX {p}credentials_by_end ON {p}credentials USING btree (expires_at);
CREATE INDEX {p}credentials_by_revocation ON {p}credentials USING btree (revoked_at);
CREATE INDEX {p}credentials_of_client ON {p}credentials USING btree (client_id);
CREATE INDEX {p}credentials_of_subject ON {p}credentials USING btree (tenant, subject);
CREATE INDEX {p}credentials_of_user ON {p}credentials USING btree (user_id);
CREATE INDEX {p}revocations_by_end ON {p}revocations USING btree (ends_at);
CREATE UNIQUE INDEX {p}users_in_any_case ON {p}users USING btree (tenant, lower((name COLLATE "C")));
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}assignments FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER DELETE OR UPDATE OF id, tenant, kind, public_id, digest, previous_digest, previous_until, subject, user_id, client, client_id, org, app, uuid, scopes, permissions, expires_at, disabled_at, revoked_at ON {p}credentials FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER INSERT OR UPDATE ON {p}revocations FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}role_permissions FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}user_permissions FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce AFTER INSERT OR DELETE OR UPDATE ON {p}users FOR EACH ROW EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}assignments FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}credentials FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}role_permissions FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}user_permissions FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}announce_all AFTER TRUNCATE ON {p}users FOR EACH STATEMENT EXECUTE FUNCTION {p}announce();
CREATE TRIGGER {p}hold AFTER INSERT OR UPDATE OF tenant, subject, uuid ON {p}credentials FOR EACH ROW EXECUTE FUNCTION {p}hold();
CREATE TRIGGER {p}hold AFTER INSERT OR UPDATE OF tenant, name, uuid ON {p}users FOR EACH ROW EXECUTE FUNCTION {p}hold();
ALTER TABLE ONLY {p}assignments
    ADD CONSTRAINT {p}assignments_role_id_fkey FOREIGN KEY (role_id) REFERENCES {p}roles(id) ON DELETE CASCADE;
ALTER TABLE ONLY {p}assignments
    ADD CONSTRAINT {p}assignments_user_id_fkey FOREIGN KEY (user_id) REFERENCES {p}users(id) ON DELETE CASCADE;
ALTER TABLE ONLY {p}credentials
    ADD CONSTRAINT {p}credentials_client_id_fkey FOREIGN KEY (client_id) REFERENCES {p}credentials(id) ON DELETE CASCADE;
ALTER TABLE ONLY {p}credentials
    ADD CONSTRAINT {p}credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES {p}users(id) ON DELETE CASCADE;
ALTER TABLE ONLY {p}role_permissions
    ADD CONSTRAINT {p}role_permissions_role_id_fkey FOREIGN KEY (role_id) REFERENCES {p}roles(id) ON DELETE CASCADE;
ALTER TABLE ONLY {p}user_permissions
    ADD CONSTRAINT {p}user_permissions_user_id_fkey FOREIGN KEY (user_id) REFERENCES {p}users(id) ON DELETE CASCADE;
