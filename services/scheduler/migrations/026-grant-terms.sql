-- The terms of a hold that let a yes be given for several jobs alike.
CREATE OR REPLACE VIEW scheduler.held AS
  SELECT j.tenant, j.job_id, j.topic, j.actor, j.auth_method, j.owner, j.on_behalf_of, j.capability, j.job_hash, j.effective_digest,
         c.effective, c.salt, j.policy_version, j.policy_snapshot, j.policy_epoch, j.rule_id,
         j.approval_terms ->> 'reason' AS reason, j.approval_terms -> 'stages' AS stages,
         (j.approval_terms ->> 'expires_ms')::bigint AS expires_ms,
         (j.approval_terms ->> 'max_attempts')::integer AS max_attempts, j.held_seq, j.traceparent,
         j.approval_terms -> 'escalate' AS escalate, j.approval_terms -> 'break_glass' AS break_glass,
         j.approval_terms ->> 'survive' AS survive, j.approval_terms -> 'grant' AS "grant"
    FROM scheduler.jobs j JOIN scheduler.contexts c USING (tenant, job_id)
   WHERE j.waiting = 'held';
