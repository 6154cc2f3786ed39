-- remit_journal appends and never changes an event; remit_reader owns the views, so that row-level security binds them;
-- remit_query sees the views and nothing else.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
--> statement-breakpoint
GRANT USAGE ON SCHEMA remit TO remit_journal, remit_reader;
--> statement-breakpoint
GRANT SELECT, INSERT ON remit.events, remit.signed_heads TO remit_journal;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON remit.runs, remit.run_keys TO remit_journal;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION remit.ensure_partitions(timestamptz, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION remit.ensure_partitions(timestamptz, integer) TO remit_journal;
--> statement-breakpoint
GRANT SELECT ON remit.events, remit.runs TO remit_reader;
--> statement-breakpoint
GRANT SELECT ON query.runs, query.events, query.calls, query.decisions, query.approvals TO remit_query;
--> statement-breakpoint
GRANT USAGE, CREATE ON SCHEMA query TO remit_reader;
--> statement-breakpoint
ALTER VIEW query.runs OWNER TO remit_reader;
--> statement-breakpoint
ALTER VIEW query.events OWNER TO remit_reader;
--> statement-breakpoint
ALTER VIEW query.calls OWNER TO remit_reader;
--> statement-breakpoint
ALTER VIEW query.decisions OWNER TO remit_reader;
--> statement-breakpoint
ALTER VIEW query.approvals OWNER TO remit_reader;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA query FROM remit_reader;
--> statement-breakpoint
GRANT USAGE ON SCHEMA query TO remit_query;
