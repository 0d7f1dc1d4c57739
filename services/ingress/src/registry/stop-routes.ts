/** `/stops`: what is held back and what runs no more. A tenant stops its own; who may do more says so. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { token } from '@countersign/contracts/names';
import { lift, lifted, newStop, stopList, stopView } from '@countersign/contracts/stops';
import type { Bus } from '@countersign/platform/bus';
import { randomHex } from '@countersign/platform/ids';
import { z } from 'zod';
import { type Caller, principalOf } from '../caller.ts';
import { type Route, route } from '../route.ts';

const params = z.strictObject({ switch_id: token });

export function stopRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/stops',
      summary: 'The stops that reach the tenant; every one for who may set them everywhere',
      permissions: ['stops:read'],
      answers: { 200: { says: 'All that are in force', schema: stopList } },
      gives: ({ caller, traceparent }) =>
        bus.call('scheduler.stops', { tenant: caller.tenant, all: isGlobal(caller) }, { traceparent }),
    }),
    route({
      method: 'post',
      path: '/stops',
      summary: 'Stop everything, a tenant, an agent, a topic, a capability, a pool or a run, within a second',
      permissions: ['stops:write'],
      body: { schema: newStop, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'It is in force', schema: stopView } },
      gives: async ({ caller, body, traceparent }) => {
        const asked = stopOf(caller, body);
        return bus.call('scheduler.stop', asked, { traceparent });
      },
    }),
    route({
      method: 'post',
      path: '/stops/:switch_id/lift',
      summary: 'Lift a stop; what waited goes on',
      permissions: ['stops:write'],
      params,
      body: { schema: lift, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'It is lifted, or waits for the second person', schema: lifted } },
      gives: async ({ caller, params, body, traceparent }) => {
        const tenant = isGlobal(caller) ? null : caller.tenant;
        const asked = { ...params, ...body, tenant, principal: principalOf(caller) };
        return bus.call('scheduler.lift', asked, { traceparent });
      },
    }),
  ];
}

function isGlobal(caller: Caller): boolean {
  return caller.permissions.has('stops:global');
}

function stopOf(caller: Caller, { everywhere, expires_in, ...stop }: z.output<typeof newStop>) {
  const { kind, target } = stop;
  if (everywhere && !isGlobal(caller)) throw new CountersignError('permission_missing', 'needs stops:global');
  // Another tenant is nobody's to stop but the system's: to others it does not exist.
  const isForeign = kind === 'tenant' && target !== caller.tenant;
  if (isForeign && !isGlobal(caller)) throw new CountersignError('not_found');
  const tenant = everywhere || isForeign ? null : caller.tenant;
  const expires_ms = expires_in === undefined ? null : expires_in * 1000;
  return { ...stop, switch_id: `stop-${randomHex(8)}`, tenant, expires_ms, principal: principalOf(caller) };
}
