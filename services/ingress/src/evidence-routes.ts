/** `/evidence`, `/policies` and `/tlog`: what an auditor reads and exports, and the log as tiles (C2SP tlog-tiles). */
import { CountersignError } from '@countersign/contracts/errors';
import {
  checkpointQuery,
  checkpointView,
  consistencyQuery,
  consistencyView,
  evidenceQuery,
  inclusionQuery,
  inclusionView,
  policyDocument,
  populationQuery,
  populationView,
} from '@countersign/contracts/evidence';
import { evidencePage } from '@countersign/contracts/http';
import { showBody } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { digest } from '@countersign/contracts/names';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { mayAny } from './caller.ts';
import { type Route, route } from './route.ts';

const READ = ['evidence:read', 'evidence:all'] as const;
/** What it holds never changes; a partial tile may be gone once the full one is there. */
const FOR_EVER = { 'cache-control': 'private, max-age=31536000, immutable' };

export function evidenceRoutes(bus: Bus): Route[] {
  return [entriesRoute(bus), ...proofRoutes(bus), documentRoute(bus), ...tlogRoutes(bus)];
}

function entriesRoute(bus: Bus): Route {
  return route({
    method: 'get',
    path: '/evidence/entries',
    summary: 'Sealed ledger entries in the order of the log, by time, topic, kind, actor, job or chain',
    permissions: READ,
    query: evidenceQuery,
    answers: {
      200: { says: 'One page; it goes on at `next`, and all was looked at when that is `end`', schema: evidencePage },
    },
    gives: async ({ caller, query, traceparent }) => {
      const { tenants = 'own', ...asked } = query;
      const all = tenants === 'all';
      if (all && !mayAny(caller, ['evidence:all']))
        throw new CountersignError('permission_missing', 'other tenants need evidence:all', { at: '/tenants' });
      const { entries, next, end } = await bus.call(
        'audit.entries',
        { ...asked, all, tenant: caller.tenant },
        { traceparent },
      );
      return { entries: entries.map(showBody), next, end };
    },
  });
}

function proofRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/evidence/checkpoint',
      summary: 'The last signed checkpoint of the ledger, or the one of a size',
      permissions: READ,
      query: checkpointQuery,
      answers: { 200: { says: 'With the signatures of log and witnesses', schema: checkpointView } },
      gives: async ({ query, traceparent }) => {
        const asked = { tree_size: query.tree_size ?? null };
        return bus.call('audit.checkpoint', asked, { traceparent });
      },
    }),
    route({
      method: 'get',
      path: '/evidence/inclusion',
      summary: 'Proof that a leaf is in the tree of a checkpoint, by default of the first that covers it',
      permissions: READ,
      query: inclusionQuery,
      answers: { 200: { says: 'From the leaf to the root', schema: inclusionView } },
      gives: async ({ query, traceparent }) => {
        const asked = { leaf_index: query.leaf_index, tree_size: query.tree_size ?? null };
        return bus.call('audit.inclusion', asked, { traceparent });
      },
    }),
    route({
      method: 'get',
      path: '/evidence/population',
      summary: "The log's signed word on which entries among some leaves concern the credential's tenant",
      permissions: READ,
      query: populationQuery,
      answers: { 200: { says: 'It goes on at `to`', schema: populationView } },
      gives: async ({ caller, query, traceparent }) => {
        const asked = {
          tenant: caller.tenant,
          tree_size: query.tree_size,
          from: query.from ?? 0,
          to: query.to ?? null,
        };
        const { tenant: _, ...said } = await bus.call('audit.population', asked, { traceparent });
        return said;
      },
    }),
    route({
      method: 'get',
      path: '/evidence/consistency',
      summary: 'Proof that a checkpoint continues an earlier one',
      permissions: READ,
      query: consistencyQuery,
      answers: { 200: { says: 'Between two signed sizes', schema: consistencyView } },
      gives: async ({ query: { from, to }, traceparent }) => {
        if (from < 1)
          throw new CountersignError('query_invalid', 'nothing follows from an empty tree', { at: '/from' });
        if (to < from) throw new CountersignError('query_invalid', 'a later tree is not smaller', { at: '/to' });
        return bus.call('audit.consistency', { from, to }, { traceparent });
      },
    }),
  ];
}

function documentRoute(bus: Bus): Route {
  return route({
    method: 'get',
    path: '/policies/:snapshot',
    summary: 'A policy that was ever published, by its snapshot: the signed document, byte for byte',
    permissions: ['policy:read', ...READ],
    params: z.strictObject({ snapshot: digest }),
    answers: { 200: { says: 'As it was signed', schema: policyDocument } },
    gives: async ({ caller, params, traceparent }) => {
      const asked = { tenant: caller.tenant, global: mayAny(caller, ['evidence:all']), snapshot: params.snapshot };
      return bus.call('policy.document', asked, { traceparent });
    },
  });
}

function tlogRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      root: true,
      path: '/tlog/checkpoint',
      summary: 'The last signed checkpoint as a note',
      permissions: READ,
      answers: { 200: { says: 'C2SP tlog-checkpoint', schema: z.string(), media: 'text/plain; charset=utf-8' } },
      handle: async ({ traceparent }) => {
        const { note } = await bus.call('audit.checkpoint', { tree_size: null }, { traceparent });
        return { status: 200, bytes: Buffer.from(note), headers: { 'content-type': 'text/plain; charset=utf-8' } };
      },
    }),
    route({
      method: 'get',
      root: true,
      path: '/tlog/tile/:tile{.+}',
      summary: 'A tile of the log: hashes of its tree, or (`entries`) the hashes of its entries',
      permissions: READ,
      params: z.strictObject({ tile: z.string().max(LIMITS.token_chars) }),
      answers: { 200: { says: 'C2SP tlog-tiles', schema: z.string(), media: 'application/octet-stream' } },
      handle: async ({ params, traceparent }) => {
        const { data } = await bus.call('audit.tile', { path: `tile/${params.tile}` }, { traceparent });
        return {
          status: 200,
          bytes: Buffer.from(data, 'base64'),
          headers: { 'content-type': 'application/octet-stream', ...FOR_EVER },
        };
      },
    }),
  ];
}
