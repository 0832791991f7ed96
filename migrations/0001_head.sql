-- The ledger's head: one row, locked first by every transaction that changes the ledger. Position,
-- input, arrival and act are the numbers given out last, chain is that of the last arrival. Mode,
-- name and the demo mark are written once, by `migrate`.
DO $migration$
BEGIN
    CREATE TABLE head (
        one boolean NOT NULL DEFAULT true,
        ledger text NOT NULL,
        mode text NOT NULL,
        demo_until timestamptz,
        incarnation integer NOT NULL,
        position bigint NOT NULL,
        input bigint NOT NULL,
        arrival bigint NOT NULL,
        chain bytea NOT NULL,
        act bigint NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT head_pkey PRIMARY KEY (one),
        CONSTRAINT head_one CHECK (one),
        CONSTRAINT head_mode CHECK (mode IN ('test', 'live')),
        CONSTRAINT head_demo CHECK (demo_until IS NULL OR mode = 'test'),
        CONSTRAINT head_numbers CHECK (
            incarnation > 0 AND position >= 0 AND input >= 0 AND arrival >= 0 AND act >= 0
        ),
        CONSTRAINT head_chain CHECK (octet_length(chain) = 32)
    );

    CREATE FUNCTION head_moves_forward() RETURNS trigger LANGUAGE plpgsql AS $function$
    BEGIN
        IF TG_OP <> 'UPDATE' THEN
            RAISE EXCEPTION 'the head cannot be removed' USING ERRCODE = 'TL001';
        END IF;
        IF NEW.ledger <> OLD.ledger OR NEW.mode <> OLD.mode
            OR NEW.demo_until IS DISTINCT FROM OLD.demo_until THEN
            RAISE EXCEPTION 'the name, the mode and the demo mark of a ledger are written once'
                USING ERRCODE = 'TL001';
        END IF;
        IF NEW.position < OLD.position OR NEW.input < OLD.input OR NEW.act < OLD.act
            OR NEW.arrival < OLD.arrival OR NEW.incarnation < OLD.incarnation
            OR NEW.recorded_at < OLD.recorded_at THEN
            RAISE EXCEPTION 'the head only moves forward' USING ERRCODE = 'TL001';
        END IF;
        RETURN NEW;
    END
    $function$;

    CREATE TRIGGER head_moves_forward BEFORE UPDATE OR DELETE ON head
        FOR EACH ROW EXECUTE FUNCTION head_moves_forward();
    CREATE TRIGGER head_stays BEFORE TRUNCATE ON head
        FOR EACH STATEMENT EXECUTE FUNCTION head_moves_forward();
    ALTER TABLE head ENABLE ALWAYS TRIGGER head_moves_forward;
    ALTER TABLE head ENABLE ALWAYS TRIGGER head_stays;
END
$migration$;
