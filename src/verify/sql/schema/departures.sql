-- Names of users that were deleted or renamed, with the time in milliseconds since 1970, by the
-- clock of the database. A user that logs in while an operator deletes it gets neither a session
-- nor a grant.
CREATE TABLE {p}departures (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);
