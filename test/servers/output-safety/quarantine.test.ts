/** Quarantined outputs as people review them: who may, what is shown to whom, what leaves, and what the ledger says of it. */
import { randomBytes } from 'node:crypto';
import type { RpcAnswer, RpcRequest } from '@countersign/contracts/rpc';
import { judgeRelease, judgeReviewer } from '@countersign/output-safety/quarantine/judge-review';
import { removePlaces } from '@countersign/output-safety/quarantine/remove-places';
import { createSealer } from '@countersign/platform/seal-content';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { type RunningOutputSafety, runOutputSafety, TENANT, TOPIC } from './run-output-safety.ts';

const SECRET = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';
const SSN = 'ssn 123-45-6789';
const OUTPUT = { report: { token: SECRET, note: SSN, kept: 'the deploy went well' } };

type Verb = 'output.open' | 'output.release' | 'output.discard';

let run: RunningOutputSafety;

beforeAll(async () => {
  run = await runOutputSafety();
  await run.activate('*', {});
  await run.activate('careful', { reviewers: 2 });
});
afterAll(() => run[Symbol.asyncDispose]());

function person(id: string) {
  return { id, type: 'human' as const, groups: [], owner: null, auth_method: 'api_key', key_id: null };
}

async function hold(job_id: string, tenant = TENANT): Promise<string> {
  const attempt = await run.run(job_id, { tenant });
  const screened = await run.screened(attempt, OUTPUT);
  expect(screened).toMatchObject({ output_decision: 'quarantine' });
  await run.end(attempt, 'quarantined');
  return screened!.output_digest as string;
}

function ask<V extends Verb>(verb: V, id: string, asked: Omit<RpcRequest<V>, 'principal' | 'tenant'>, tenant = TENANT) {
  return run.ingress.call(verb, { tenant, ...asked, principal: person(id) } as RpcRequest<V>);
}

function list(state: 'waiting' | 'proposed' | 'released' | 'discarded', tenant = TENANT) {
  return run.ingress.call('output.quarantined', { tenant, state });
}

async function idsIn(state: Parameters<typeof list>[0]): Promise<string[]> {
  return (await list(state)).quarantined.map(({ job_id }) => job_id);
}

describe('what waits', () => {
  test('is listed with types and places and without content', async () => {
    await hold('listed');
    const { quarantined } = await list('waiting');
    const row = quarantined.find(({ job_id }) => job_id === 'listed')!;
    expect(row).toMatchObject({ topic: TOPIC, actor: 'desk-agent', owner: 'olivia', state: 'waiting', reviews: [] });
    expect(row.findings.map(({ place }) => place)).toContain('/report/token');
    expect(JSON.stringify(quarantined)).not.toContain(SECRET.slice(4, 12));
    expect((await list('waiting', 'rival')).quarantined).toEqual([]);
  });

  test('comes in pages', async () => {
    await hold('page-1');
    await hold('page-2');
    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page: RpcAnswer<'output.quarantined'> = await run.ingress.call('output.quarantined', {
        ...{ tenant: TENANT, limit: 1 },
        ...(cursor !== undefined && { cursor }),
      });
      seen.push(...page.quarantined.map(({ job_id }) => job_id));
      if (page.next_cursor === null) break;
      cursor = page.next_cursor;
    }
    expect(seen.toSorted()).toEqual((await idsIn('waiting')).toSorted());
    const asked = { tenant: TENANT, cursor: 'x' };
    expect(await codeOf(run.ingress.call('output.quarantined', asked))).toBe('query_invalid');
  });

  test('is only what a job has ended with', async () => {
    const attempt = await run.run('not-ended');
    await run.screened(attempt, OUTPUT);
    expect(await idsIn('waiting')).not.toContain('not-ended');
    const asked = { job_id: 'not-ended', reason: 'look' };
    expect(await codeOf(ask('output.open', 'rita', asked))).toBe('not_found');
  });
});

