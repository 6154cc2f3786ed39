-- As before, but what another session made while this one waited is looked for in the catalogue itself: `to_regclass` may
-- answer from before the wait, and then two processes that start at the turn of a month would meet.
CREATE OR REPLACE FUNCTION remit.ensure_partitions(now timestamptz, months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  kind text;
  month timestamptz;
  name text;
  lowest uuid;
  beyond uuid;
  taken boolean;
  made integer := 0;
BEGIN
  FOR ahead IN 0 .. least(months_ahead, 24) LOOP
    month := date_trunc('month', now) + make_interval(months => ahead);
    FOREACH kind IN ARRAY ARRAY['events', 'payloads'] LOOP
      name := kind || '_' || to_char(month, 'YYYY_MM');
      CONTINUE WHEN EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = 'remit'::regnamespace);
      PERFORM pg_advisory_xact_lock(hashtextextended('remit partitions', 0));
      CONTINUE WHEN EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = 'remit'::regnamespace);
      lowest := remit.first_run_id(month);
      beyond := remit.first_run_id(month + interval '1 month');
      EXECUTE format('SELECT EXISTS (SELECT FROM remit.%I WHERE run_id >= $1 AND run_id < $2)', kind || '_default')
        INTO taken USING lowest, beyond;
      CONTINUE WHEN taken;
      EXECUTE format('CREATE TABLE remit.%I PARTITION OF remit.%I FOR VALUES FROM (%L) TO (%L)', name, kind, lowest, beyond);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
