-- Access keys of services: digests, never keys. A key is revoked, not deleted, so that a log line
-- with its id can be explained for ever.
DO $migration$
BEGIN
    CREATE TABLE access_keys (
        id text COLLATE "C" NOT NULL,
        digest bytea NOT NULL,
        name text NOT NULL,
        scopes text[] NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz,
        last_used_at timestamptz,
        CONSTRAINT access_keys_pkey PRIMARY KEY (id),
        CONSTRAINT access_keys_digest CHECK (octet_length(digest) = 32),
        CONSTRAINT access_keys_name CHECK (char_length(name) BETWEEN 1 AND 100),
        CONSTRAINT access_keys_scopes CHECK (cardinality(scopes) BETWEEN 1 AND 100)
    );

    GRANT SELECT, INSERT, UPDATE (revoked_at, last_used_at) ON access_keys TO tokenledger_service;
END
$migration$;
