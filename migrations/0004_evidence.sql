-- Beside the events: later inputs that agree with one, charges made with a token, and what people
-- or the service did to the ledger itself.
DO $migration$
BEGIN
    CREATE TABLE witnesses (
        ref text COLLATE "C" NOT NULL,
        sequence bigint NOT NULL,
        input bigint NOT NULL,
        arrival bigint NOT NULL,
        CONSTRAINT witnesses_pkey PRIMARY KEY (ref, sequence, input),
        CONSTRAINT witnesses_input FOREIGN KEY (input) REFERENCES inputs (number)
    );
    CREATE INDEX witnesses_arrival ON witnesses (arrival);

    CREATE TABLE usage (
        ref text COLLATE "C" NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        input bigint NOT NULL,
        used_at timestamptz NOT NULL,
        arrival bigint NOT NULL,
        CONSTRAINT usage_pkey PRIMARY KEY (ref, event_id),
        CONSTRAINT usage_input FOREIGN KEY (input) REFERENCES inputs (number)
    );
    CREATE INDEX usage_arrival ON usage (arrival);

    CREATE TABLE acts (
        number bigint NOT NULL,
        kind text NOT NULL,
        actor text NOT NULL,
        reason text NOT NULL,
        details json NOT NULL,
        recorded_at timestamptz NOT NULL,
        chain bytea NOT NULL,
        CONSTRAINT acts_pkey PRIMARY KEY (number),
        CONSTRAINT acts_number CHECK (number > 0),
        CONSTRAINT acts_chain CHECK (octet_length(chain) = 32)
    );
END
$migration$;
