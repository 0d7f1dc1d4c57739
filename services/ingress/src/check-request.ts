/** Everything a request must pass before its route sees it: credential, tenant, permission, and the shape of what it brings. */
import { workerSubject } from '@countersign/contracts/control';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { readShape } from '@countersign/platform/read-shape';
import type { Context } from 'hono';
import { type Caller, mayAny } from './caller.ts';
import { readAnyBody, readJsonBody, readTextBody } from './read-body.ts';
import {
  type Admitted,
  addressOf,
  type CredentialParts,
  readCredential,
  readWorkerCredential,
} from './read-credential.ts';
import type { Incoming, Route } from './route.ts';

/** Who asks on a route that is open to everybody. */
const NOBODY: Caller = {
  id: '',
  type: 'human',
  tenant: '',
  owner: null,
  groups: [],
  ceiling: null,
  auth_method: 'api_key',
  key_id: null,
  token_id: null,
  signing_key: null,
  on_behalf_of: [],
  permissions: new Set(),
};

export function admitNobody(): Admitted {
  return { caller: NOBODY, checkBody: () => undefined };
}

/** Named so that pools, and the workers of each, share what requests share; it may nothing else. */
export async function admitWorker(c: Context, parts: CredentialParts): Promise<Admitted> {
  const { worker, checkBody } = await readWorkerCredential(c, parts);
  const caller = { ...NOBODY, id: workerSubject(worker), tenant: `pool:${worker.pool}`, worker };
  return { caller, checkBody };
}

/** The credential comes first: a stranger's bytes are not even read. */
export async function admitCaller(c: Context, route: Route, parts: CredentialParts): Promise<Admitted> {
  const admitted = await readCredential(c, parts);
  const { caller } = admitted;
  const tenant = c.req.header('x-tenant-id');
  if (tenant !== undefined && tenant !== caller.tenant) {
    throw new CountersignError('tenant_forbidden', undefined, { at: 'X-Tenant-ID' });
  }
  if (!mayAny(caller, route.permissions)) {
    throw new CountersignError('permission_missing', `needs ${route.permissions.join(' or ')}`);
  }
  return admitted;
}

/** What an admitted caller brings. */
export async function checkRequest(
  c: Context,
  route: Route,
  { caller, checkBody }: Admitted,
  traceparent: string,
): Promise<Incoming<Record<string, unknown>, Record<string, unknown>, unknown>> {
  const params = readParams(c, route);
  const query = readQuery(c, route);
  const body = await readBody(c, route, checkBody);
  return {
    caller,
    address: addressOf(c),
    params,
    query,
    ...body,
    header: (name) => c.req.header(name),
    traceparent,
    get signal() {
      return c.req.raw.signal;
    },
  };
}

/** A name that nothing can have is not found. */
function readParams(c: Context, route: Route): Record<string, unknown> {
  const parsed = route.params?.safeParse(c.req.param());
  if (parsed?.success === false) throw new CountersignError('not_found');
  return parsed?.data ?? {};
}

function readQuery(c: Context, route: Route): Record<string, unknown> {
  const given = Object.entries(c.req.queries());
  const twice = given.find(([, values]) => values.length > 1)?.[0];
  if (twice !== undefined) {
    const at = `/${twice.slice(0, LIMITS.token_chars)}`;
    throw new CountersignError('query_invalid', 'a parameter stands twice', { at });
  }
  if (route.query === undefined) {
    if (given.length > 0) throw new CountersignError('query_invalid', 'this path takes no query');
    return {};
  }
  return readShape(route.query, Object.fromEntries(given.map(([name, [value]]) => [name, value])), 'query_invalid');
}

async function readBody(
  c: Context,
  { body }: Route,
  check: Admitted['checkBody'],
): Promise<Pick<Incoming<never, never, unknown>, 'body' | 'raw' | 'text' | 'bytes'>> {
  const none = { body: undefined, raw: undefined, text: null, bytes: null };
  if (body === undefined) return none;
  if (body.bytes) return { ...none, bytes: await readAnyBody(c.req.raw, body.limit, check) };
  if (body.as_sent) return { ...none, text: await readTextBody(c.req.raw, body.limit, check) };
  const sent = await readJsonBody(c.req.raw, body.limit, check);
  if (sent === undefined && body.optional !== true) throw new CountersignError('json_malformed', 'the body is missing');
  const raw = sent ?? {};
  return { ...none, body: readShape(body.form?.(raw) ?? body.schema, raw), raw };
}
