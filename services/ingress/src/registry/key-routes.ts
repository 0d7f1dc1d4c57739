/** `/keys`: API keys. A key is in the answer that makes it, and nowhere afterwards. */
import {
  keyChange,
  keyPage,
  keyQuery,
  keyRotation,
  keyView,
  madeKey,
  newKey,
  rotatedKey,
} from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { keyId } from '@countersign/contracts/names';
import { z } from 'zod';
import { type Route, route } from '../route.ts';
import { changeKey, createKey, rotateKey } from './change-keys.ts';
import { mustExist } from './change-registry.ts';
import { pageOf } from './pages.ts';
import { type RegistryParts, revokeRoute } from './revoke-routes.ts';
import { listKeys, readKey } from './store-registry.ts';

const params = z.strictObject({ key_id: keyId });

export function keyRoutes(parts: RegistryParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/keys',
      summary: 'List API keys with their end and their last use, by id',
      permissions: ['identity:read'],
      query: keyQuery,
      answers: { 200: { says: 'One page, never a key itself', schema: keyPage } },
      gives: async ({ caller: { tenant }, query }) => {
        const { rows, next_cursor } = await pageOf(
          query,
          (after, rows) => listKeys(parts.database, { ...query, tenant, after, rows }),
          ({ key_id }) => key_id,
        );
        return { keys: rows, next_cursor };
      },
    }),
    route({
      method: 'post',
      path: '/keys',
      summary: 'Make a key for an agent or a person; it is shown once',
      permissions: ['identity:write'],
      body: { schema: newKey, limit: LIMITS.request_bytes },
      answers: { 201: { says: 'The key, for the only time', schema: madeKey } },
      gives: ({ caller, body }) => createKey(parts.database, caller, body),
    }),
    route({
      method: 'get',
      path: '/keys/:key_id',
      summary: 'What a key may do, until when, and when it was used last',
      permissions: ['identity:read'],
      params,
      answers: { 200: { says: 'The key without the key', schema: keyView } },
      gives: async ({ caller, params }) => mustExist(await readKey(parts.database, caller.tenant, params.key_id)),
    }),
    route({
      method: 'patch',
      path: '/keys/:key_id',
      summary: 'Take permissions away or end it sooner; more is another key',
      permissions: ['identity:write'],
      params,
      body: { schema: keyChange, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'The key as it is now', schema: keyView } },
      gives: ({ caller, params, body }) => changeKey(parts.database, caller, params.key_id, body),
    }),
    route({
      method: 'post',
      path: '/keys/:key_id/rotate',
      summary: 'Make another key with the same rights; this one goes on for the overlap and ends',
      permissions: ['identity:write'],
      params,
      body: { schema: keyRotation, limit: LIMITS.request_bytes, optional: true },
      answers: {
        200: { says: 'The new key, for the only time, and until when the old one is good', schema: rotatedKey },
      },
      gives: ({ caller, params, body }) => rotateKey(parts.database, caller, params.key_id, body),
    }),
    revokeRoute(parts, {
      path: '/keys/:key_id/revoke',
      summary: 'Revoke a key: the credential alone, what it submitted goes on',
      permissions: ['identity:write'],
      params,
      answer: keyView,
      what: 'api_key',
      idOf: ({ key_id }) => key_id,
      show: (tx, { tenant }, { key_id }) => readKey(tx, tenant, key_id),
    }),
  ];
}
