-- What must not be readable at rest. Every sealed value names by its place (ledger, table, row,
-- field) where it belongs and opens nowhere else.
DO $migration$
BEGIN
    CREATE TABLE vault_keys (
        purpose text NOT NULL,
        version integer NOT NULL,
        wrapped bytea NOT NULL,
        made_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT vault_keys_pkey PRIMARY KEY (purpose, version)
    );

    CREATE TABLE vault (
        ref text COLLATE "C" NOT NULL,
        salt bytea NOT NULL,
        sealed_id bytea NOT NULL,
        masked_id text NOT NULL,
        CONSTRAINT vault_pkey PRIMARY KEY (ref)
    );

    CREATE TABLE vault_secrets (
        fingerprint text NOT NULL,
        endpoint text NOT NULL,
        salt bytea NOT NULL,
        sealed bytea NOT NULL,
        first_used_at timestamptz NOT NULL,
        CONSTRAINT vault_secrets_pkey PRIMARY KEY (fingerprint, endpoint)
    );

    CREATE TABLE sealed_bodies (
        input bigint NOT NULL,
        ref text COLLATE "C",
        salt bytea,
        sealed bytea NOT NULL,
        CONSTRAINT sealed_bodies_pkey PRIMARY KEY (input),
        CONSTRAINT sealed_bodies_salt CHECK ((ref IS NULL) = (salt IS NOT NULL))
    );
END
$migration$;
