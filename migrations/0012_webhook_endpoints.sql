-- Webhook endpoints that were made at Smartpay from here, each with its secret in the vault. A row
-- is written before Smartpay is called, with the key and the bytes of the request: a command that
-- died in between is run again and gets the same answer, and with it the secret, which Smartpay
-- shows once. Rows stay: they say which secret was live when.
DO $migration$
BEGIN
    CREATE TABLE webhook_endpoints (
        key text COLLATE "C" NOT NULL,
        endpoint text COLLATE "C" NOT NULL,
        url text NOT NULL,
        request text NOT NULL,
        overlap_seconds bigint NOT NULL,
        asked_at timestamptz NOT NULL,
        asked_by text NOT NULL,
        given_up_at timestamptz,
        subscription_id text COLLATE "C",
        fingerprint text,
        valid_from timestamptz,
        valid_until timestamptz,
        deleted_at timestamptz,
        CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (key),
        CONSTRAINT webhook_endpoints_secret FOREIGN KEY (fingerprint, endpoint)
            REFERENCES vault_secrets (fingerprint, endpoint),
        CONSTRAINT webhook_endpoints_whole CHECK (
            num_nulls(subscription_id, fingerprint, valid_from) IN (0, 3)
        ),
        CONSTRAINT webhook_endpoints_made CHECK (
            CASE WHEN subscription_id IS NULL
                THEN num_nonnulls(valid_until, deleted_at) = 0
                ELSE given_up_at IS NULL
            END
        ),
        CONSTRAINT webhook_endpoints_ended CHECK (deleted_at IS NULL OR valid_until IS NOT NULL)
    );
    CREATE UNIQUE INDEX webhook_endpoints_subscription ON webhook_endpoints (subscription_id);
    -- One attempt per name at a time: a second command goes on with the first one's.
    CREATE UNIQUE INDEX webhook_endpoints_open ON webhook_endpoints (endpoint)
        WHERE subscription_id IS NULL AND given_up_at IS NULL;

    GRANT SELECT, INSERT,
        UPDATE (given_up_at, subscription_id, fingerprint, valid_from, valid_until, deleted_at)
        ON webhook_endpoints TO tokenledger_service;
    GRANT SELECT ON webhook_endpoints TO tokenledger_reader;
END
$migration$;
