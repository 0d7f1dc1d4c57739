/** `/agents`: who asks for jobs, who answers for it, and what it may at most ask for. */
import {
  agentChange,
  agentPage,
  agentView,
  newAgent,
  registryQuery,
  signingKeyRotation,
} from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { principalId } from '@countersign/contracts/names';
import { z } from 'zod';
import { type Route, route } from '../route.ts';
import { changeAgent, createAgent } from './change-agents.ts';
import { mustExist } from './change-registry.ts';
import { pageOf } from './pages.ts';
import { type RegistryParts, revokeRoute } from './revoke-routes.ts';
import { rotateAgentKey } from './rotate-keys.ts';
import { listAgents, readAgent } from './store-registry.ts';

const params = z.strictObject({ id: principalId });

export function agentRoutes(parts: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/agents',
      summary: 'List agents with their last use, by name',
      permissions: ['identity:read'],
      query: registryQuery,
      answers: { 200: { says: 'One page', schema: agentPage } },
      gives: async ({ caller: { tenant }, query }) => {
        const { rows, next_cursor } = await pageOf(
          query,
          (after, rows) => listAgents(parts.database, { tenant, after, rows }),
          ({ id }) => id,
        );
        return { agents: rows, next_cursor };
      },
    }),
    route({
      method: 'post',
      path: '/agents',
      summary: 'Make an agent: its owner, its ceiling and, if it signs, its public key',
      permissions: ['identity:write'],
      body: { schema: newAgent, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'It may be given keys now', schema: agentView } },
      gives: ({ caller, body }) => createAgent(parts.database, caller, body),
    }),
    route({
      method: 'get',
      path: '/agents/:id',
      summary: 'An agent',
      permissions: ['identity:read'],
      params,
      answers: { 200: { says: 'The agent', schema: agentView } },
      gives: async ({ caller, params }) => mustExist(await readAgent(parts.database, caller.tenant, params.id)),
    }),
    route({
      method: 'patch',
      path: '/agents/:id',
      summary: 'Change its owner, its ceiling or its signing key; a ceiling binds what waits as well',
      permissions: ['identity:write'],
      params,
      body: { schema: agentChange, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'The agent as it is now', schema: agentView } },
      gives: async ({ caller, params, body }) => {
        const agent = await changeAgent(parts.database, caller, params.id, body);
        // What waits is looked at again under another ceiling; which revision it is, nobody asks.
        if (body.ceiling !== undefined) parts.bus.announceControl(0);
        return agent;
      },
    }),
    route({
      method: 'post',
      path: '/agents/:id/rotate',
      summary: 'Replace its signing key; the one before is good for the overlap, or, without a new key, ends sooner',
      permissions: ['identity:write'],
      params,
      body: { schema: signingKeyRotation, limit: LIMITS.request_bytes },
      answers: {
        200: { says: 'The agent with the key that counts, and the one before while it does', schema: agentView },
      },
      gives: ({ caller, params, body }) => rotateAgentKey(parts.database, caller, params.id, body),
    }),
    revokeRoute(parts, {
      path: '/agents/:id/revoke',
      summary: 'Revoke an agent with all its keys; what it has under way ends',
      permissions: ['identity:write'],
      params,
      answer: agentView,
      what: 'principal',
      idOf: ({ id }) => id,
      show: (tx, { tenant }, { id }) => readAgent(tx, tenant, id),
    }),
  ];
}
