-- What came from outside, kept as received. The first verdict stands in the row, later ones in
-- `verdicts`; equal bytes again are `copies`. Bodies lie sealed elsewhere; here is their digest.
-- Each time that something came is an arrival, numbered densely over inputs and copies (and over
-- verdicts that somebody asked for, when nothing came); its chain is a hash of its row, of all that
-- it brought about beside events, and of the chain before.
DO $migration$
BEGIN
    CREATE TABLE inputs (
        number bigint NOT NULL,
        kind text NOT NULL,
        endpoint text COLLATE "C" NOT NULL,
        digest bytea NOT NULL,
        event_id text COLLATE "C",
        type text,
        ref text COLLATE "C",
        received_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        signature text,
        signature_timestamp text,
        key_variant text,
        secret_fingerprint text,
        conflict boolean NOT NULL,
        verdict text NOT NULL,
        reason text,
        position bigint,
        arrival bigint NOT NULL,
        chain bytea NOT NULL,
        CONSTRAINT inputs_pkey PRIMARY KEY (number),
        CONSTRAINT inputs_number CHECK (number > 0),
        CONSTRAINT inputs_kind CHECK (kind IN ('delivery', 'response', 'import', 'correction')),
        CONSTRAINT inputs_digest CHECK (octet_length(digest) = 32),
        CONSTRAINT inputs_chain CHECK (octet_length(chain) = 32),
        CONSTRAINT inputs_verdict CHECK (
            verdict IN ('applied', 'witness', 'ignored', 'quarantined')
        ),
        CONSTRAINT inputs_signed CHECK (
            kind <> 'delivery' OR (
                signature IS NOT NULL AND signature_timestamp IS NOT NULL
                AND key_variant IS NOT NULL AND secret_fingerprint IS NOT NULL
            )
        )
    );
    CREATE UNIQUE INDEX inputs_delivery ON inputs (endpoint, digest) WHERE kind = 'delivery';
    CREATE UNIQUE INDEX inputs_import ON inputs (digest) WHERE kind = 'import';
    CREATE INDEX inputs_arrival ON inputs USING brin (arrival) WITH (pages_per_range = 16);
    CREATE INDEX inputs_event_id ON inputs (event_id) WHERE event_id IS NOT NULL;
    CREATE INDEX inputs_verdicts ON inputs (verdict, number)
        WHERE verdict IN ('ignored', 'quarantined');

    CREATE TABLE verdicts (
        input bigint NOT NULL,
        number integer NOT NULL,
        verdict text NOT NULL,
        reason text,
        position bigint,
        recorded_at timestamptz NOT NULL,
        arrival bigint NOT NULL,
        chain bytea,
        CONSTRAINT verdicts_chain CHECK (octet_length(chain) = 32),
        CONSTRAINT verdicts_pkey PRIMARY KEY (input, number),
        CONSTRAINT verdicts_input FOREIGN KEY (input) REFERENCES inputs (number),
        CONSTRAINT verdicts_verdict CHECK (
            verdict IN ('applied', 'witness', 'ignored', 'quarantined')
        )
    );
    CREATE INDEX verdicts_arrival ON verdicts (arrival);

    CREATE TABLE copies (
        input bigint NOT NULL,
        number integer NOT NULL,
        received_at timestamptz NOT NULL,
        signature text NOT NULL,
        signature_timestamp text NOT NULL,
        key_variant text NOT NULL,
        secret_fingerprint text NOT NULL,
        arrival bigint NOT NULL,
        chain bytea NOT NULL,
        CONSTRAINT copies_pkey PRIMARY KEY (input, number),
        CONSTRAINT copies_input FOREIGN KEY (input) REFERENCES inputs (number),
        CONSTRAINT copies_chain CHECK (octet_length(chain) = 32)
    );
    CREATE UNIQUE INDEX copies_arrival ON copies (arrival);
END
$migration$;
