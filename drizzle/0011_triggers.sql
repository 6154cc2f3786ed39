CREATE TABLE "remit"."trigger_deliveries" (
	"trigger" text NOT NULL,
	"delivery_id" text NOT NULL,
	"run_id" uuid NOT NULL,
	"due_at" timestamp (3) with time zone,
	"received_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "trigger_deliveries_once" PRIMARY KEY("trigger","delivery_id")
);
--> statement-breakpoint
CREATE TABLE "remit"."schedules" (
	"trigger" text PRIMARY KEY NOT NULL,
	"since" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "remit"."outbox" (
	"position" bigint GENERATED ALWAYS AS IDENTITY,
	"queue" text NOT NULL,
	"message_id" text NOT NULL,
	"body" jsonb NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"enqueued_at" timestamp (3) with time zone NOT NULL,
	"available_at" timestamp (3) with time zone NOT NULL,
	"refused" text,
	CONSTRAINT "outbox_message" PRIMARY KEY("queue","message_id")
);
--> statement-breakpoint
CREATE INDEX "trigger_deliveries_due" ON "remit"."trigger_deliveries" USING btree ("trigger","due_at") WHERE "due_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "trigger_deliveries_age" ON "remit"."trigger_deliveries" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "outbox_next" ON "remit"."outbox" USING btree ("queue","position") WHERE "refused" IS NULL;
--> statement-breakpoint
-- Only the journal's role sees these, by row-level security as by grants: no reader of a tenant does.
ALTER TABLE remit.trigger_deliveries ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE remit.schedules ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE remit.outbox ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY journal ON remit.trigger_deliveries TO remit_journal USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY journal ON remit.schedules TO remit_journal USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY journal ON remit.outbox TO remit_journal USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON remit.trigger_deliveries TO remit_journal;
--> statement-breakpoint
GRANT SELECT, INSERT ON remit.schedules TO remit_journal;
--> statement-breakpoint
GRANT SELECT, UPDATE, DELETE ON remit.outbox TO remit_journal;
--> statement-breakpoint
-- The one way in, for Remit as for an application's own role that is granted it: in the application's transaction, so that
-- what it did and what it asks for are committed together. The same message id again is the same message.
CREATE FUNCTION remit.enqueue(queue text, body jsonb, message_id text DEFAULT gen_random_uuid()::text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO remit.outbox (queue, message_id, body, enqueued_at, available_at)
  VALUES (enqueue.queue, enqueue.message_id, enqueue.body, now(), now())
  ON CONFLICT ON CONSTRAINT outbox_message DO NOTHING;
  PERFORM pg_notify('remit_outbox', enqueue.queue);
  RETURN enqueue.message_id;
END $$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION remit.enqueue(text, jsonb, text) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION remit.enqueue(text, jsonb, text) TO remit_journal;
