-- What the pretend Smartpay knows. The schema's name is fixed; it can lie beside a ledger's.
-- Times are Smartpay's: milliseconds since the epoch. `number` gives every list its order.
DO $migration$
BEGIN
    CREATE TABLE sandbox.tokens (
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        id text COLLATE "C" NOT NULL,
        status text NOT NULL,
        reference text,
        metadata json NOT NULL,
        created_at_ms bigint NOT NULL,
        updated_at_ms bigint NOT NULL,
        CONSTRAINT tokens_pkey PRIMARY KEY (number),
        CONSTRAINT tokens_id UNIQUE (id),
        CONSTRAINT tokens_status CHECK (
            status IN ('requires_authorization', 'active', 'rejected', 'disabled', 'deleted')
        )
    );

    -- Smartpay shows no history; tests want the truth.
    CREATE TABLE sandbox.changes (
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        token text COLLATE "C" NOT NULL,
        action text NOT NULL,
        at_ms bigint NOT NULL,
        CONSTRAINT changes_pkey PRIMARY KEY (number),
        CONSTRAINT changes_token FOREIGN KEY (token) REFERENCES sandbox.tokens (id)
    );
    CREATE INDEX changes_of_token ON sandbox.changes (token, number);

    -- `page` is what follows the id in the address of the hosted page.
    CREATE TABLE sandbox.sessions (
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        id text COLLATE "C" NOT NULL,
        page text COLLATE "C" NOT NULL,
        token text COLLATE "C" NOT NULL,
        success_url text NOT NULL,
        cancel_url text NOT NULL,
        customer_info json NOT NULL,
        locale text,
        description text,
        canceled boolean NOT NULL,
        created_at_ms bigint NOT NULL,
        updated_at_ms bigint NOT NULL,
        expires_at_ms bigint NOT NULL,
        CONSTRAINT sessions_pkey PRIMARY KEY (number),
        CONSTRAINT sessions_id UNIQUE (id),
        CONSTRAINT sessions_token FOREIGN KEY (token) REFERENCES sandbox.tokens (id)
    );

    CREATE TABLE sandbox.endpoints (
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        id text COLLATE "C" NOT NULL,
        active boolean NOT NULL,
        url text NOT NULL,
        description text,
        subscriptions text[] NOT NULL,
        metadata json NOT NULL,
        signing_secret text NOT NULL,
        created_at_ms bigint NOT NULL,
        updated_at_ms bigint NOT NULL,
        CONSTRAINT endpoints_pkey PRIMARY KEY (number),
        CONSTRAINT endpoints_id UNIQUE (id)
    );

    -- The outbox: one row per event, endpoint and copy. `draw` says which decisions the faults make
    -- about it; `try_at_ms` is on the sandbox's own clock.
    CREATE TABLE sandbox.deliveries (
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        endpoint text COLLATE "C" NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        token text COLLATE "C" NOT NULL,
        action text NOT NULL,
        created_at_ms bigint NOT NULL,
        body bytea NOT NULL,
        copy boolean NOT NULL,
        draw bigint NOT NULL,
        state text NOT NULL,
        tries integer NOT NULL,
        answer integer,
        try_at_ms bigint NOT NULL,
        CONSTRAINT deliveries_pkey PRIMARY KEY (number),
        CONSTRAINT deliveries_state CHECK (
            state IN ('waiting', 'delivered', 'dropped', 'given_up')
        )
    );
    CREATE INDEX deliveries_waiting ON sandbox.deliveries (try_at_ms, number)
        WHERE state = 'waiting';

    CREATE TABLE sandbox.idempotency (
        key text COLLATE "C" NOT NULL,
        request bytea NOT NULL,
        first_received_at_ms bigint NOT NULL,
        status integer,
        body bytea,
        CONSTRAINT idempotency_pkey PRIMARY KEY (key)
    );

    -- One row: what goes wrong on purpose, and how many decisions have been made since it was set.
    CREATE TABLE sandbox.faults (
        one boolean DEFAULT true NOT NULL,
        settings json NOT NULL,
        calls bigint NOT NULL,
        webhooks bigint NOT NULL,
        CONSTRAINT faults_pkey PRIMARY KEY (one),
        CONSTRAINT faults_one CHECK (one)
    );
    INSERT INTO sandbox.faults (settings, calls, webhooks) VALUES ('{}', 0, 0);
END
$migration$;
