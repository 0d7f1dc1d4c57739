/** The record of reviewed tools under its reviewers' signatures: what counts, what does not, and what stands meanwhile. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError } from '@countersign/client/api-error';
import type { TrustRoot } from '@countersign/contracts/policy';
import { RecordError } from '@countersign/mcp/record-error';
import { reviewedTools } from '@countersign/mcp/reviewed-tools';
import { proposalOf, type Reviewer, reviewTools, standingRecord } from '@countersign/mcp/sign-review';
import { type Reviewers, readRecord, type SignedRecord, signedText } from '@countersign/mcp/signed-record';
import type { Tool } from '@countersign/mcp/tool-record';
import { publicKeyOf, signText } from '@countersign/policy/build-bundle';
import { beforeEach, describe, expect, test } from 'vitest';
import { folder, TOOLS } from './mcp-parts.ts';

const reviewer = (key_id: string, seed: number): Reviewer => ({
  key_id,
  sign: (text) => signText(text, { key_id, secret_key: new Uint8Array(32).fill(seed) }),
});
const alice = reviewer('alice', 1);
const bob = reviewer('bob', 2);
const mallory = reviewer('mallory', 3);

async function rootOf(threshold: number, more: Partial<TrustRoot['keys'][number]> = {}): Promise<TrustRoot> {
  const key = async (key_id: string, seed: number) => ({
    key_id,
    public_key: await publicKeyOf(new Uint8Array(32).fill(seed)),
    not_before: '2020-01-01T00:00:00Z',
    not_after: '2100-01-01T00:00:00Z',
    ...more,
  });
  return { threshold, keys: [await key('alice', 1), await key('bob', 2)] };
}

/** As the plane keeps it: the newest record that was announced, whatever lies on the proxy's disk. */
let newest = { version: 0, digest: '' };
let away = false;
const requireNewest: Reviewers['requireNewest'] = async (record) => {
  if (away) throw new ApiError(0, { code: 'scheduler_unavailable', detail: 'away' });
  if (record.version < newest.version || (record.version === newest.version && record.digest !== newest.digest))
    throw new RecordError('record_not_newer', 'older');
  newest = record;
};
const one = { root: await rootOf(1), tenants: ['acme'], requireNewest };
const two = { root: await rootOf(2), tenants: ['acme'], requireNewest };
const all = (tools: Tool[]) => tools.map((now) => ({ name: now.name, now }));

let path: string;
beforeEach(() => {
  path = join(folder(), 'box.tools.json');
  newest = { version: 0, digest: '' };
  away = false;
});

function review(tools: Tool[], by: Reviewer | null, reviewers = one) {
  return reviewTools({ path, server: 'box', reviewers, reviewer: by, by: 'somebody' }, all(tools));
}

function read(): SignedRecord {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function write(value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}

const codeOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => 'ok',
    (thrown) => thrown.code,
  );

/** What somebody who may write the file does to it. */
const FORGERIES: [string, string, (signed: SignedRecord) => unknown][] = [
  ['as it was signed', 'ok', (s) => s],
  ['the signature taken away', 'record_unsigned', (s) => ({ ...s, signatures: [] })],
  ['an unsigned record in its place', 'record_unsigned', ({ record }) => ({ server: 'box', tools: record.tools })],
  [
    'a tool more',
    'record_signature_invalid',
    ({ record, signatures }) => ({ record: { ...record, tools: [...record.tools, record.tools[0]] }, signatures }),
  ],
  [
    'a later end',
    'record_signature_invalid',
    ({ record, signatures }) => ({ record: { ...record, not_after: '2099-01-01T00:00:00Z' }, signatures }),
  ],
  [
    'signed by a stranger in a known name',
    'record_signature_invalid',
    ({ record, signatures }) => ({ record: { ...record, version: 2 ** 40 }, signatures }),
  ],
  ['no JSON', 'record_malformed', () => 'x'],
  ['a field more', 'record_malformed', (s) => ({ ...s, more: 1 })],
];

describe('what counts', () => {
  test.each(FORGERIES)('%s: %s', async (_, code, forge) => {
    await review(TOOLS, alice);
    write(forge(read()));
    expect(await codeOf(readRecord(path, 'box', one))).toBe(code);
  });

  test('what a stranger, a key for another tenant or a key out of its time signed', async () => {
    await review(TOOLS, alice);
    const { record } = read();
    write({ record, signatures: [{ key_id: 'mallory', signature: await mallory.sign(signedText(record)) }] });
    expect(await codeOf(readRecord(path, 'box', one))).toBe('record_threshold_unmet');
    await review(TOOLS, alice);
    const under = async (more: object, tenants = ['acme']) =>
      codeOf(readRecord(path, 'box', { ...one, root: await rootOf(1, more), tenants }));
    expect(await under({ tenants: ['acme'] })).toBe('ok');
    expect(await under({ tenants: ['other'] })).toBe('record_threshold_unmet');
    expect(await under({ tenants: ['acme'] }, ['*'])).toBe('record_threshold_unmet');
    expect(await under({ not_after: '2021-01-01T00:00:00Z' })).toBe('record_threshold_unmet');
  });

  test("another server's, one that has ended, and a signed one that nobody is named for", async () => {
    await review(TOOLS, alice);
    expect(await codeOf(readRecord(path, 'safe', one))).toBe('record_other_server');
    expect(await codeOf(readRecord(path, 'box', one, '2098-01-01T00:00:00.000Z'))).toBe('record_expired');
    expect(await codeOf(readRecord(path, 'box', null))).toBe('record_reviewers_missing');
    expect(await codeOf(review(TOOLS, null))).toBe('record_unsigned');
  });

  test('an unsigned record of before counts for nothing, and is reviewed anew', async () => {
    await reviewTools({ path, server: 'box', reviewers: null, reviewer: null, by: 'alice' }, all(TOOLS));
    expect((await readRecord(path, 'box', null)).tools).toHaveLength(2);
    const standing = await standingRecord(path, 'box', one);
    expect([standing.record.tools, standing.fault?.code]).toEqual([[], 'record_unsigned']);
    await review(TOOLS, alice);
    expect((await readRecord(path, 'box', one)).tools).toHaveLength(2);
  });
});

