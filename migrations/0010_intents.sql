-- What we are about to ask of Smartpay, or have asked: written before the call, settled by the
-- answer's own transaction. The request lies sealed until then, and never longer than six hours;
-- the session's page is sealed too. `next_at` is when somebody must take an open one up again,
-- `check_at` when a session's token must be looked at (it has expired, or the shopper left).
DO $migration$
BEGIN
    CREATE TABLE intents (
        id text COLLATE "C" NOT NULL,
        kind text NOT NULL,
        ref text COLLATE "C",
        consumer text COLLATE "C",
        reference text,
        state text NOT NULL,
        error_code text,
        actor text NOT NULL,
        reason text,
        request_id text COLLATE "C",
        salt bytea NOT NULL,
        sealed_request bytea,
        sealed_page bytea,
        sent boolean NOT NULL,
        tries integer NOT NULL,
        known_at timestamptz,
        next_at timestamptz,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        input bigint,
        session text,
        expires_at timestamptz,
        canceled_at timestamptz,
        check_at timestamptz,
        CONSTRAINT intents_pkey PRIMARY KEY (id),
        CONSTRAINT intents_kind CHECK (kind IN ('create_session', 'disable', 'enable', 'delete')),
        CONSTRAINT intents_state CHECK (
            state IN ('open', 'settled', 'overtaken', 'refused', 'not_created', 'unresolved')
        ),
        CONSTRAINT intents_ref CHECK (kind = 'create_session' OR ref IS NOT NULL),
        CONSTRAINT intents_settled CHECK (
            (settled_at IS NULL) = (state IN ('open', 'unresolved'))
        )
    );
    CREATE UNIQUE INDEX intents_request ON intents (request_id) WHERE request_id IS NOT NULL;
    CREATE INDEX intents_next ON intents (next_at) WHERE next_at IS NOT NULL;
    CREATE INDEX intents_check ON intents (check_at) WHERE check_at IS NOT NULL;
    CREATE INDEX intents_in_flight ON intents (ref)
        WHERE kind IN ('disable', 'delete') AND state IN ('open', 'unresolved');

    GRANT SELECT, INSERT, UPDATE ON intents TO tokenledger_service;
END
$migration$;
