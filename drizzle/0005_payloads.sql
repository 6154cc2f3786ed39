CREATE TABLE "remit"."payloads" (
	"run_id" uuid NOT NULL,
	"digest" text NOT NULL,
	"content" text NOT NULL,
	CONSTRAINT "payloads_content" PRIMARY KEY("run_id","digest")
) PARTITION BY RANGE ("run_id");
--> statement-breakpoint
ALTER TABLE "remit"."signed_heads" ADD COLUMN "v" smallint DEFAULT 1 NOT NULL;
--> statement-breakpoint
-- Payloads lie in months as the events that refer to them do, and are dropped with them.
CREATE TABLE remit.payloads_default PARTITION OF remit.payloads DEFAULT;
--> statement-breakpoint
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
      CONTINUE WHEN to_regclass('remit.' || name) IS NOT NULL;
      PERFORM pg_advisory_xact_lock(hashtextextended('remit partitions', 0));
      CONTINUE WHEN to_regclass('remit.' || name) IS NOT NULL;
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
--> statement-breakpoint
SELECT remit.ensure_partitions(now(), 3);
--> statement-breakpoint
GRANT SELECT, INSERT ON remit.payloads TO remit_journal;
--> statement-breakpoint
COMMENT ON COLUMN query.events.data IS 'What happened; sealed values show as [sealed], texts and lists over 64 KiB as {"$blob": digest, "size": bytes}.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.arguments IS 'What the tool was given; sealed values show as [sealed], texts and lists over 64 KiB as {"$blob": digest, "size": bytes}.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.output IS 'What the tool answered; sealed values show as [sealed], texts and lists over 64 KiB as {"$blob": digest, "size": bytes}.';
