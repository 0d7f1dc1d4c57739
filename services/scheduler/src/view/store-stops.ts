/** SQL of stops: the functions of `control`, which look at the caller, lock and append by themselves. */
import type { Principal } from '@countersign/contracts/rpc';
import type { StopView } from '@countersign/contracts/stops';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import type { Functions } from '../tables.ts';

const routines = routinesOf<Functions>();

type Switch = {
  switch_id: string;
  kind: string;
  target: string;
  tenant: string | null;
  on: boolean;
  reason: string;
  expires_ms?: number | null;
  lift?: StopView['lift'];
  principal: Pick<Principal, 'id' | 'key_id' | 'auth_method'>;
};

/** Those that reach this tenant; null for all. */
export async function readStops(tx: Tx, tenant: string | null): Promise<StopView[]> {
  return (await routines.answer(tx, 'control.stops', tenant)) as StopView[];
}

/** The revision; null when a second person has to confirm. Raises what `control.set_switch` lists. */
export function setSwitch(
  tx: Tx,
  { switch_id, kind, target, tenant, on, reason, expires_ms = null, lift = 'one_person', principal }: Switch,
): Promise<number | null> {
  return routines.answer(
    tx,
    'control.set_switch',
    switch_id,
    kind,
    target,
    tenant,
    on,
    reason,
    principal.key_id,
    principal.id,
    principal.auth_method,
    expires_ms,
    lift,
  );
}

/** The revision; null when no stop's time is over. */
export function endExpired(tx: Tx): Promise<number | null> {
  return routines.answer(tx, 'control.end_expired');
}
