-- A SQLite database as the version before grants wrote it: the output of `.dump`. `{p}` is the
-- prefix of the tables.
CREATE TABLE {p}schema (version BIGINT PRIMARY KEY);
INSERT INTO {p}schema VALUES(1);
INSERT INTO {p}schema VALUES(2);
CREATE TABLE {p}users (
    id INTEGER PRIMARY KEY,
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
INSERT INTO {p}users VALUES(1,'','alice','$argon2id$v=19$m=64,t=1,p=1$GQWNcwy4wl/P8hEiOye9xA$kpGnZXsSN3DnLn/hFSSd4zgO+js3diqiOQWC37j1b6o','u-alice',NULL,NULL,1795946082604,NULL,NULL);
INSERT INTO {p}users VALUES(2,'','bob','$argon2id$v=19$m=64,t=1,p=1$b+p+bmosNPYLb2cX9fVKiA$TingkovD/o9MsNYv1RmdAUviD5dN0rni0SoO4zS8KaQ',NULL,NULL,NULL,1795946082625,NULL,1795946082626);
CREATE TABLE {p}credentials (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('access_token', 'api_key', 'key_pair', 'app_token', 'client')),
    public_id TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    previous_digest BLOB UNIQUE,
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
INSERT INTO {p}credentials VALUES(1,'','client','map',X'df78c22849824b740790c07ec45137273a16adc5d1daa216d6e5d27169470b03',NULL,NULL,NULL,NULL,NULL,NULL,'acme',NULL,NULL,NULL,'',NULL,1795946082630,NULL,NULL,NULL,NULL);
INSERT INTO {p}credentials VALUES(2,'','client','gone',X'6366577241de74ce2068f09889a88c3e7d65d4252a70618b9d9495b456a084ad',NULL,NULL,NULL,NULL,NULL,NULL,'acme',NULL,NULL,NULL,'',NULL,1795946082631,NULL,NULL,1795946082651,NULL);
INSERT INTO {p}credentials VALUES(3,'','access_token','lKUSOReSOHiclJ',X'0a63080eb90c4da9102f8f52a3ce28de2a38edd5025c9e398684b31144870afc',NULL,NULL,'alice',1,'map',1,NULL,NULL,NULL,NULL,'read',NULL,1795946082645,9999999999000,NULL,NULL,NULL);
INSERT INTO {p}credentials VALUES(4,'','access_token','6UcZbSvdngZlV4',X'73375b1e134952ee15fd8a2b66a548e2b613c3af24c642acb88d027328e47145',NULL,NULL,'bob',2,'map',1,NULL,NULL,NULL,NULL,'',NULL,1795946082647,NULL,NULL,NULL,NULL);
INSERT INTO {p}credentials VALUES(5,'','access_token','CsPBDRSffzrTwy',X'76a9713865a7bd591f34681aaff9474c26af794e7f63a4a91bed3fff249bc556',NULL,NULL,'alice',1,'gone',2,NULL,NULL,NULL,NULL,'',NULL,1795946082648,NULL,NULL,NULL,NULL);
INSERT INTO {p}credentials VALUES(6,'','access_token','p27SiuXlHNZgWZ',X'ae732dfcccc3ff33ea972f711ebe80b2216b8271c86e029ffce86ddc1b585d17',NULL,NULL,'alice',1,NULL,NULL,NULL,NULL,NULL,NULL,'',NULL,1795946082651,1000000000000,NULL,NULL,NULL);
INSERT INTO {p}credentials VALUES(7,'','api_key','GV0pqoYwaiTvdg',X'118c9cbcdb490d3e50b70b1c2f1199aad84cf499b035f99ee0243d1ff29ab026',NULL,NULL,'alice',1,NULL,NULL,NULL,NULL,NULL,NULL,'',NULL,1795946082654,NULL,NULL,NULL,1795946082658);
CREATE TABLE {p}roles (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (tenant, name)
);
INSERT INTO {p}roles VALUES(1,'','staff');
CREATE TABLE {p}role_permissions (
    role_id BIGINT NOT NULL REFERENCES {p}roles (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (role_id, permission)
);
INSERT INTO {p}role_permissions VALUES(1,'get:/**');
CREATE TABLE {p}assignments (
    user_id BIGINT NOT NULL REFERENCES {p}users (id) ON DELETE CASCADE,
    role_id BIGINT NOT NULL REFERENCES {p}roles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
);
INSERT INTO {p}assignments VALUES(1,1);
CREATE TABLE {p}user_permissions (
    user_id BIGINT NOT NULL REFERENCES {p}users (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (user_id, permission)
);
CREATE TABLE {p}revocations (
    digest BLOB PRIMARY KEY,
    ends_at BIGINT NOT NULL,
    of_principal BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE {p}holders (
    tenant TEXT NOT NULL,
    word TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, word)
);
INSERT INTO {p}holders VALUES('','alice','alice');
INSERT INTO {p}holders VALUES('','u-alice','alice');
INSERT INTO {p}holders VALUES('','bob','bob');
CREATE INDEX {p}credentials_of_user ON {p}credentials (user_id);
CREATE INDEX {p}credentials_of_subject ON {p}credentials (tenant, subject);
CREATE INDEX {p}credentials_of_client ON {p}credentials (client_id);
CREATE INDEX {p}credentials_by_end ON {p}credentials (expires_at);
CREATE INDEX {p}credentials_by_revocation ON {p}credentials (revoked_at);
CREATE INDEX {p}assignments_of_role ON {p}assignments (role_id);
CREATE INDEX {p}revocations_by_end ON {p}revocations (ends_at);
CREATE UNIQUE INDEX {p}users_in_any_case ON {p}users (tenant, name COLLATE NOCASE);
CREATE TRIGGER {p}users_hold_new AFTER INSERT ON {p}users WHEN NEW.name IS NOT NULL BEGIN
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.name, NEW.name WHERE NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.name);
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.uuid, NEW.name WHERE NEW.uuid IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.uuid);
    SELECT RAISE(ABORT, 'a name is the UUID of another user') WHERE EXISTS (SELECT 1 FROM {p}holders
        WHERE tenant = NEW.tenant AND word IN (NEW.name, NEW.uuid) AND name <> NEW.name);
END;
CREATE TRIGGER {p}users_hold_changed AFTER UPDATE OF tenant, name, uuid ON {p}users WHEN NEW.name IS NOT NULL BEGIN
    UPDATE {p}holders SET name = NEW.name
        WHERE tenant = OLD.tenant AND word = OLD.uuid AND name = OLD.name;
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.name, NEW.name WHERE NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.name);
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.uuid, NEW.name WHERE NEW.uuid IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.uuid);
    SELECT RAISE(ABORT, 'a name is the UUID of another user') WHERE EXISTS (SELECT 1 FROM {p}holders
        WHERE tenant = NEW.tenant AND word IN (NEW.name, NEW.uuid) AND name <> NEW.name);
