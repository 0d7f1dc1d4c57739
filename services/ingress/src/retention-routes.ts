/** `/retention`, `/holds`, `/erasures`: how long content is kept, what must be kept, and what is erased on request. */
import { LIMITS } from '@countersign/contracts/limits';
import { token } from '@countersign/contracts/names';
import {
  erasureList,
  erasureView,
  holdList,
  holdView,
  keepChange,
  keepList,
  keepView,
  liftedHold,
  liftHold,
  newErasure,
  newHold,
} from '@countersign/contracts/retention';
import type { Bus } from '@countersign/platform/bus';
import { randomHex } from '@countersign/platform/ids';
import { z } from 'zod';
import { type Caller, principalOf } from './caller.ts';
import { type Route, route } from './route.ts';

const READ = ['retention:read'] as const;
const params = z.strictObject({ hold_id: token });

export function retentionRoutes(bus: Bus): Route[] {
  return [...keepRoutes(bus), ...holdRoutes(bus), ...erasureRoutes(bus)];
}

function keepRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/retention',
      summary: 'For how many days after its job content is kept, by kind',
      permissions: READ,
      answers: { 200: { says: 'Every kind of content', schema: keepList } },
      gives: ({ caller, traceparent }) => bus.call('scheduler.retention', { tenant: caller.tenant }, { traceparent }),
    }),
    route({
      method: 'patch',
      path: '/retention',
      summary: 'Keep one kind of content for so many days, also what stands already',
      permissions: ['content:erase'],
      body: { schema: keepChange, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'It counts from now on', schema: keepView } },
      gives: ({ caller, body, traceparent }) => bus.call('scheduler.keep', { ...as(caller), ...body }, { traceparent }),
    }),
  ];
}

function holdRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/holds',
      summary: 'Legal holds in force',
      permissions: READ,
      answers: { 200: { says: 'All of them', schema: holdList } },
      gives: ({ caller, traceparent }) => bus.call('scheduler.holds', { tenant: caller.tenant }, { traceparent }),
    }),
    route({
      method: 'post',
      path: '/holds',
      summary: 'Put content under legal hold: of a job, a run, an agent or person, or a window of time',
      permissions: ['content:hold'],
      body: { schema: newHold, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'Nothing that it keeps is erased', schema: holdView } },
      gives: async ({ caller, body, traceparent }) => {
        const asked = { ...as(caller), ...body, hold_id: `hold-${randomHex(8)}` };
        return bus.call('scheduler.hold', asked, { traceparent });
      },
    }),
    route({
      method: 'post',
      path: '/holds/:hold_id/lift',
      summary: 'Lift a legal hold; what it kept is erased when its time is over',
      permissions: ['content:hold'],
      params,
      body: { schema: liftHold, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'It is lifted', schema: liftedHold } },
      gives: async ({ caller, params, body, traceparent }) => {
        const asked = { ...as(caller), ...params, ...body };
        return bus.call('scheduler.lift_hold', asked, { traceparent });
      },
    }),
  ];
}

function erasureRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/erasures',
      summary: 'Erasures that somebody asked for, newest first, and how far they are',
      permissions: READ,
      answers: { 200: { says: 'The last ones', schema: erasureList } },
      gives: ({ caller, traceparent }) => bus.call('scheduler.erasures', { tenant: caller.tenant }, { traceparent }),
    }),
    route({
      method: 'post',
      path: '/erasures',
      summary: 'Erase the content of one job that has ended, or of all jobs of an agent or a person until now',
      permissions: ['content:erase'],
      body: { schema: newErasure, limit: LIMITS.request_bytes },
      answers: { 202: { says: 'It is recorded and under way', schema: erasureView } },
      gives: ({ caller, body, traceparent }) =>
        bus.call('scheduler.erase', { ...as(caller), ...body }, { traceparent }),
    }),
  ];
}

function as(caller: Caller) {
  return { tenant: caller.tenant, principal: principalOf(caller) };
}
