CREATE TABLE "remit"."server_logins" (
	"tenant" text NOT NULL,
	"principal" text NOT NULL,
	"server" text NOT NULL,
	"login_id" uuid NOT NULL,
	"issuer" text NOT NULL,
	"resource" text NOT NULL,
	"scopes" text[] NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"made_at" timestamp (3) with time zone NOT NULL,
	"made_by" text NOT NULL,
	"renewed_at" timestamp (3) with time zone,
	"renewable" boolean NOT NULL,
	"ended" text,
	"key_id" text NOT NULL,
	"secrets" "bytea" NOT NULL,
	CONSTRAINT "server_logins_key" PRIMARY KEY("tenant","principal","server")
);
--> statement-breakpoint
-- Only the journal's role sees these, by row-level security as by grants: no reader of a tenant does.
ALTER TABLE remit.server_logins ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY journal ON remit.server_logins TO remit_journal USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON remit.server_logins TO remit_journal;
