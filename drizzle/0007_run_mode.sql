-- Where a run acts decides which worker may take it, which is asked often; so far only its first event told.
ALTER TABLE "remit"."runs" ADD COLUMN "mode" text;
--> statement-breakpoint
UPDATE remit.runs SET mode = coalesce(
  (SELECT data ->> 'mode' FROM remit.events WHERE events.run_id = runs.run_id AND seq = 1), 'emulated');
--> statement-breakpoint
ALTER TABLE "remit"."runs" ALTER COLUMN "mode" SET NOT NULL;
--> statement-breakpoint
CREATE OR REPLACE VIEW query.runs AS
SELECT run_id, goal, status, tenant, principal, parent_run, wake_at, created_at, updated_at, mode
FROM remit.runs;
--> statement-breakpoint
COMMENT ON COLUMN query.runs.mode IS 'emulated (vendors are emulators) or live.';
