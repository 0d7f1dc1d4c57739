/**
 * Sets, lifts and shows stops, through the functions of `control` alone. What it does not know it does not stop: a slip of
 * the pen would be believed to hold. Topics and capabilities are patterns of what may still come, so any is taken.
 */
import { CountersignError, type ErrorCode } from '@countersign/contracts/errors';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { StopView } from '@countersign/contracts/stops';
import type { Bus } from '@countersign/platform/bus';
import type { Database } from '@countersign/platform/database';
import { EVERY_TENANT, readPoolNames, readPools, UNCHECKED_POOL } from '../store-pools.ts';
import { endExpired, readStops, setSwitch } from './store-stops.ts';

type Parts = { database: Database; bus: Bus };

const REFUSALS: Readonly<Record<string, ErrorCode>> = {
  CS004: 'not_found',
  CS005: 'field_invalid',
  CS006: 'unauthenticated',
  CS011: 'second_person_missing',
};

export function serveStops({ database, bus }: Parts): void {
  bus.serve('scheduler.stops', async ({ tenant, all }) => ({ stops: await readStops(database, all ? null : tenant) }));
  bus.serve('scheduler.stop', async (asked) => {
    const revision = await stop(database, asked);
    bus.announceControl(revision!);
    return mustStand(await readStops(database, asked.tenant), asked.switch_id);
  });
  bus.serve('scheduler.lift', async ({ switch_id, tenant, reason, principal }) => {
    const target = { switch_id, kind: 'lifted', target: '', tenant };
    const revision = await refusing(setSwitch(database, { ...target, on: false, reason, principal }));
    if (revision !== null) bus.announceControl(revision);
    return { switch_id, lifted: revision !== null };
  });
}

/** Says so to whoever remembers what it stopped. */
export async function endExpiredStops({ database, bus }: Parts): Promise<void> {
  const revision = await endExpired(database);
  if (revision !== null) bus.announceControl(revision);
}

async function stop(database: Database, { principal, ...asked }: RpcParsed<'scheduler.stop'>): Promise<number | null> {
  if (asked.kind === 'pool') await requirePool(database, asked.tenant, asked.target);
  return refusing(setSwitch(database, { ...asked, on: true, principal }));
}

/** Of the policy that the tenant is under, or of any where the stop is everybody's. */
async function requirePool(database: Database, tenant: string | null, pool: string): Promise<void> {
  if (tenant === null) {
    if (!(await readPoolNames(database)).includes(pool)) throw unknown();
    return;
  }
  const scopes = await readPools(database, [tenant, EVERY_TENANT]);
  const list = scopes.get(tenant) ?? scopes.get(EVERY_TENANT);
  const known = list?.unchecked
    ? pool === UNCHECKED_POOL
    : list?.pools.some(({ id, tenants }) => id === pool && (tenants === undefined || tenants.includes(tenant)));
  if (!known) throw unknown();
}

function unknown(): CountersignError {
  return new CountersignError('not_found');
}

async function refusing(asked: Promise<number | null>): Promise<number | null> {
  try {
    return await asked;
  } catch (thrown) {
    const code = REFUSALS[String((thrown as { code?: unknown }).code)];
    throw code === undefined ? thrown : new CountersignError(code);
  }
}

function mustStand(stops: readonly StopView[], switch_id: string): StopView {
  const found = stops.find((each) => each.switch_id === switch_id);
  if (found === undefined) throw new CountersignError('state_conflict', 'the stop was lifted at once');
  return found;
}
