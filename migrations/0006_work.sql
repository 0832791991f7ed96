-- What the service keeps beside the record: each token's newest reading, the readings it still has
-- to make, and counters of refused requests.
DO $migration$
BEGIN
    CREATE TABLE words (
        ref text COLLATE "C" NOT NULL,
        said text NOT NULL,
        at timestamptz NOT NULL,
        input bigint NOT NULL,
        read_at timestamptz NOT NULL,
        CONSTRAINT words_pkey PRIMARY KEY (ref),
        CONSTRAINT words_said CHECK (
            said IN (
                'requires_authorization', 'active', 'rejected', 'disabled', 'deleted', 'absent'
            )
        )
    );

    CREATE TABLE readings_due (
        ref text COLLATE "C" NOT NULL,
        cause text NOT NULL,
        asked_at timestamptz NOT NULL,
        asks integer NOT NULL,
        CONSTRAINT readings_due_pkey PRIMARY KEY (ref)
    );

    CREATE TABLE refusals (
        endpoint text COLLATE "C" NOT NULL,
        cause text NOT NULL,
        minute timestamptz NOT NULL,
        count bigint NOT NULL,
        CONSTRAINT refusals_pkey PRIMARY KEY (endpoint, cause, minute)
    );
    CREATE INDEX refusals_minute ON refusals (minute);
END
$migration$;