END;
CREATE TRIGGER {p}credentials_hold_new AFTER INSERT ON {p}credentials WHEN NEW.subject IS NOT NULL BEGIN
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.subject, NEW.subject WHERE NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.subject);
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.uuid, NEW.subject WHERE NEW.uuid IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.uuid);
    SELECT RAISE(ABORT, 'a name is the UUID of another user') WHERE EXISTS (SELECT 1 FROM {p}holders
        WHERE tenant = NEW.tenant AND word IN (NEW.subject, NEW.uuid) AND name <> NEW.subject);
END;
CREATE TRIGGER {p}credentials_hold_changed AFTER UPDATE OF tenant, subject, uuid ON {p}credentials WHEN NEW.subject IS NOT NULL BEGIN
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.subject, NEW.subject WHERE NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.subject);
    INSERT INTO {p}holders SELECT NEW.tenant, NEW.uuid, NEW.subject WHERE NEW.uuid IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM {p}holders WHERE tenant = NEW.tenant AND word = NEW.uuid);
    SELECT RAISE(ABORT, 'a name is the UUID of another user') WHERE EXISTS (SELECT 1 FROM {p}holders
        WHERE tenant = NEW.tenant AND word IN (NEW.subject, NEW.uuid) AND name <> NEW.subject);
END;