describe('whoever opens it', () => {
  test('sees it whole, and each time is an entry without content', async () => {
    await hold('opened');
    const opened = await ask('output.open', 'rita', { job_id: 'opened', reason: 'a customer asks' });
    expect(opened).toMatchObject({ output: OUTPUT, artifacts: [] });
    await ask('output.open', 'rita', { job_id: 'opened', reason: 'once more' });
    const entries = (await run.entries('opened')).filter(({ kind }) => kind === 'quarantine_opened');
    expect(entries.map(({ body }) => [body.reviewer, body.reason, body.actor])).toEqual([
      ['rita', 'a customer asks', 'desk-agent'],
      ['rita', 'once more', 'desk-agent'],
    ]);
    expect(JSON.stringify(entries)).not.toContain(SECRET.slice(4, 12));
    expect(entries.some(({ body }) => 'artifacts' in body)).toBe(false);
    expect(await codeOf(run.read('opened'))).toBe('result_quarantined');
  });

  test.each(['desk-agent', 'olivia'])('is never %s, whose job it is', async (id) => {
    await hold(`own-${id}`);
    const job_id = `own-${id}`;
    for (const verb of ['output.open', 'output.discard'] as const)
      expect(await codeOf(ask(verb, id, { job_id, reason: 'mine' }))).toBe('review_not_eligible');
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(await codeOf(ask('output.release', id, { job_id, reason: 'mine', digest }))).toBe('review_not_eligible');
    expect((await run.kinds(job_id)).filter((kind) => kind.startsWith('quarantine_'))).toEqual([]);
  });

  test('is nobody of another tenant, and nobody who was revoked', async () => {
    await hold('foreign');
    const asked = { job_id: 'foreign', reason: 'look' };
    expect(await codeOf(ask('output.open', 'rita', asked, 'rival'))).toBe('not_found');
    await run.admin.query(`INSERT INTO control.revocations (subject, revoked_at) VALUES ('gone', now())`);
    expect(await codeOf(ask('output.open', 'gone', asked))).toBe('revoked');
  });
});

describe('a release', () => {
  test('lets out the whole, once it was opened, and says who did it', async () => {
    const digest = await hold('whole');
    const asked = { job_id: 'whole', reason: 'it is a test token', digest };
    expect(await codeOf(ask('output.release', 'rita', asked))).toBe('state_conflict');
    await ask('output.open', 'rita', { job_id: 'whole', reason: 'look' });
    expect(await ask('output.release', 'rita', asked)).toMatchObject({ state: 'released' });
    const read = await run.read('whole');
    expect(read.output).toEqual(OUTPUT);
    expect(read).toMatchObject({ output_decision: 'quarantine', reviewed: { by: ['rita'], redacted: false } });
    expect((await run.kinds('whole')).slice(-2)).toEqual(['quarantine_opened', 'quarantine_released']);
    expect(await idsIn('released')).toContain('whole');
    expect(await codeOf(ask('output.release', 'rita', asked))).toBe('state_conflict');
    expect(await codeOf(ask('output.open', 'rita', { job_id: 'whole', reason: 'again' }))).toBe('state_conflict');
  });

  test('leaves out what scanners find and what was named', async () => {
    const digest = await hold('redacted');
    await ask('output.open', 'rita', { job_id: 'redacted', reason: 'look' });
    const asked = { job_id: 'redacted', reason: 'the rest is needed', digest, redact: true };
    const wrong = { ...asked, remove: ['/report/nothing'] };
    expect(await codeOf(ask('output.release', 'rita', wrong))).toBe('field_invalid');
    await ask('output.release', 'rita', { ...asked, remove: ['/report/kept'] });
    const { output, reviewed } = await run.read('redacted');
    expect(reviewed).toMatchObject({ redacted: true });
    expect(output).toMatchObject({ report: { kept: '[removed]' } });
    for (const secret of [SECRET, '123-45-6789']) expect(JSON.stringify(output)).not.toContain(secret);
  });

  test('is of what was opened and of nothing else', async () => {
    await hold('other');
    await ask('output.open', 'rita', { job_id: 'other', reason: 'look' });
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(await codeOf(ask('output.release', 'rita', { job_id: 'other', reason: 'r', digest }))).toBe('field_invalid');
  });

  test('waits while a stop is in force', async () => {
    const digest = await hold('stopped');
    await ask('output.open', 'rita', { job_id: 'stopped', reason: 'look' });
    const set = (on: boolean) =>
      run.scheduler.query(`SELECT control.set_switch('held-back', 'topic', $1, NULL, $2, 'a test')`, [TOPIC, on]);
    await set(true);
    const asked = { job_id: 'stopped', reason: 'r', digest };
    expect(await codeOf(ask('output.release', 'rita', asked))).toBe('stopped');
    await set(false);
    expect(await ask('output.release', 'rita', asked)).toMatchObject({ state: 'released' });
  });

  test('takes two people where the policy asks for them, for the very same text', async () => {
    const digest = await hold('twice', 'careful');
    const open = (id: string) => ask('output.open', id, { job_id: 'twice', reason: 'look' }, 'careful');
    const release = (id: string, redact = false) =>
      ask('output.release', id, { job_id: 'twice', reason: 'agreed', digest, redact }, 'careful');
    await open('rita');
    expect(await release('rita')).toMatchObject({ state: 'proposed' });
    expect(await release('rita')).toMatchObject({ state: 'proposed' });
    expect(await codeOf(release('sam'))).toBe('state_conflict');
    await open('sam');
    expect(await release('sam', true)).toMatchObject({ state: 'proposed' });
    expect(await codeOf(run.read('twice', 'careful'))).toBe('result_quarantined');
    expect(await release('rita', true)).toMatchObject({ state: 'released' });
    expect(await run.read('twice', 'careful')).toMatchObject({ reviewed: { by: ['sam', 'rita'], redacted: true } });
  });

  test('happens once, whoever is first', async () => {
    const digest = await hold('raced');
    for (const id of ['rita', 'sam']) await ask('output.open', id, { job_id: 'raced', reason: 'look' });
    const outcomes = await Promise.all([
      ...['rita', 'sam'].map((id) => codeOf(ask('output.release', id, { job_id: 'raced', reason: 'r', digest }))),
      codeOf(ask('output.discard', 'sam', { job_id: 'raced', reason: 'r' })),
    ]);
    expect(outcomes.toSorted()).toEqual(['none', 'state_conflict', 'state_conflict']);
    const ends = (await run.kinds('raced')).filter((kind) => /_(released|discarded)$/.test(kind));
    expect(ends).toHaveLength(1);
  });
});

