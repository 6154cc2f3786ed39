-- What an approval is for, which rule asked for it, and whether whoever the run acts for may decide.
CREATE OR REPLACE VIEW query.approvals AS
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
  asked.tenant,
  asked.data #>> '{approval,tool}' AS tool,
  asked.data #>> '{approval,verdict,rule}' AS rule,
  coalesce((asked.data #>> '{approval,verdict,four_eyes}')::boolean, false) AS four_eyes,
  asked.data #>> '{approval,digest}' AS digest
FROM remit.events AS asked
LEFT JOIN LATERAL (
  SELECT later.data, later.at FROM remit.events AS later
  WHERE later.run_id = asked.run_id AND later.seq > asked.seq AND later.type = 'wait_ended'
    AND later.data ->> 'wait_id' = asked.data ->> 'wait_id'
  LIMIT 1
) AS answer ON true
WHERE asked.type = 'wait_started' AND asked.data ->> 'for' = 'approval';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.tool IS 'Full name of the tool that would be called.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.rule IS 'The rule of the policy that held the call.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.four_eyes IS 'True where whoever the run acts for may not decide.';
--> statement-breakpoint
COMMENT ON COLUMN query.approvals.digest IS 'Binds the approval to run, task, tool, fingerprint and arguments: it holds for no other call.';
