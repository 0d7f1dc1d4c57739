/** The state that every gate reads under the control lock, and the one reading of what a switch stops. */
import { z } from 'zod';
import { ceiling } from './job.ts';
import { token } from './names.ts';

export const SWITCH_KINDS = ['all', 'tenant', 'topic', 'capability', 'pool', 'agent', 'run'] as const;

/** A stop in force. `target` is the tenant, pool, agent or run by name, or a pattern of topic or capability; `*` for `all`. */
export const controlSwitch = z.object({
  switch_id: token,
  kind: z.enum(SWITCH_KINDS),
  target: z.string(),
  /** Null stops every tenant's. */
  tenant: z.string().nullable(),
  reason: z.string(),
});
export type ControlSwitch = z.infer<typeof controlSwitch>;

export const activeScope = z.object({
  scope: z.string(),
  version: z.int(),
  snapshot: z.string(),
  epoch: z.int(),
});
export type ActiveScope = z.infer<typeof activeScope>;

/**
 * What `control.revoke` takes: a principal with all its keys, one key, a worker as `<pool>/<worker>`, one token, a key by which a
 * tenant's agents or auditors are let into NATS, or one delegation.
 */
export const REVOCABLE_KINDS = ['principal', 'api_key', 'worker', 'token', 'bus_user', 'delegation'] as const;

type CallerNames = { id: string; key_id: string | null; token_id?: string | null | undefined };

/** As `control.gate(tenants)` returns it. A tenant without a policy has none: nothing may run for it. */
export const controlState = z.object({
  policies: z.record(z.string(), activeScope),
  switches: z.array(controlSwitch),
  revoked: z.array(z.string()),
  /** Of the subjects asked about, those whose ceiling was changed: what holds now, whatever their jobs were admitted under. */
  ceilings: z.record(z.string(), ceiling),
});
export type ControlState = z.infer<typeof controlState>;

/** With the revision that it is the state of; every change of a policy, a stop or a revocation makes a new one. */
export const knownControl = controlState.extend({ revision: z.int() });
export type KnownControl = z.infer<typeof knownControl>;

type Stoppable = {
  tenant: string;
  topic: string;
  capability: string | null;
  pool: string | null;
  agent: string;
  /** As its label `run` names it. */
  run: string | null;
};

/** How a revocation names what is not a principal; a principal is named by its id, which holds no colon. */
export function keySubject(key_id: string): string {
  return `key:${key_id}`;
}

export function tokenSubject(token_id: string): string {
  return `token:${token_id}`;
}

/** Whose revocation ends what a caller brings: its own, its key's, and that of the token made from the key. */
export function callerSubjects({ id, key_id, token_id }: CallerNames): string[] {
  return [
    id,
    ...(key_id === null ? [] : [keySubject(key_id)]),
    ...(typeof token_id === 'string' ? [tokenSubject(token_id)] : []),
  ];
}

export function workerSubject({ pool, worker }: { pool: string; worker: string }): string {
  return `worker:${pool}/${worker}`;
}

/** A pattern of dotted tokens: `*` is one token, a trailing `*` is one or more. Of topics and capabilities alike. */
export function matchesPattern(pattern: string, name: string): boolean {
  // Token by token in place: gates ask this several times for every job.
  for (let from = 0, at = 0; ; ) {
    const dot = pattern.indexOf('.', from);
    const end = dot < 0 ? pattern.length : dot;
    const nameDot = name.indexOf('.', at);
    const nameEnd = nameDot < 0 ? name.length : nameDot;
    const wild = end - from === 1 && pattern[from] === '*';
    if (wild && dot < 0) return true;
    if (!wild && (end - from !== nameEnd - at || !isSame(pattern, from, end, name, at))) return false;
    if (dot < 0 || nameDot < 0) return dot < 0 && nameDot < 0;
    from = dot + 1;
    at = nameDot + 1;
  }
}

/** The first switch that stops this job, or null. */
export function stopFor(state: ControlState, job: Stoppable): ControlSwitch | null {
  return state.switches.find((stop) => (stop.tenant === null || stop.tenant === job.tenant) && hits(stop, job)) ?? null;
}

function isSame(a: string, from: number, end: number, b: string, at: number): boolean {
  for (let i = from; i < end; i++) if (a.charCodeAt(i) !== b.charCodeAt(at + i - from)) return false;
  return true;
}

function hits(stop: ControlSwitch, job: Stoppable): boolean {
  switch (stop.kind) {
    case 'all':
      return true;
    case 'tenant':
      return stop.target === job.tenant;
    case 'topic':
      return matchesPattern(stop.target, job.topic);
    case 'capability':
      return job.capability !== null && matchesPattern(stop.target, job.capability);
    case 'pool':
      return stop.target === job.pool;
    case 'agent':
      return stop.target === job.agent;
    case 'run':
      return stop.target === job.run;
  }
}
