-- Who may do what. The service appends to history and reads it; nobody changes it: the triggers
-- stop the owner and the superuser too, also in replica mode and for TRUNCATE.
DO $migration$
DECLARE
    history text[] := ARRAY['events', 'inputs', 'verdicts', 'copies', 'witnesses', 'usage', 'acts'];
    kept text;
BEGIN
    CREATE FUNCTION history_is_final() RETURNS trigger LANGUAGE plpgsql AS $function$
    BEGIN
        RAISE EXCEPTION '% keeps history: % is refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'TL001', HINT = 'append what corrects it';
    END
    $function$;

    FOREACH kept IN ARRAY history LOOP
        EXECUTE format(
            'CREATE TRIGGER history_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
                FOR EACH STATEMENT EXECUTE FUNCTION history_is_final()', kept);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER history_is_final', kept);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO tokenledger_service', kept);
        EXECUTE format('GRANT SELECT ON %I TO tokenledger_reader', kept);
    END LOOP;

    EXECUTE format('GRANT USAGE ON SCHEMA %I TO tokenledger_service, tokenledger_reader',
        current_schema());
    GRANT SELECT, UPDATE (position, input, arrival, chain, act, recorded_at) ON head
        TO tokenledger_service;
    GRANT SELECT, INSERT, UPDATE, DELETE ON words, readings_due, refusals TO tokenledger_service;
    GRANT SELECT, INSERT, UPDATE ON tokens, vault_secrets TO tokenledger_service;
    GRANT SELECT, INSERT ON vault, vault_keys TO tokenledger_service;
    GRANT SELECT, INSERT, DELETE ON sealed_bodies TO tokenledger_service;
    GRANT SELECT ON head, tokens, words, readings_due, refusals TO tokenledger_reader;
END
$migration$;
