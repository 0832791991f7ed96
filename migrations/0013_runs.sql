-- Comparing with Smartpay: each run with its counts, where it stands so that a killed one goes on,
-- and the first of its differences. What a run has read is kept while it lasts: a million refs do not
-- belong into memory, and a killed run would forget them. The last two indexes count the absences of
-- a day, which the fuse does under the head's lock. A wanted reading that could not be had is tried
-- again at `next_at`.
DO $migration$
BEGIN
    CREATE TABLE runs (
        id text COLLATE "C" NOT NULL,
        state text NOT NULL,
        ending text,
        actor text NOT NULL,
        dry_run boolean NOT NULL,
        settle_seconds bigint NOT NULL,
        accept bigint,
        started_at timestamptz NOT NULL,
        moved_at timestamptz NOT NULL,
        ended_at timestamptz,
        position bigint NOT NULL,
        tokens bigint NOT NULL,
        deleted bigint NOT NULL,
        absences_allowed bigint NOT NULL,
        absences_before bigint NOT NULL,
        listed_all boolean NOT NULL,
        page_salt bytea,
        page_sealed bytea,
        digest bytea NOT NULL,
        pages bigint NOT NULL,
        listed bigint NOT NULL,
        calls bigint NOT NULL,
        matched bigint NOT NULL,
        different bigint NOT NULL,
        recorded bigint NOT NULL,
        only_at_smartpay bigint NOT NULL,
        absent bigint NOT NULL,
        in_flight bigint NOT NULL,
        unattributed bigint NOT NULL,
        unreadable bigint NOT NULL,
        CONSTRAINT runs_pkey PRIMARY KEY (id),
        CONSTRAINT runs_state CHECK (state IN ('running', 'done', 'stopped', 'failed')),
        CONSTRAINT runs_page CHECK ((page_salt IS NULL) = (page_sealed IS NULL)),
        CONSTRAINT runs_digest CHECK (octet_length(digest) = 32)
    );
    CREATE INDEX runs_started ON runs (started_at);

    CREATE TABLE run_differences (
        run text COLLATE "C" NOT NULL,
        ref text COLLATE "C" NOT NULL,
        ledger text,
        ledger_since timestamptz,
        smartpay text NOT NULL,
        smartpay_at timestamptz,
        done text NOT NULL,
        likely text NOT NULL,
        CONSTRAINT run_differences_pkey PRIMARY KEY (run, ref),
        CONSTRAINT run_differences_done CHECK (
            done IN ('recorded', 'reported', 'in_flight', 'not_recorded')
        )
    );

    CREATE TABLE run_seen (
        run text COLLATE "C" NOT NULL,
        ref text COLLATE "C" NOT NULL,
        CONSTRAINT run_seen_pkey PRIMARY KEY (run, ref)
    );

    ALTER TABLE readings_due
        ADD COLUMN tries integer NOT NULL DEFAULT 0,
        ADD COLUMN next_at timestamptz NOT NULL DEFAULT '-infinity';
    CREATE INDEX readings_due_next ON readings_due (next_at, asked_at);

    CREATE INDEX events_absences ON events (recorded_at)
        WHERE event_type = 'Deleted' AND payload ->> 'basis' = 'absence';
    CREATE INDEX words_absent ON words (read_at) WHERE said = 'absent';

    GRANT SELECT, INSERT, UPDATE, DELETE ON runs, run_differences TO tokenledger_service;
    GRANT SELECT, INSERT, DELETE ON run_seen TO tokenledger_service;
    GRANT SELECT ON runs, run_differences TO tokenledger_reader;
END
$migration$;
