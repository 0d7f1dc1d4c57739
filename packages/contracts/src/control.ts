/** The state that every gate reads under the control lock, and the one reading of what a switch stops. */
import { z } from 'zod';
import { token } from './names.ts';

export const SWITCH_KINDS = ['all', 'tenant', 'topic', 'capability', 'pool', 'agent'] as const;

/** A stop in force. `target` is the tenant, pool or agent by name, or a pattern of topic or capability; `*` for `all`. */
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

/** As `control.gate(tenants)` returns it. A tenant without a policy has none: nothing may run for it. */
export const controlState = z.object({
  policies: z.record(z.string(), activeScope),
  switches: z.array(controlSwitch),
  revoked: z.array(z.string()),
});
export type ControlState = z.infer<typeof controlState>;

/** A pattern of dotted tokens: `*` is one token, a trailing `*` is one or more. Of topics and capabilities alike. */
export const matchesPattern = (pattern: string, name: string): boolean => {
  const wanted = pattern.split('.');
  const given = name.split('.');
  for (let i = 0; i < wanted.length; i += 1) {
    if (i >= given.length) return false;
    const last = i === wanted.length - 1;
    if (wanted[i] === '*') {
      if (last) return true;
      continue;
    }
    if (wanted[i] !== given[i]) return false;
    if (last) return given.length === wanted.length;
  }
  return false;
};

type Stoppable = { tenant: string; topic: string; capability: string | null; pool: string | null; agent: string };

const hits = (stop: ControlSwitch, job: Stoppable): boolean => {
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
  }
};

/** The first switch that stops this job, or null. */
export const stopFor = (state: ControlState, job: Stoppable): ControlSwitch | null =>
  state.switches.find((stop) => (stop.tenant === null || stop.tenant === job.tenant) && hits(stop, job)) ?? null;
