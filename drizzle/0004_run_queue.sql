DROP INDEX "remit"."runs_unfinished";--> statement-breakpoint
ALTER TABLE "remit"."runs" ADD COLUMN "due_at" timestamp (3) with time zone GENERATED ALWAYS AS (coalesce(wake_at, CASE status WHEN 'waiting' THEN 'infinity'::timestamptz ELSE created_at END)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "runs_due" ON "remit"."runs" USING btree ("due_at","run_id") WHERE "remit"."runs"."status" IN ('queued', 'running', 'waiting', 'compensating');--> statement-breakpoint
-- Leases are renewed every second: with room on its page a row changes in place, and no index hears of it.
ALTER TABLE remit.runs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
