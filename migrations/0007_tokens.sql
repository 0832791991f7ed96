-- The projection `tokens`: what follows from the events about each token. May always be dropped
-- and rebuilt. `first_position` gives lists an order that never changes.
DO $migration$
BEGIN
    CREATE TABLE tokens (
        ref text COLLATE "C" NOT NULL,
        status text NOT NULL,
        consumer text COLLATE "C",
        session text,
        reference text,
        sequence bigint NOT NULL,
        position bigint NOT NULL,
        first_position bigint NOT NULL,
        created_at timestamptz,
        since timestamptz NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        last_notice_at timestamptz,
        anomalies integer NOT NULL,
        CONSTRAINT tokens_pkey PRIMARY KEY (ref),
        CONSTRAINT tokens_status CHECK (
            status IN (
                'awaiting_authorization', 'active', 'disabled', 'rejected', 'canceled', 'deleted'
            )
        )
    );
    CREATE INDEX tokens_consumer ON tokens (consumer, first_position) WHERE consumer IS NOT NULL;
    CREATE UNIQUE INDEX tokens_first_position ON tokens (first_position);
END
$migration$;
