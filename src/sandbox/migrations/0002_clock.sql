-- One row: how far the clock of the stand-alone sandbox has been moved ahead of the system's.
DO $migration$
BEGIN
    CREATE TABLE sandbox.clock (
        one boolean DEFAULT true NOT NULL,
        ahead_ms bigint NOT NULL,
        CONSTRAINT clock_pkey PRIMARY KEY (one),
        CONSTRAINT clock_one CHECK (one),
        CONSTRAINT clock_forward CHECK (ahead_ms >= 0)
    );
    INSERT INTO sandbox.clock (ahead_ms) VALUES (0);
END
$migration$;
