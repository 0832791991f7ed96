-- The record. The first seven columns are those of postgres-es, so that its stock repository reads
-- this table; payload and metadata are `json`, whose text is kept byte for byte and hashed as it
-- is.
DO $migration$
BEGIN
    CREATE TABLE events (
        aggregate_type text COLLATE "C" NOT NULL,
        aggregate_id text COLLATE "C" NOT NULL,
        sequence bigint NOT NULL,
        event_type text NOT NULL,
        event_version text NOT NULL,
        payload json NOT NULL,
        metadata json NOT NULL,
        position bigint NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        leaf_hash bytea NOT NULL,
        CONSTRAINT events_pkey PRIMARY KEY (aggregate_type, aggregate_id, sequence),
        CONSTRAINT events_position UNIQUE (position),
        CONSTRAINT events_token CHECK (
            aggregate_type = 'token' AND aggregate_id LIKE 'tok\_%'
        ),
        CONSTRAINT events_type CHECK (
            event_type IN (
                'SessionCreated', 'Activated', 'Canceled', 'Disabled', 'Enabled', 'Deleted'
            )
        ),
        CONSTRAINT events_numbers CHECK (sequence > 0 AND position > 0),
        CONSTRAINT events_leaf CHECK (octet_length(leaf_hash) = 32)
    );
END
$migration$;