test('what is discarded is gone for good, and its digest and evidence stay', async () => {
  const digest = await hold('discarded');
  expect(await ask('output.discard', 'rita', { job_id: 'discarded', reason: 'not needed' })).toMatchObject({
    state: 'discarded',
    output_digest: digest,
  });
  const [row] = await run.admin.query(`SELECT sealed, salt, content FROM output.results WHERE job_id = 'discarded'`);
  expect(row).toEqual({ sealed: null, salt: null, content: null });
  expect(await codeOf(run.read('discarded'))).toBe('result_quarantined');
  expect(await codeOf(ask('output.open', 'rita', { job_id: 'discarded', reason: 'look' }))).toBe('state_conflict');
  expect((await run.kinds('discarded')).at(-1)).toBe('quarantine_discarded');
});

describe('the judgement', () => {
  const own = { actor: 'bot', owner: 'olivia', on_behalf_of: 'carla help-bot/hans' };
  const base = { ...own, output_digest: 'd', artifacts: [], reviews: [] };

  test.each(['bot', 'olivia', 'carla', 'help-bot', 'hans'])('keeps %s away', (id) => {
    expect(() => judgeReviewer({ ...base, state: 'waiting' }, id)).toThrow();
  });

  test('asks nobody twice for one yes', () => {
    const reviews = ['opened', 'proposed'].map((action) => ({
      ...{ action: action as 'opened' | 'proposed', reviewer: 'rita', reason: '', at: '' },
      released_digest: action === 'opened' ? null : 'r',
      artifacts: [],
    }));
    const reviewed = { ...base, state: 'proposed' as const, reviews };
    const release = { digest: 'd', released_digest: 'r', artifacts: [] };
    expect(judgeRelease(reviewed, 'rita', release, 2)).toBe('proposed');
    expect(judgeRelease(reviewed, 'rita', release, 1)).toBe('released');
  });
});

describe('places', () => {
  test.each([
    ['/a~1b/0', { 'a/b': ['[removed]', 2], c: 3 }],
    ['/c', { 'a/b': [1, 2], c: '[removed]' }],
  ])('%s', (pointer, expected) => {
    expect(removePlaces({ 'a/b': [1, 2], c: 3 }, [pointer])).toEqual(expected);
  });

  test.each(['/a~1b/length', '/a~1b/2', '/__proto__', '/c/d', '/'])('%s names nothing', (pointer) => {
    expect(() => removePlaces({ 'a/b': [1, 2], c: 3 }, [pointer])).toThrow();
  });
});

test('a former key opens what it sealed, and seals nothing more', () => {
  const [old, next] = [randomBytes(32), randomBytes(32)];
  const sealed = createSealer(old).seal('d1', Buffer.from('text'));
  const rotated = createSealer(next, [old]);
  expect(rotated.open('d1', sealed, createSealer(old).key_id).toString()).toBe('text');
  expect(rotated.key_id).toBe(createSealer(next).key_id);
  expect(() => rotated.open('d2', sealed, createSealer(old).key_id)).toThrow();
  expect(() => createSealer(next).open('d1', sealed, createSealer(old).key_id)).toThrow(/no key/);
});

test('what a legal hold keeps is opened and released, and not discarded', async () => {
  await hold('kept');
  await run.admin.query(
    `INSERT INTO scheduler.legal_holds (hold_id, tenant, kind, target, reason, set_by) VALUES ('hold-1', $1, 'job', 'kept', 'a suit', 'ada')`,
    [TENANT],
  );
  expect(await codeOf(ask('output.discard', 'rita', { job_id: 'kept', reason: 'not needed' }))).toBe('content_held');
  expect(await ask('output.open', 'rita', { job_id: 'kept', reason: 'look' })).toMatchObject({ output: OUTPUT });
});
