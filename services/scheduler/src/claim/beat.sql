-- Revision 1. The beat.

-- One worker's beat: true when every attempt it names runs on, with nothing that could mean it should stop; their leases
-- then grow, those of which less than a third is gone excepted, so that most beats write nothing. False: nothing was
-- written, and each has to be looked at.
CREATE OR REPLACE FUNCTION scheduler.beat(pool text, worker text, ids uuid[], claims uuid[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM control.hold_gate();
  IF NOT scheduler.trusts(beat.pool, beat.worker) THEN RETURN false; END IF;
  IF (SELECT count(*) FROM unnest(ids, claims) AS b (id, claim)
       CROSS JOIN LATERAL (SELECT * FROM scheduler.attempts WHERE dispatch_id = b.id OFFSET 0) a
       CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
       WHERE a.pool = beat.pool AND a.worker = beat.worker AND a.claim_id = b.claim AND a.state = 'running' AND a.due_at > clock_timestamp()
         AND a.run_until > clock_timestamp() AND j.deadline_at > clock_timestamp() AND j.cancel_requested_by IS NULL
         AND control.unstopped(a.tenant, j.topic, j.capability, a.pool, j.actor)
         AND (j.on_behalf_of IS NULL OR scheduler.chain_stands(j.on_behalf_of))
         AND (a.approval_id IS NULL OR approval.use_stands(a.approval_id))) <> cardinality(ids) THEN
    RETURN false;
  END IF;
  UPDATE scheduler.attempts a SET due_at = clock_timestamp() + interval '15 seconds'
    FROM unnest(ids) AS b (id)
   CROSS JOIN LATERAL (SELECT ctid, state, due_at FROM scheduler.attempts WHERE dispatch_id = b.id OFFSET 0) at
   WHERE a.ctid = at.ctid AND at.state = 'running' AND at.due_at > clock_timestamp()
     AND a.due_at < clock_timestamp() + interval '10.5 seconds';
  RETURN true;
END $$;
