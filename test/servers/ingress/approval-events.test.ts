/** What became of a tenant's approvals, as server-sent events and by long poll. The bounds of both are those of job streams. */
import type { LedgerEntry } from '@countersign/contracts/ledger-entry';
import { subjects } from '@countersign/contracts/subjects';
import { hashApiKey, keyIdOf, newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { connectDatabase } from '@countersign/platform/database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());

/** Seals an entry. The ledger publishes each; what is `lost` did not arrive. */
async function seal(kind: string, { tenant = TENANT, lost = false } = {}): Promise<LedgerEntry> {
  const leaf_index = ingress.peers.log.length;
  const topic = 'job.demo.read';
  const chain = `job:${tenant}:${leaf_index}`;
  const entry: LedgerEntry = {
    ...{ chain, kind, tenant, topic, leaf_index, seq: 1, recorded_by: 'countersign_approval' },
    ...{
      recorded_at: '2026-01-02T03:04:05.678901Z',
      prev_hash: '00',
      hash: '11',
      body: `{"approval_id":"${leaf_index}"}`,
    },
  };
  ingress.peers.log.push(entry);
  if (!lost) await ingress.peerBus('audit').publish('AUDIT', subjects.audit(tenant, kind, topic, chain), entry);
  return entry;
}

type Stream = { take(count: number): Promise<{ id: string; event: string }[]>; leave(): void };

/** Once it is open: what is sealed from now on is told. `take` gives fewer when the stream ends. */
async function open(query = '', headers: Record<string, string> = {}): Promise<Stream> {
  const left = new AbortController();
  const response = await fetch(`${ingress.url}/api/v1/approvals/events${query}`, {
    headers: { 'x-api-key': ingress.keys.approver, accept: 'text/event-stream', ...headers },
    signal: left.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  const known: { id: string; event: string }[] = [];
  return {
    async take(count) {
      while (known.length < count) {
        const { done, value } = await reader.read();
        if (done) break;
        const frames = (rest + value).split('\n\n');
        rest = frames.pop()!;
        for (const frame of frames) {
          const [, id, event] = /^id: (\d+)\nevent: (\w+)\ndata: \{/.exec(frame) ?? [];
          if (id !== undefined) known.push({ id, event: event! });
        }
      }
      return known.splice(0, count);
    },
    leave: () => left.abort(),
  };
}

function poll(query: string, key = ingress.keys.approver) {
  return ingress.get(`/approvals/events${query}`, { key });
}

async function openStreams(): Promise<number> {
  const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
  return Number(/event_streams\{[^}]*\} (\d+)/.exec(text)?.[1]);
}

test('a stream tells the tenant its own approvals in order, from where its reader left off, and makes good what was lost', async () => {
  const first = await seal('approval_opened');
  const second = await seal('approval_voted');
  const resumed = await open('', { 'last-event-id': String(first.leaf_index) });
  expect(await resumed.take(1)).toEqual([{ id: String(second.leaf_index), event: 'approval_voted' }]);
  const fresh = await open();
  await seal('approval_opened', { tenant: 'other' });
  await seal('job_dispatched');
  await seal('approval_escalated', { lost: true });
  await seal('approval_granted');
  for (const stream of [resumed, fresh]) {
    const told = await stream.take(2);
    expect(told.map(({ event }) => event)).toEqual(['approval_escalated', 'approval_granted']);
    stream.leave();
  }
  await expect.poll(openStreams).toBe(0);
});

test('a poll without a place says where the log ends, and with one answers at once with what came since', async () => {
  const now = await poll('');
  expect(now).toMatchObject({ status: 200, body: { entries: [], next: ingress.peers.log.length } });
  const entry = await seal('approval_opened');
  const came = await poll(`?since=${now.body.next}&wait=20`);
  expect(came.body).toMatchObject({
    entries: [
      { kind: 'approval_opened', leaf_index: entry.leaf_index, body: { approval_id: String(entry.leaf_index) } },
    ],
    next: ingress.peers.log.length,
  });
  // A place that the log has not reached hides nothing that comes.
  expect((await poll('?since=999999')).body).toEqual({ entries: [], next: ingress.peers.log.length });
  for (const bad of ['?since=-1', '?since=x', '?wait=21', '?after=1']) expect((await poll(bad)).status, bad).toBe(400);
});

test('a poll that waits is woken by what it asked for and by nothing else, and leaves nothing open', async () => {
  const waiting = poll(`?since=${ingress.peers.log.length}&wait=20`);
  await expect.poll(openStreams).toBe(1);
  await seal('approval_opened', { tenant: 'other' });
  await seal('job_dispatched');
  const entry = await seal('approval_refused');
  expect((await waiting).body).toMatchObject({
    entries: [{ leaf_index: entry.leaf_index }],
    next: entry.leaf_index! + 1,
  });
  expect((await poll(`?since=${ingress.peers.log.length}&wait=1`)).body).toMatchObject({ entries: [] });
  await expect.poll(openStreams).toBe(0);
});

test('who may not read approvals is refused; who is revoked while waiting hears nothing more, by either way', async () => {
  for (const accept of ['text/event-stream', 'application/json']) {
    const headers = { accept };
    const refused = await ingress.get('/approvals/events', { key: ingress.keys.agent, headers });
    expect(refused).toMatchObject({ status: 403, body: { code: 'permission_missing' } });
  }
  const key = newApiKey();
  const database = connectDatabase({ url: ingress.database_url, pool: 1, name: 'test' });
  const id = 'leaving';
  await database.transaction((tx) =>
    registerIdentities(tx, {
      principals: [{ type: 'human', id, tenant: TENANT, groups: [] }],
      api_keys: [{ key, principal: id, permissions: ['approvals:read'] }],
    }),
  );
  const kept = await open();
  const stream = await open('', { 'x-api-key': key });
  const waiting = poll(`?since=${ingress.peers.log.length}&wait=20`, key);
  await expect.poll(openStreams).toBe(3);
  const what = { what: 'api_key' as const, id: keyIdOf(hashApiKey(key)), reason: 'left', by_key: null };
  await database.transaction((tx) => revokeIdentity(tx, what));
  await database.close();
  await expect.poll(openStreams, { timeout: 1_500 }).toBe(1);
  await seal('approval_opened');
  expect(await stream.take(1)).toEqual([]);
  expect((await waiting).body).toMatchObject({ entries: [] });
  expect(await kept.take(1)).toMatchObject([{ event: 'approval_opened' }]);
  kept.leave();
});