describe('where two must sign', () => {
  test('the second one signs the same, and until then what stood before stands', async () => {
    await review([TOOLS[0]!], alice, two);
    expect((await review([TOOLS[0]!], bob, two)).missing).toBeNull();
    expect((await review(TOOLS, alice, two)).missing).toMatch(/1 of 2/);
    expect((await readRecord(path, 'box', two)).tools).toHaveLength(1);
    // The same reviewer twice is one.
    expect((await review(TOOLS, alice, two)).missing).toMatch(/1 of 2/);
    expect((await review(TOOLS, bob, two)).missing).toBeNull();
    expect((await readRecord(path, 'box', two)).tools).toHaveLength(2);
  });

  test('a proposal that says something else than the second one looked at is not signed', async () => {
    await review(TOOLS, alice, two);
    const proposal = JSON.parse(readFileSync(proposalOf(path), 'utf8'));
    proposal.record.tools[0].definition.description = 'evil';
    writeFileSync(proposalOf(path), JSON.stringify(proposal));
    expect((await review(TOOLS, bob, two)).missing).toMatch(/1 of 2/);
    expect(await codeOf(readRecord(path, 'box', two))).toBe('ok');
    expect((await readRecord(path, 'box', two)).tools).toEqual([]);
  });
});

describe('a proxy that runs', () => {
  const logged: unknown[] = [];
  const start = () =>
    reviewedTools({
      path,
      server: 'box',
      reviewers: one,
      upstream: { listTools: async () => TOOLS },
      log: { error: (fields: unknown) => void logged.push(fields) } as never,
    });

  test.each(FORGERIES.slice(1))('goes on with the last record that counted: %s', async (_, code, forge) => {
    await review([TOOLS[0]!], alice);
    const tools = start();
    await tools.verify();
    write(forge(read()));
    expect((await tools.find('shell'))?.state).toBe('reviewed');
    expect((await tools.find('read'))?.state).toBe('new');
    expect(logged.at(-1)).toMatchObject({ code });
    expect(await codeOf(start().verify())).toBe(code);
  });

  test('takes up the next record by itself, and neither an older one again nor that there is none', async () => {
    await review(TOOLS, alice);
    const tools = start();
    expect((await tools.find('read'))?.state).toBe('reviewed');
    const before = read();
    await reviewTools({ path, server: 'box', reviewers: one, reviewer: alice, by: 'x' }, [{ name: 'read', now: null }]);
    expect((await tools.find('read'))?.state).toBe('new');
    write(before);
    expect((await tools.find('read'))?.state).toBe('new');
    expect(logged.at(-1)).toMatchObject({ code: 'record_not_newer' });
    rmSync(path);
    expect((await tools.find('shell'))?.state).toBe('reviewed');
    expect(logged.at(-1)).toMatchObject({ code: 'record_missing' });
  });

  test('that starts anew takes no record that is older than one the plane has heard of, nor another one under its version', async () => {
    await review(TOOLS, alice);
    const before = read();
    await reviewTools({ path, server: 'box', reviewers: one, reviewer: alice, by: 'x' }, [{ name: 'read', now: null }]);
    const after = read();
    await start().verify();
    write(before);
    expect(await codeOf(start().verify())).toBe('record_not_newer');
    expect(await codeOf(start().look())).toBe('record_not_newer');
    // A reviewer who signs something else meanwhile does not sign what was put back.
    const standing = await standingRecord(path, 'box', one);
    expect([standing.record.tools, standing.fault?.code]).toEqual([[], 'record_not_newer']);
    const record = { ...after.record, not_after: '2099-01-01T00:00:00Z' };
    write({ record, signatures: [{ key_id: 'alice', signature: await alice.sign(signedText(record)) }] });
    expect(await codeOf(start().verify())).toBe('record_not_newer');
    write(after);
    expect((await start().find('read'))?.state).toBe('new');
  });

  test('without the plane, goes on with what counted, and offers nothing of a record that nobody has confirmed', async () => {
    await review([TOOLS[0]!], alice);
    const tools = start();
    away = true;
    await tools.verify();
    expect(await codeOf(tools.find('shell'))).toBe('scheduler_unavailable');
    away = false;
    expect((await tools.find('shell'))?.state).toBe('reviewed');
    await review(TOOLS, alice);
    away = true;
    expect((await tools.find('shell'))?.state).toBe('reviewed');
    expect((await tools.find('read'))?.state).toBe('new');
    away = false;
    expect((await tools.find('read'))?.state).toBe('reviewed');
  });
});
