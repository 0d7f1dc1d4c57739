import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError } from '@countersign/client/api-error';
import { type Client, createClient } from '@countersign/client/create-client';
import type { LedgerEntry } from '@countersign/contracts/ledger-entry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shownEntry } from '../../harness/shown-entry.ts';
import { type RunningIngress, runIngress, TENANT } from '../ingress/run-ingress.ts';

let ingress: RunningIngress;
let client: Client;

function clientWith(api_key: string): Client {
  return createClient({ url: ingress.url, api_key, tenant: TENANT });
}
beforeAll(async () => {
  ingress = await runIngress();
  client = clientWith(ingress.keys.agent);
});
afterAll(() => ingress[Symbol.asyncDispose]());

function entry(job_id: string, seq: number, kind: string): LedgerEntry {
  return shownEntry(TENANT, job_id, { seq, kind });
}

describe('submit', () => {
  test('tells an accepted job from a denied one, and neither is thrown', async () => {
    expect(await client.submit({ topic: 'job.demo.read' })).toMatchObject({ outcome: 'accepted', state: 'cleared' });
    expect(await client.submit({ topic: 'job.exec.shell' })).toMatchObject({ outcome: 'denied', rule_id: 'deny-exec' });
  });

  test('says when the answer is the first one again', async () => {
    const again = { idempotency_key: 'client-1' };
    const first = await client.submit({ topic: 'job.demo.read' }, again);
    const second = await client.submit({ topic: 'job.demo.read' }, again);
    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(second.job_id).toBe(first.job_id);
  });

  test('throws what the API refused, with code, place and trace', async () => {
    const refused = client.submit({ topic: 'job.*' });
    await expect(refused).rejects.toBeInstanceOf(ApiError);
    await expect(refused).rejects.toMatchObject({
      status: 400,
      code: 'field_invalid',
      at: '/topic',
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });
});

test('reads go to their paths and come back typed', async () => {
  const { job_id } = await client.submit({ topic: 'job.demo.read' });
  expect((await client.job(job_id)).state).toBe('cleared');
  expect((await client.decisions(job_id))[0]?.gate).toBe('submit');
  expect(await client.timeline(job_id)).toEqual([]);
  expect((await client.jobs({ state: 'cleared', limit: 5 })).jobs.map((job) => job.job_id)).toContain(job_id);
  await expect(client.result(job_id)).rejects.toMatchObject({ code: 'result_not_ready' });
  expect((await client.cancel(job_id)).state).toBe('cancelled');
  expect((await client.simulate({ topic: 'job.deploy.apply' })).skipped).toEqual(['schema']);
  expect((await client.explain({ topic: 'job.deploy.apply' })).text).toBe('because');
  expect((await clientWith(ingress.keys.approver).approvals()).approvals).toEqual([]);
});

test('a job is followed to its end', async () => {
  const { job_id } = await client.submit({ topic: 'job.demo.read' });
  ingress.peers.timelines.set(job_id, [entry(job_id, 1, 'job_admitted'), entry(job_id, 2, 'job_succeeded')]);
  const seen: string[] = [];
  for await (const each of client.events(job_id)) seen.push(each.kind);
  expect(seen).toEqual(['job_admitted', 'job_succeeded']);
  ingress.peers.jobs.get(job_id)!.state = 'succeeded';
  expect((await client.untilEnded(job_id)).state).toBe('succeeded');
  await expect(client.untilEnded('no-such-job')).rejects.toMatchObject({ code: 'not_found' });
});

test('following can be given up', async () => {
  const { job_id } = await client.submit({ topic: 'job.demo.read' });
  const giveUp = new AbortController();
  const following = client.untilEnded(job_id, { signal: giveUp.signal });
  giveUp.abort(new Error('enough'));
  await expect(following).rejects.toThrow('enough');
});

describe('what is no answer of the API', () => {
  test('nobody there', async () => {
    const lost = createClient({ url: 'http://127.0.0.1:1', api_key: 'x' });
    await expect(lost.policy()).rejects.toMatchObject({ status: 0, code: 'ingress_unavailable' });
  });

  test.each([
    [200, '<html>'],
    [502, '<html>'],
    [502, '{"error":"bad gateway"}'],
  ])("a proxy's own %i with %s", async (status, page) => {
    const proxy = createServer((_, response) => response.writeHead(status).end(page));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const asked = createClient({ url, api_key: 'x' }).policy();
      await expect(asked).rejects.toMatchObject({ status, code: 'ingress_unavailable' });
    } finally {
      proxy.close();
    }
  });
});
