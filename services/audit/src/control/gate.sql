-- Revision 1. The gate: what every step looks at.

-- Takes the gate and says whether what the caller judged under still stands: null when nothing changed since revision
-- `known`, else the revision of now. Every policy, stop and revocation moves the revision.
CREATE OR REPLACE FUNCTION control.gate_since(known bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held constant boolean := control.hold_gate() IS NULL;
  current bigint;
BEGIN
  -- A statement of its own: its snapshot is taken after the lock was given.
  SELECT r.revision INTO STRICT current FROM control.revision r;
  RETURN nullif(current, known);
END $$;

-- control.known under the shared lock. It may follow statements that read nothing of `control`.
CREATE OR REPLACE FUNCTION control.gate(tenants text[], subjects text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM control.hold_gate();
  -- A statement of its own: its snapshot is taken after the lock was given.
  RETURN control.known(tenants, subjects);
END $$;

-- The shared lock of every gate. A session that takes it and then hangs would hold back every stop, activation and
-- revocation: it ends after half a second of silence, and where the server can bound a transaction (17 and later), after
-- two seconds whatever it does, because a statement of which half has arrived is no silence.
CREATE OR REPLACE FUNCTION control.hold_gate() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was text := set_config('idle_in_transaction_session_timeout', '500', true);
  held boolean;
BEGIN
  IF current_setting('transaction_timeout', true) IS NOT NULL THEN
    was := set_config('transaction_timeout', '2000', true);
  END IF;
  held := pg_advisory_xact_lock_shared(1279607881, 0) IS NULL;
END $$;

-- KnownControl of the contracts: the state that decides about these tenants and subjects, and its revision, all of one
-- snapshot, with the ceilings of whoever has another one than it was made with. Without the lock it tells nothing that a gate
-- may rely on; with its revision a gate can tell.
CREATE OR REPLACE FUNCTION control.known(tenants text[], subjects text[]) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'revision', (SELECT r.revision FROM control.revision r),
    'policies', (
      SELECT coalesce(jsonb_object_agg(t.tenant, jsonb_build_object(
        'scope', p.scope, 'version', p.version, 'snapshot', p.snapshot, 'epoch', p.epoch)), '{}')
      FROM (SELECT DISTINCT u.tenant FROM unnest(tenants) AS u (tenant)) AS t
      CROSS JOIN LATERAL (
        SELECT * FROM control.policies c WHERE c.scope IN (t.tenant, '*') ORDER BY c.scope = '*' LIMIT 1
      ) AS p),
    'switches', (
      SELECT coalesce(jsonb_agg(jsonb_build_object(
        'switch_id', s.switch_id, 'kind', s.kind, 'target', s.target, 'tenant', s.tenant, 'reason', s.reason)
        ORDER BY s.switch_id), '[]')
      FROM control.switches s WHERE s.tenant IS NULL OR s.tenant = ANY (tenants)),
    'revoked', (
      SELECT coalesce(jsonb_agg(r.subject ORDER BY r.subject), '[]')
      FROM control.revocations r WHERE r.subject = ANY (subjects)),
    'ceilings', (
      SELECT coalesce(jsonb_object_agg(c.agent, c.ceiling), '{}')
      FROM control.ceilings c WHERE c.agent = ANY (subjects)))
$$;

-- Under the gate: whether a step that was decided under this epoch may go on without another look. False as soon as the
-- active policy is another one, the actor is revoked, or a stop is in force that could mean this job; what a pattern
-- says exactly, and what follows, is judged where every gate judges it (contracts/control.ts).
CREATE OR REPLACE FUNCTION control.stands(tenant text, epoch bigint, topic text, capability text, pool text, actor text)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT c.epoch FROM control.policies c WHERE c.scope IN (stands.tenant, '*')
                   ORDER BY c.scope = '*' LIMIT 1) = stands.epoch, false)
    AND control.unstopped(stands.tenant, stands.topic, stands.capability, stands.pool, stands.actor)
$$;
