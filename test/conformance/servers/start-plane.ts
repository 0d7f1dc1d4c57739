/** A whole system under the policy of the servers, and what stands in for the world around: a Postgres to read and a page to open. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { allSettings, prepareSystem, renderDevelopmentNats } from '@countersign/infra/development-environment';
import { type DevelopmentKeys, loadDevelopmentKeys } from '@countersign/infra/development-keys';
import { DEVELOPMENT_ROSTER, DEVELOPMENT_TENANT } from '@countersign/infra/development-roster';
import { findFreePort } from '@countersign/infra/find-free-port';
import { startLocalStack } from '@countersign/infra/local-stack';
import { runServices } from '@countersign/infra/run-services';
import { waitUntil } from '@countersign/infra/wait-until';
import pg from 'pg';
import { makeCertificate } from '../../harness/make-certificate.ts';
import { mustRunCli } from '../../harness/must-run-cli.ts';
import type { Place } from './subjects.ts';

export type Plane = {
  url: string;
  keys: DevelopmentKeys;
  place: Place;
  /** Throws what the command said. */
  countersign(...args: string[]): Promise<void>;
  api(key: string, method: string, path: string, body?: unknown): Promise<any>;
  /** The job of this server that a person is asked about. */
  asked(server: string): Promise<string>;
  vote(job_id: string, vote: 'approve' | 'deny'): Promise<void>;
};

export async function startPlane(dir: string, bundle_dir: string, owned: AsyncDisposableStack): Promise<Plane> {
  const keys = loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER);
  const renderNats = renderDevelopmentNats(keys);
  const stack = owned.use(await startLocalStack({ dir, fresh: false, mode: 'test', renderNats }));
  const prepared = { dir, admin_url: stack.postgres.admin_url, nats_url: stack.nats.url, keys, bundle_dir };
  await prepareSystem(prepared);
  const { url } = owned.use(
    await runServices({
      dir: join(dir, 'logs'),
      separate: false,
      settings: allSettings(prepared),
      http_port: await findFreePort(),
      extra: { LOG_LEVEL: 'warn' },
    }),
  );
  const api: Plane['api'] = async (key, method, path, body) => {
    const headers = { 'x-api-key': key, 'x-tenant-id': DEVELOPMENT_TENANT, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    url,
    keys,
    place: { dir, ...(await openDatabase(prepared.admin_url, owned)), page: await openPage(owned) },
    countersign: (...args) => mustRunCli('--url', url, '--key', keys.api_keys.admin, ...args),
    api,
    asked: (server) =>
      waitUntil(
        'a person is asked',
        async () => {
          const { approvals } = await api(keys.api_keys.approver, 'GET', '/approvals?state=open');
          const open = approvals as { job_id: string; topic: string }[];
          return open.find(({ topic }) => topic.startsWith(`job.mcp.${server}.`))?.job_id;
        },
        { timeout_ms: 60_000 },
      ),
    async vote(job_id, vote) {
      const approval_id = await waitUntil('a person is asked', async () => {
        const { approvals } = await api(keys.api_keys.approver, 'GET', `/approvals?job_id=${job_id}&state=open`);
        return approvals[0]?.approval_id as string | undefined;
      });
      const { digest } = await api(keys.api_keys.approver, 'GET', `/approvals/${approval_id}`);
      const path = `/approvals/${approval_id}/${vote === 'approve' ? 'approve' : 'reject'}`;
      await api(keys.api_keys.approver, 'POST', path, { digest, comment: 'looked at' });
    },
  };
}

async function openDatabase(
  admin_url: string,
  owned: AsyncDisposableStack,
): Promise<Pick<Place, 'postgres' | 'postgres_url'>> {
  const admin = new pg.Client({ connectionString: admin_url });
  await admin.connect();
  await admin.query('CREATE DATABASE garden');
  await admin.end();
  const at = new URL(admin_url);
  at.pathname = '/garden';
  const postgres = new pg.Pool({ connectionString: at.href, max: 1 });
  owned.defer(() => postgres.end());
  return { postgres, postgres_url: at.href };
}

/** A page by https on this machine, which the browser is told has a public name. */
async function openPage(owned: AsyncDisposableStack): Promise<Place['page']> {
  let visits = 0;
  const { certificate: cert, key } = makeCertificate({ name: 'pages.example' });
  const server = createServer({ cert, key }, (asked, answer) => {
    if (asked.url === '/') visits += 1;
    answer.writeHead(asked.url === '/' ? 200 : 404, { 'content-type': 'text/html' });
    answer.end('<!doctype html><title>Garden</title><link rel="icon" href="data:,"><h1>Water the plants</h1>');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const forget = (): void => {
    visits = 0;
  };
  return { port: (server.address() as AddressInfo).port, visits: () => visits, forget };
}
