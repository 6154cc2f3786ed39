CREATE SCHEMA "remit";
--> statement-breakpoint
CREATE TABLE "remit"."events" (
	"run_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"type" text NOT NULL,
	"v" smallint NOT NULL,
	"data" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"prev_hash" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	"tenant" text NOT NULL,
	CONSTRAINT "events_fence" PRIMARY KEY("run_id","seq")
) PARTITION BY RANGE ("run_id");
--> statement-breakpoint
CREATE TABLE "remit"."run_keys" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"wrapped_key" "bytea",
	"created_at" timestamp (3) with time zone NOT NULL,
	"erased_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "remit"."runs" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"tenant" text NOT NULL,
	"principal" text NOT NULL,
	"goal" text NOT NULL,
	"status" text NOT NULL,
	"wake_at" timestamp (3) with time zone,
	"lease_owner" text,
	"lease_until" timestamp (3) with time zone,
	"parent_run" uuid,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "runs_status" CHECK ("remit"."runs"."status" IN ('queued', 'running', 'waiting', 'compensating', 'succeeded', 'failed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "remit"."signed_heads" (
	"id" bigint PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"heads" jsonb NOT NULL,
	"prev_digest" "bytea" NOT NULL,
	"digest" "bytea" NOT NULL,
	"key_id" text NOT NULL,
	"signature" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "remit"."tenant_secret" (
	"secret" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE INDEX "runs_of_tenant" ON "remit"."runs" USING btree ("tenant","run_id");--> statement-breakpoint
CREATE INDEX "runs_unfinished" ON "remit"."runs" USING btree ("wake_at","run_id") WHERE "remit"."runs"."status" IN ('queued', 'running', 'waiting', 'compensating');--> statement-breakpoint
CREATE INDEX "runs_updated" ON "remit"."runs" USING btree ("updated_at");