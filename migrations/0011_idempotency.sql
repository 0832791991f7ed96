-- Writes that were asked for under an Idempotency-Key, so that one asked for twice is done once. A
-- row is found by a digest of client and key, and says by whose request it was made. While it has
-- no answer the request is in flight, until its lease is over; then the same request may take it
-- over, under the same request_id, by which the handler finds what it began. Answers lie sealed:
-- they may hold a token id or a session's URL.
DO $migration$
BEGIN
    CREATE TABLE idempotency (
        key bytea NOT NULL,
        client text COLLATE "C" NOT NULL,
        request bytea NOT NULL,
        request_id text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL,
        leased_until timestamptz NOT NULL,
        status integer,
        salt bytea,
        sealed bytea,
        CONSTRAINT idempotency_pkey PRIMARY KEY (key),
        CONSTRAINT idempotency_request UNIQUE (request_id),
        CONSTRAINT idempotency_digests CHECK (
            octet_length(key) = 32 AND octet_length(request) = 32
        ),
        CONSTRAINT idempotency_answer CHECK (
            (status IS NULL) = (salt IS NULL) AND (status IS NULL) = (sealed IS NULL)
        )
    );
    CREATE INDEX idempotency_created_at ON idempotency (created_at);

    GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO tokenledger_service;
END
$migration$;
