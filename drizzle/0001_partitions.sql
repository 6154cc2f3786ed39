-- Events lie in one partition for each month of the runs' birth: a uuidv7 starts with its instant in milliseconds. Old
-- months are dropped whole. The system stream has the lowest ids of all and a partition of its own.
CREATE TABLE remit.events_system PARTITION OF remit.events FOR VALUES FROM (MINVALUE) TO ('00000001-0000-7000-8000-000000000000');
--> statement-breakpoint
CREATE TABLE remit.events_default PARTITION OF remit.events DEFAULT;
--> statement-breakpoint
CREATE FUNCTION remit.first_run_id(instant timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (rpad(lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0'), 32, '0'))::uuid;
--> statement-breakpoint
-- Makes the partitions of this month and of the months ahead; returns how many it made. Safe to repeat, and for two at once.
-- A month whose runs are in the default partition already stays there.
CREATE FUNCTION remit.ensure_partitions(now timestamptz, months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  month timestamptz;
  name text;
  lowest uuid;
  beyond uuid;
  made integer := 0;
BEGIN
  FOR ahead IN 0 .. least(months_ahead, 24) LOOP
    month := date_trunc('month', now) + make_interval(months => ahead);
    name := 'events_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass('remit.' || name) IS NOT NULL;
    PERFORM pg_advisory_xact_lock(hashtextextended('remit partitions', 0));
    CONTINUE WHEN to_regclass('remit.' || name) IS NOT NULL;
    lowest := remit.first_run_id(month);
    beyond := remit.first_run_id(month + interval '1 month');
    CONTINUE WHEN EXISTS (SELECT FROM remit.events_default WHERE run_id >= lowest AND run_id < beyond);
    EXECUTE format('CREATE TABLE remit.%I PARTITION OF remit.events FOR VALUES FROM (%L) TO (%L)', name, lowest, beyond);
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;
--> statement-breakpoint
SELECT remit.ensure_partitions(now(), 3);
