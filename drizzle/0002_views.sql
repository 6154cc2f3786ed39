-- What people read: `remit sql`, the console, HTTP. Sealed values show as "[sealed]"; each reader sees one tenant.
CREATE SCHEMA query;
--> statement-breakpoint
COMMENT ON SCHEMA query IS 'The record as people read it: one tenant at a time, sealed values hidden. Texts in JSON hold NUL, lone surrogates and U+001A as U+001A and four hex digits.';
--> statement-breakpoint
INSERT INTO remit.tenant_secret SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
--> statement-breakpoint
-- The tenant that the reader proved it may read for, or null. A setting alone would not do: a reader's own statement could set it.
CREATE FUNCTION query.tenant() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT CASE WHEN current_setting('remit.tenant_proof', true) =
      encode(sha256(secret || sha256(secret || convert_to(current_setting('remit.tenant', true), 'UTF8'))), 'hex')
    THEN current_setting('remit.tenant', true) END
  FROM remit.tenant_secret
);
--> statement-breakpoint
CREATE FUNCTION query.redact(value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF strpos(value::text, '"$sealed"') = 0 THEN RETURN value; END IF;
  IF jsonb_typeof(value) = 'array' THEN
    RETURN (SELECT jsonb_agg(query.redact(item) ORDER BY place) FROM jsonb_array_elements(value) WITH ORDINALITY AS items (item, place));
  ELSIF jsonb_typeof(value) = 'object' THEN
    IF jsonb_typeof(value -> '$sealed') = 'string' AND value - '$sealed' = '{}' THEN RETURN '"[sealed]"'; END IF;
    RETURN (SELECT jsonb_object_agg(key, query.redact(item)) FROM jsonb_each(value) AS members (key, item));
  END IF;
  RETURN value;
END $$;
--> statement-breakpoint
ALTER TABLE remit.events ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE remit.runs ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY journal ON remit.events TO remit_journal USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY journal ON remit.runs TO remit_journal USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY tenant ON remit.events FOR SELECT TO remit_reader USING (tenant = (SELECT query.tenant()));
--> statement-breakpoint
CREATE POLICY tenant ON remit.runs FOR SELECT TO remit_reader USING (tenant = (SELECT query.tenant()));
--> statement-breakpoint
CREATE VIEW query.runs WITH (security_barrier) AS
SELECT run_id, goal, status, tenant, principal, parent_run, wake_at, created_at, updated_at
FROM remit.runs;
--> statement-breakpoint
CREATE VIEW query.events WITH (security_barrier) AS
SELECT run_id, seq, type, v, query.redact(data) AS data, at, encode(hash, 'hex') AS hash, encode(prev_hash, 'hex') AS prev_hash, tenant
FROM remit.events;
--> statement-breakpoint
CREATE VIEW query.calls WITH (security_barrier) AS
SELECT
  intent.data ->> 'call_id' AS call_id,
  intent.run_id,
  intent.data ->> 'task_id' AS task_id,
  intent.data ->> 'purpose' AS purpose,
  intent.data ->> 'server' AS server,
  intent.data ->> 'tool' AS tool,
  (intent.data ->> 'attempt')::integer AS attempt,
  (intent.data ->> 'generation')::integer AS generation,
  coalesce(settled.data #>> '{outcome,status}', 'intended') AS status,
  settled.data #>> '{outcome,failure,kind}' AS failure_kind,
  settled.data #>> '{outcome,failure,message}' AS failure_message,
  query.redact(intent.data -> 'arguments') AS arguments,
  query.redact(settled.data #> '{outcome,output}') AS output,
  intent.data -> 'provenance' AS provenance,
  intent.data #>> '{verdict,verdict}' AS verdict,
  intent.data #>> '{verdict,rule}' AS rule,
  intent.data ->> 'approval_id' AS approval_id,
  intent.data ->> 'fingerprint' AS fingerprint,
  intent.data ->> 'arguments_digest' AS arguments_digest,
  intent.data ->> 'idempotency_key' AS idempotency_key,
  settled.data ->> 'era' AS era,
  intent.data ->> 'traceparent' AS traceparent,
  intent.at AS intended_at,
  (settled.data ->> 'started_at')::timestamptz(3) AS started_at,
  (settled.data ->> 'settled_at')::timestamptz(3) AS settled_at,
  intent.data ->> 'compensates' AS compensates,
  intent.data ->> 'looks_up' AS looks_up,
  settled.data -> 'establishes' AS establishes,
  settled.data -> 'egress' AS egress,
  intent.tenant,
  run.principal
FROM remit.events AS intent
LEFT JOIN remit.runs AS run ON run.run_id = intent.run_id
LEFT JOIN LATERAL (
  SELECT later.data FROM remit.events AS later
  WHERE later.run_id = intent.run_id AND later.seq > intent.seq AND later.type = 'call_settled'
    AND later.data ->> 'call_id' = intent.data ->> 'call_id'
  ORDER BY later.seq DESC LIMIT 1
) AS settled ON true
WHERE intent.type = 'call_intended'
UNION ALL
SELECT
  NULL, refusal.run_id, refusal.data ->> 'task_id', 'task',
  split_part(refusal.data ->> 'tool', '.', 1), split_part(refusal.data ->> 'tool', '.', 2),
  NULL, NULL, 'refused', refusal.data #>> '{failure,kind}', refusal.data #>> '{failure,message}',
  NULL, NULL, refusal.data -> 'provenance', refusal.data #>> '{verdict,verdict}', refusal.data #>> '{verdict,rule}',
  NULL, NULL, refusal.data ->> 'arguments_digest', NULL, NULL, NULL,
  NULL, NULL, refusal.at, NULL, NULL, NULL, NULL, refusal.tenant, run.principal
FROM remit.events AS refusal
LEFT JOIN remit.runs AS run ON run.run_id = refusal.run_id
WHERE refusal.type = 'task_refused';
--> statement-breakpoint
CREATE VIEW query.decisions WITH (security_barrier) AS
SELECT
  made.run_id,
  made.seq,
  made.at AS decided_at,
  made.data #>> '{decision,kind}' AS kind,
  made.data #>> '{decision,why}' AS why,
  query.redact(made.data -> 'decision') AS decision,
  made.data ->> 'reasoner' AS reasoner,
  (made.data ->> 'tainted')::boolean AS tainted,
  refused.data IS NULL AS accepted,
  refused.data -> 'problems' AS problems,
  (made.data #>> '{usage,model_calls}')::integer AS model_calls,
  (made.data #>> '{usage,input_tokens}')::bigint AS input_tokens,
  (made.data #>> '{usage,output_tokens}')::bigint AS output_tokens,
  (made.data #>> '{usage,cost_usd}')::numeric AS cost_usd,
  (made.data ->> 'duration_ms')::numeric AS duration_ms,
  made.tenant
FROM remit.events AS made
LEFT JOIN LATERAL (
  SELECT later.data FROM remit.events AS later
  WHERE later.run_id = made.run_id AND later.seq > made.seq AND later.type = 'decision_refused'
    AND (later.data ->> 'decision_seq')::integer = made.seq
  LIMIT 1
) AS refused ON true
WHERE made.type = 'decision_made';
--> statement-breakpoint
CREATE VIEW query.approvals WITH (security_barrier) AS
SELECT
  asked.data ->> 'wait_id' AS approval_id,
  asked.run_id,
  asked.data ->> 'task_id' AS task_id,
  CASE WHEN answer.data IS NULL THEN 'pending' ELSE 'decided' END AS status,
  asked.data ->> 'question' AS question,
  asked.data -> 'choices' AS choices,
  asked.at AS requested_at,
  (asked.data ->> 'until')::timestamptz(3) AS until,
  answer.data ->> 'choice' AS choice,
  answer.data ->> 'by' AS decided_by,
  answer.data ->> 'why' AS why,
  answer.at AS decided_at,
  asked.tenant
FROM remit.events AS asked
LEFT JOIN LATERAL (
  SELECT later.data, later.at FROM remit.events AS later
  WHERE later.run_id = asked.run_id AND later.seq > asked.seq AND later.type = 'wait_ended'
    AND later.data ->> 'wait_id' = asked.data ->> 'wait_id'
  LIMIT 1
) AS answer ON true
WHERE asked.type = 'wait_started' AND asked.data ->> 'for' = 'approval';
--> statement-breakpoint
COMMENT ON VIEW query.runs IS 'One pursuit of a goal; kept so that runs which need work are found, and rebuildable from events.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.run_id IS 'Id of the run, a uuidv7: later runs have greater ids.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.goal IS 'Name of the goal.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.status IS 'queued, running, waiting, compensating, succeeded, failed or cancelled.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.tenant IS 'Whose data the run may touch.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.principal IS 'On whose behalf the run acts.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.parent_run IS 'The run that this one is a sub-goal of.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.wake_at IS 'When a waiting run goes on by itself.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.created_at IS 'When the run was accepted.';
--> statement-breakpoint
COMMENT ON COLUMN query.runs.updated_at IS 'When status or wake_at last changed.';
--> statement-breakpoint
COMMENT ON VIEW query.events IS 'The append-only record: everything that was decided, intended, done and found, in order.';
--> statement-breakpoint
COMMENT ON COLUMN query.events.run_id IS 'The run, or 00000000-0000-7000-8000-000000000000 for what no run owns.';
--> statement-breakpoint
COMMENT ON COLUMN query.events.seq IS 'Place in the run, from 1.';
--> statement-breakpoint
COMMENT ON COLUMN query.events.type IS 'Kind of event.';
--> statement-breakpoint
COMMENT ON COLUMN query.events.v IS 'Version of the shape of data.';
--> statement-breakpoint
COMMENT ON COLUMN query.events.data IS 'What happened; sealed values show as [sealed].';
--> statement-breakpoint
COMMENT ON COLUMN query.events.at IS 'When it was recorded.';
--> statement-breakpoint
COMMENT ON COLUMN query.events.hash IS 'SHA-256 over the event and prev_hash, in hex.';
--> statement-breakpoint
COMMENT ON COLUMN query.events.prev_hash IS 'Hash of the event before it.';
--> statement-breakpoint
COMMENT ON COLUMN query.events.tenant IS 'Whose data it is.';
--> statement-breakpoint
COMMENT ON VIEW query.calls IS 'One attempt to run one tool, recorded before it started and again when it settled; refusals too.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.call_id IS 'Id of the call within its run; null for a refusal.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.run_id IS 'The run.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.task_id IS 'The task of the plan that the call is for.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.purpose IS 'task, compensation (undoes a call) or lookup (finds out whether an uncertain call happened).';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.server IS 'Capability server.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.tool IS 'Tool of that server.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.attempt IS '1 for the first attempt of the task, and so on.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.generation IS 'Rises only after a lookup proved that the effect is absent.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.status IS 'intended (no answer yet), succeeded, failed, uncertain (the effect may or may not have happened) or refused (policy denied it; nothing was called).';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.failure_kind IS 'Why it failed: invalid_input, not_found, conflict, declined, denied, approval_required, budget_exhausted, unauthorized, rate_limited, unavailable, unsatisfied or internal.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.failure_message IS 'The failure in words for people.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.arguments IS 'What the tool was given; sealed values show as [sealed].';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.output IS 'What the tool answered; sealed values show as [sealed].';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.provenance IS 'Where each leaf of the arguments came from, by JSON pointer.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.verdict IS 'The answer of policy: allow, deny or hold.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.rule IS 'The rule that gave the verdict.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.approval_id IS 'The approval that let it through.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.fingerprint IS 'Digest of the definition of the tool that was reviewed.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.arguments_digest IS 'Digest of the arguments; sealed values count by an HMAC.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.idempotency_key IS 'The same for all attempts that must have one effect.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.era IS 'Revision of the protocol that was spoken.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.traceparent IS 'W3C trace context.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.intended_at IS 'When it was recorded, before it started; for a refusal, when it was refused.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.started_at IS 'When it was sent.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.settled_at IS 'When its outcome was known.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.compensates IS 'The call that this one undoes.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.looks_up IS 'The uncertain call that this one looks up.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.establishes IS 'Facts that hold because of this call.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.egress IS 'host:port of what the server reached because of this call.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.tenant IS 'Whose data it is.';
--> statement-breakpoint
COMMENT ON COLUMN query.calls.principal IS 'On whose behalf it was made.';
--> statement-breakpoint
COMMENT ON VIEW query.decisions IS 'What the reasoner returned, and whether the runtime accepted it.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.run_id IS 'The run.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.seq IS 'Place of the decision in the run.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.decided_at IS 'When it was recorded.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.kind IS 'plan, find_tools, ask, finish or give_up.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.why IS 'The reason that the reasoner gave.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.decision IS 'The whole decision; sealed values show as [sealed].';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.reasoner IS 'Who decided.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.tainted IS 'True when untrusted output had entered the reasoner.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.accepted IS 'False when the runtime refused the decision.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.problems IS 'Why it was refused.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.model_calls IS 'Calls to a model.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.input_tokens IS 'Tokens read.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.output_tokens IS 'Tokens written.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.cost_usd IS 'What the decision cost, in US dollars.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.duration_ms IS 'How long deciding took, in milliseconds.';
--> statement-breakpoint
COMMENT ON COLUMN query.decisions.tenant IS 'Whose data it is.';
--> statement-breakpoint
COMMENT ON VIEW query.approvals IS 'What policy held until a person decided.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.approval_id IS 'Id of the approval.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.run_id IS 'The run that waits.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.task_id IS 'The task that is held.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.status IS 'pending or decided.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.question IS 'What is asked.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.choices IS 'What may be answered.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.requested_at IS 'When it was asked.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.until IS 'After this instant nobody may answer.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.choice IS 'What was answered.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.decided_by IS 'Who answered.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.why IS 'The reason that was given.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.decided_at IS 'When it was answered.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.tenant IS 'Whose data it is.';
