CREATE INDEX "events_waits" ON "remit"."events" USING btree ("run_id","seq") WHERE "remit"."events"."type" IN ('wait_started', 'wait_ended');--> statement-breakpoint
CREATE INDEX "runs_of_status" ON "remit"."runs" USING btree ("tenant","status","run_id");--> statement-breakpoint
CREATE INDEX "signed_heads_at" ON "remit"."signed_heads" USING btree ("at");--> statement-breakpoint
CREATE INDEX "signed_heads_runs" ON "remit"."signed_heads" USING gin ("heads" jsonb_path_ops);
--> statement-breakpoint
-- Row-level security on the tables keeps tenants apart by itself. As barriers the views could not be planned together with
-- the question that is put to them, and every question read all that there is.
ALTER VIEW query.runs RESET (security_barrier);
--> statement-breakpoint
ALTER VIEW query.events RESET (security_barrier);
--> statement-breakpoint
ALTER VIEW query.calls RESET (security_barrier);
--> statement-breakpoint
ALTER VIEW query.decisions RESET (security_barrier);
--> statement-breakpoint
ALTER VIEW query.approvals RESET (security_barrier);
