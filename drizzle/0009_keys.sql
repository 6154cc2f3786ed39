CREATE TABLE "remit"."api_keys" (
	"key_id" text PRIMARY KEY NOT NULL,
	"tenant" text NOT NULL,
	"principal" text NOT NULL,
	"name" text NOT NULL,
	"secret_digest" "bytea" NOT NULL,
	"scopes" text[] NOT NULL,
	"goals" text[],
	"effect" text,
	"cost_usd" double precision,
	"requests_per_minute" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "remit"."run_requests" (
	"tenant" text NOT NULL,
	"principal" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"request_digest" text NOT NULL,
	"run_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "run_requests_key" PRIMARY KEY("tenant","principal","idempotency_key")
);
--> statement-breakpoint
CREATE INDEX "api_keys_of_tenant" ON "remit"."api_keys" USING btree ("tenant","created_at");--> statement-breakpoint
CREATE INDEX "run_requests_age" ON "remit"."run_requests" USING btree ("created_at");
--> statement-breakpoint
-- Only the journal's role sees these, by row-level security as by grants: no reader of a tenant does.
ALTER TABLE remit.api_keys ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE remit.run_requests ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY journal ON remit.api_keys TO remit_journal USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY journal ON remit.run_requests TO remit_journal USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (revoked_at, last_used_at) ON remit.api_keys TO remit_journal;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON remit.run_requests TO remit_journal;
