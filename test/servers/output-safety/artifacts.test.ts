/**
 * Artifacts: who may put them, that nobody reads one before it was screened and its job has ended, what becomes of what is found, and
 * that what was screened is what is read.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedArtifact } from '@countersign/contracts/artifact';
import { CountersignError, isOutage } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { cleanArtifacts } from '@countersign/output-safety/artifacts/clean-artifacts';
import { openSealedParts } from '@countersign/output-safety/artifacts/sealed-parts';
import { digestOf } from '@countersign/output-safety/artifacts/take-parts';
import { openFileStore } from '@countersign/platform/blob-store';
import { createSealer } from '@countersign/platform/seal-content';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Attempt,
  POOL,
  type RunningOutputSafety,
  runOutputSafety,
  SEAL_KEY,
  TENANT,
} from './run-output-safety.ts';

const KEY = `aws_access_key_id = AKIA${'IOSFODNN7EXAMPLQ'}`;
const SSN = 'the customer wrote: my SSN is 536-90-4399';

let run: RunningOutputSafety;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  run = cleanUp.use(await runOutputSafety());
  await run.activate(TENANT, {});
});
afterAll(() => cleanUp.disposeAsync());

type Put = { name?: string; worker?: string; claim_id?: string; artifact_id?: string; digest?: string; bytes?: number };

function shaOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof CountersignError) return thrown.code;
  throw thrown ?? new Error('it was not refused');
}

function putPart({ dispatch_id, claim_id }: Attempt, artifact_id: string, part: number, bytes: Buffer, more: Put = {}) {
  const asked = { dispatch_id, claim_id: more.claim_id ?? claim_id, artifact_id, part, data: bytes.toString('base64') };
  return run.ingress.call('output.artifact_part', { pool: POOL, worker: more.worker ?? 'one', ...asked });
}

/** The first part; asks again when no answer came. */
async function putAsWorker(attempt: Attempt, id: string, bytes: Buffer, left = 10): Promise<unknown> {
  return putPart(attempt, id, 0, bytes).catch((thrown) => {
    if (left === 0 || !(thrown instanceof CountersignError) || !isOutage(thrown.code)) throw thrown;
    return putAsWorker(attempt, id, bytes, left - 1);
  });
}

/** In parts, and asked until it was screened; as a worker does. */
async function put(attempt: Attempt, content: Buffer | string, more: Put = {}): Promise<NamedArtifact> {
  const bytes = Buffer.from(content);
  const artifact_id = more.artifact_id ?? randomUUID();
  for (let at = 0; at < bytes.length; at += LIMITS.artifact_part_bytes)
    await putPart(
      attempt,
      artifact_id,
      at / LIMITS.artifact_part_bytes,
      bytes.subarray(at, at + LIMITS.artifact_part_bytes),
      more,
    );
  const { name = 'report.txt', digest = shaOf(bytes), worker = 'one' } = more;
  const named = { artifact_id, name, digest, bytes: more.bytes ?? bytes.length };
  const { dispatch_id, claim_id } = attempt;
  await waitUntil('it was screened', async () => {
    const asked = { dispatch_id, claim_id: more.claim_id ?? claim_id, pool: POOL, worker, ...named };
    return (await run.ingress.call('output.artifact_end', asked)).state === 'screened';
  });
  return named;
}

function readBack(job_id: string, digest: string, tenant = TENANT): Promise<Buffer> {
  return together((part) => run.ingress.call('output.artifact_read', { tenant, job_id, digest, part }));
}

async function together(ask: (part: number) => Promise<{ data: string; parts: number }>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let part = 0, all = 1; part < all; part += 1) {
    const read = await ask(part);
    parts.push(Buffer.from(read.data, 'base64'));
    all = read.parts;
  }
  return Buffer.concat(parts);
}

function list(job_id: string, tenant = TENANT) {
  return run.ingress.call('output.artifacts', { tenant, job_id });
}

/** Put, reported, and its job ended as the screening says. */
async function released(job_id: string, content: Buffer | string, more: Put = {}) {
  const attempt = await run.run(job_id);
  const named = await put(attempt, content, more);
  const outcome = await run.screened(attempt, { done: true }, { result: { artifacts: [named] } });
  await run.end(attempt, outcome?.output_decision === 'quarantine' ? 'quarantined' : 'succeeded');
  return { attempt, named, outcome };
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());
}

function filesOf({ artifact_id }: Pick<NamedArtifact, 'artifact_id'>): string[] {
  return filesIn(run.artifact_dir).filter((path) => path.includes(artifact_id));
}

async function cleaned(): Promise<void> {
  const parts = openSealedParts(openFileStore(run.artifact_dir), createSealer(SEAL_KEY));
  await run.admin.query('UPDATE output.artifacts SET clean_at = now() WHERE clean_at IS NOT NULL');
  while (await cleanArtifacts(run.admin, parts));
}

async function entryOf(job_id: string): Promise<any> {
  return (await run.entries(job_id)).find(({ kind }) => kind === 'output_screened')?.body;
}

describe('who may put', () => {
  test('the worker that holds the claim, inside its lease, and nobody else', async () => {
    const attempt = await run.run('who');
    const id = randomUUID();
    const part = Buffer.from('a');
    expect(await refusal(putPart(attempt, id, 0, part, { worker: 'two' }))).toBe('claim_lost');
    expect(await refusal(putPart(attempt, id, 0, part, { claim_id: randomUUID() }))).toBe('claim_lost');
    expect(await refusal(putPart({ ...attempt, dispatch_id: randomUUID() }, id, 0, part))).toBe('claim_lost');
    const late = await run.run('late', { lease_s: -1 });
    expect(await refusal(putPart(late, id, 0, part))).toBe('attempt_stale');
    await putPart(attempt, id, 0, part);
    const other = await run.run('other');
    expect(await refusal(putPart(other, id, 0, part))).toBe('artifact_invalid');
  });

  test('parts in order and of one size, no more bytes and files than may be, and nothing after the end', async () => {
    const attempt = await run.run('order');
    const id = randomUUID();
    expect(await refusal(putPart(attempt, id, 1, Buffer.from('a')))).toBe('artifact_invalid');
    await putPart(attempt, id, 0, Buffer.from('abc'));
    expect(await putPart(attempt, id, 0, Buffer.from('abcd'))).toMatchObject({ parts: 1, bytes: 4 });
    expect(await refusal(putPart(attempt, id, 1, Buffer.from('e')))).toBe('artifact_invalid');
    expect(await refusal(putPart(attempt, randomUUID(), 0, Buffer.alloc(0)))).toBe('artifact_invalid');
    await run.admin.query(
      'UPDATE output.artifacts SET blobs = array_fill($2::text, ARRAY[100]), bytes = $3 WHERE artifact_id = $1',
      [...[id, 'x', LIMITS.artifact_bytes]],
    );
    expect(await refusal(putPart(attempt, id, 100, Buffer.from('a')))).toBe('artifact_too_large');
    await run.admin.query('UPDATE output.artifacts SET bytes = $2 WHERE artifact_id = $1', [
      id,
      LIMITS.attempt_artifact_bytes,
    ]);
    expect(await refusal(putPart(attempt, randomUUID(), 0, Buffer.from('a')))).toBe('artifact_too_large');
    await run.admin.query(`UPDATE output.artifacts SET blobs = '{}', bytes = 0 WHERE artifact_id = $1`, [id]);
    const named = await put(attempt, 'ended');
    expect(await refusal(putPart(attempt, named.artifact_id, 0, Buffer.from('later')))).toBe('artifact_invalid');
    const room = LIMITS.attempt_artifacts - 2;
    for (let i = 0; i < room; i += 1) await putPart(attempt, randomUUID(), 0, Buffer.from('a'));
    expect(await refusal(putPart(attempt, randomUUID(), 0, Buffer.from('a')))).toBe('artifact_too_large');
  });

  test('no more of them at once either', async () => {
    const counted = async (attempt: Attempt, bytes: number) => {
      const ids = Array.from({ length: LIMITS.attempt_artifacts + 8 }, () => randomUUID());
      const put = await Promise.allSettled(ids.map((id) => putAsWorker(attempt, id, Buffer.alloc(bytes, 'a'))));
      expect(new Set(put.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : [])))).toEqual(
        new Set(['artifact_too_large']),
      );
      return put.filter(({ status }) => status === 'fulfilled').length;
    };
    expect(await counted(await run.run('at-once'), 1)).toBe(LIMITS.attempt_artifacts);
    const attempt = await run.run('bytes-at-once');
    const full = randomUUID();
    await putPart(attempt, full, 0, Buffer.from('a'));
    const room = 3 * 1024;
    await run.admin.query('UPDATE output.artifacts SET bytes = $2 WHERE artifact_id = $1', [
      full,
      LIMITS.attempt_artifact_bytes - room,
    ]);
    expect(await counted(attempt, 1024)).toBe(3);
    const rows = await run.admin.query<{ artifact_id: string; blobs: string[] }>(
      'SELECT artifact_id, blobs FROM output.artifacts WHERE dispatch_id = $1',
      [attempt.dispatch_id],
    );
    const stored = rows.map((row) => filesOf(row).length);
    expect(stored).toEqual(rows.map(({ blobs }) => blobs.length));
  });

  test('leaves nothing in the store of a part that was put again', async () => {
    const attempt = await run.run('again');
    const artifact_id = randomUUID();
    for (const text of ['one', 'two', 'two']) await putPart(attempt, artifact_id, 0, Buffer.from(text));
    expect(filesOf({ artifact_id })).toHaveLength(1);
    expect(await put(attempt, 'two', { artifact_id })).toMatchObject({ artifact_id });
  });

  test('what was announced, and nothing else', async () => {
    const attempt = await run.run('announced');
    expect(await refusal(put(attempt, 'one', { digest: shaOf(Buffer.from('two')) }))).toBe('artifact_invalid');
    expect(await refusal(put(attempt, 'one', { bytes: 4 }))).toBe('artifact_invalid');
    const named = await put(attempt, 'one');
    expect(await refusal(put(attempt, '', { ...named, name: 'another.txt' }))).toBe('artifact_invalid');
  });
});

describe('a result that names one', () => {
  test('releases it, and the ledger has its salted digest alone', async () => {
    const content = Buffer.concat([Buffer.from('x'.repeat(LIMITS.artifact_part_bytes - 1)), Buffer.from('ü, done')]);
    const attempt = await run.run('clean');
    const named = await put(attempt, content);
    expect(await refusal(list('clean'))).toBe('result_not_ready');
    expect(await refusal(readBack('clean', named.digest))).toBe('result_not_ready');
    // Seven bytes or more of each part: four occur by chance in a MiB that is sealed, once in 4,000 runs.
    for (const path of filesIn(run.artifact_dir))
      for (const plain of ['x'.repeat(8), content.subarray(-7)]) expect(readFileSync(path).includes(plain)).toBe(false);
    expect((await run.screened(attempt, {}, { result: { artifacts: [named] } }))?.output_decision).toBe('allow');
    expect(await refusal(readBack('clean', named.digest))).toBe('result_not_ready');
    await run.end(attempt, 'succeeded');
    const [shown] = (await list('clean')).artifacts;
    expect(shown).toMatchObject({
      ...{ name: 'report.txt', digest: named.digest, decision: 'allow' },
      released_bytes: content.length,
    });
    expect(await readBack('clean', named.digest)).toEqual(content);
    const { artifacts } = await entryOf('clean');
    expect(artifacts).toEqual([
      { artifact_digest: digestOf(shown!.salt, named.digest), bytes: content.length, decision: 'allow' },
    ]);
    expect(JSON.stringify(await run.entries('clean'))).not.toContain(named.digest);
    expect(await refusal(readBack('clean', shaOf(Buffer.from('other'))))).toBe('not_found');
    expect(await run.ingress.call('output.artifacts', { tenant: 'rival', job_id: 'clean' }).catch((e) => e.code)).toBe(
      'not_found',
    );
  });

  test('has personal data taken out of a text and of its name, and the reader can check the copy', async () => {
    const { named, outcome } = await released('personal', `${SSN}\n`, { name: 'mail of bob@example.com.txt' });
    expect(outcome?.output_decision).toBe('redact');
    const [shown] = (await list('personal')).artifacts;
    const copy = await readBack('personal', named.digest);
    expect(copy.toString()).toMatch(/^the customer wrote: my SSN is \[redacted:/);
    expect(shown).toMatchObject({ decision: 'redact', released_digest: shaOf(copy), released_bytes: copy.length });
    expect(shown!.name).not.toContain('bob');
    expect((await entryOf('personal')).findings.map(({ place }: { place: string }) => place).toSorted()).toEqual([
      '/~artifact/0/name',
      '/~artifact/0/text',
    ]);
  });

  test.each([
    ['a secret', Buffer.from(`debug\n${KEY}\n`), 'built-in-secrets'],
    [
      'a secret far down in a large one',
      Buffer.from(`${'all is well here\n'.repeat(60_000)}${KEY}\n${'and here\n'.repeat(900)}`),
      'built-in-secrets',
    ],
    ['personal data in a large one', Buffer.from(`${'all is well here\n'.repeat(40_000)}${SSN}\n`), 'built-in-pii'],
    ['what is no text', Buffer.concat([Buffer.from('PK'), randomBytes(2_000)]), 'built-in-binary'],
    ['a text with U+0000', Buffer.from('a\0b'), 'built-in-binary'],
  ])('is quarantined with it: %s', async (what, content, rule) => {
    const job_id = what.replaceAll(' ', '-').replace('+', '').toLowerCase();
    const { named, outcome } = await released(job_id, content);
    expect(outcome).toMatchObject({ output_decision: 'quarantine', rule_id: rule });
    expect(await refusal(readBack(job_id, named.digest))).toBe('result_quarantined');
    expect(await refusal(list(job_id))).toBe('result_quarantined');
    expect(await refusal(run.read(job_id))).toBe('result_quarantined');
  });

  test('has failed where what it names was not put, is another, or is of another claim', async () => {
    const attempt = await run.run('missing');
    const named = await put(attempt, 'put');
    const artifacts = [{ ...named, digest: shaOf(Buffer.from('other')) }];
    expect(await run.screened(attempt, {}, { result: { artifacts } })).toMatchObject({
      status: 'failed',
      rule_id: 'built-in-artifact',
    });
    const stranger = await run.run('stranger');
    expect(await run.screened(stranger, {}, { result: { artifacts: [named] } })).toMatchObject({ status: 'failed' });
    expect((await entryOf('stranger')).reason).toMatch(/^artifact_missing: /);
  });

  test('is settled alike when it is reported again', async () => {
    const { attempt, named } = await released('twice', 'once');
    const again = await run.report(attempt, { done: true }, { result: { artifacts: [named] } });
    expect(again).toMatchObject({ outcome: 'settled' });
  });
});

test('what was screened under another policy is screened again before it counts', async () => {
  const attempt = await run.run('changed');
  const named = await put(attempt, 'ticket 4711');
  const match = { scanners: ['pii'] as 'pii'[] };
  await run.activate(TENANT, {
    rules: [
      { id: 'all', match: {}, decision: 'quarantine' },
      { id: 'pii', match, decision: 'redact' },
    ],
  });
  const outcome = await run.screened(attempt, {}, { result: { artifacts: [named] } });
  expect(outcome).toMatchObject({ output_decision: 'quarantine', rule_id: 'all' });
  await run.activate(TENANT, { binary: 'allow' });
  const binary = Buffer.concat([Buffer.from([0xff, 0xd8, 0]), Buffer.from('a picture')]);
  expect((await released('picture', binary)).outcome?.output_decision).toBe('allow');
  expect(await readBack('picture', shaOf(binary))).toEqual(binary);
  const leaking = Buffer.concat([Buffer.from([0xff, 0xd8, 0]), Buffer.from(`\n${KEY}\n`)]);
  expect((await released('leaking-picture', leaking)).outcome).toMatchObject({ rule_id: 'built-in-secrets' });
  await run.activate(TENANT, {});
});

test('an artifact without bytes is one', async () => {
  const { named } = await released('empty', '');
  expect(await readBack('empty', named.digest)).toHaveLength(0);
});

describe('people who review a quarantined result', () => {
  const LEAK = `debug\n${KEY}\n`;

  /** A result that says nothing, held back for one of its three files. */
  async function hold(job_id: string, tenant = TENANT) {
    const attempt = await run.run(job_id, { tenant });
    const named = [
      await put(attempt, LEAK, { name: 'leak.txt' }),
      await put(attempt, SSN, { name: 'mail.txt' }),
      await put(attempt, 'fine', { name: 'fine.txt' }),
    ];
    const outcome = await run.screened(attempt, { done: true }, { result: { artifacts: named } });
    expect(outcome).toMatchObject({ output_decision: 'quarantine' });
    await run.end(attempt, 'quarantined');
    await cleaned();
    return { named, digest: outcome!.output_digest as string, ...reviewing(job_id, tenant) };
  }

  function reviewing(job_id: string, tenant: string) {
    const principal = (id: string) => ({
      ...{ id, type: 'human' as const, groups: [], owner: null, auth_method: 'api_key', key_id: null },
    });
    const asked = (id: string) => ({ tenant, job_id, reason: 'a customer asks', principal: principal(id) });
    return {
      open: (id: string) => run.ingress.call('output.open', asked(id)),
      discard: (id: string) => run.ingress.call('output.discard', asked(id)),
      release: (id: string, digest: string, redact = false, remove: string[] = []) =>
        run.ingress.call('output.release', { ...asked(id), digest, redact, remove }),
      readOpened: (id: string, { digest }: NamedArtifact, of = tenant) =>
        together((part) =>
          run.ingress.call('output.opened_artifact', {
            ...{ tenant: of, job_id, digest, part, principal: principal(id) },
          }),
        ),
    };
  }

  async function lastOf(job_id: string, kind: string, tenant = TENANT): Promise<any> {
    return (await run.entries(job_id, tenant)).findLast((each) => each.kind === kind)?.body;
  }

  test('read its files as they would leave, once they opened it and for an hour, and the entry names them', async () => {
    const { named, open, readOpened } = await hold('look');
    const [leak, mail, fine] = named as [NamedArtifact, NamedArtifact, NamedArtifact];
    expect(await refusal(readOpened('rita', leak))).toBe('state_conflict');
    const { artifacts } = await open('rita');
    expect(artifacts.map(({ name, decision }) => `${name} ${decision}`)).toEqual([
      ...['leak.txt quarantine', 'mail.txt redact', 'fine.txt allow'],
    ]);
    expect(artifacts[0]!.findings.map(({ place }) => place)).toEqual(['/text']);
    expect((await readOpened('rita', leak)).toString()).toBe(LEAK);
    expect((await readOpened('rita', fine)).toString()).toBe('fine');
    const copy = await readOpened('rita', mail);
    expect(copy.toString()).toContain('[redacted:');
    expect(artifacts[1]).toMatchObject({ released_digest: shaOf(copy), released_bytes: copy.length });
    const opened = await lastOf('look', 'quarantine_opened');
    expect(opened.artifacts).toEqual(artifacts.map(({ artifact_digest }) => artifact_digest));
    expect(JSON.stringify(opened)).not.toContain(leak.digest);
    expect(await refusal(readOpened('sam', leak))).toBe('state_conflict');
    expect(await refusal(readOpened('olivia', leak))).toBe('review_not_eligible');
    expect(await refusal(readOpened('rita', leak, 'rival'))).toBe('not_found');
    await run.admin.query(`INSERT INTO control.revocations (subject, revoked_at) VALUES ('gone', now())`);
    expect(await refusal(readOpened('gone', leak))).toBe('revoked');
    expect(await refusal(readOpened('rita', { ...leak, digest: shaOf(Buffer.from('other')) }))).toBe('not_found');
    expect(await refusal(list('look'))).toBe('result_quarantined');
    expect(await refusal(readBack('look', fine.digest))).toBe('result_quarantined');
    await run.admin.query(`UPDATE output.reviews SET at = at - interval '61 minutes'`);
    expect(await refusal(readOpened('rita', leak))).toBe('state_conflict');
  });

  test('release them with the whole of it, and with nothing less', async () => {
    const { named, digest, open, release, readOpened } = await hold('whole');
    const told = (await open('rita')).artifacts;
    expect(await release('rita', digest)).toMatchObject({ state: 'released' });
    expect((await list('whole')).artifacts).toEqual(told);
    expect((await readBack('whole', named[0]!.digest)).toString()).toBe(LEAK);
    expect((await readBack('whole', named[1]!.digest)).toString()).toContain('[redacted:');
    expect((await lastOf('whole', 'quarantine_released')).artifacts).toHaveLength(3);
    expect(await refusal(list('whole', 'rival'))).toBe('not_found');
    expect(await refusal(readOpened('rita', named[0]!))).toBe('state_conflict');
    for (const [job_id, ...less] of [
      ['scanned', true],
      ['removed', false, ['/done']],
    ] as const) {
      const held = await hold(job_id);
      await held.open('rita');
      await held.release('rita', held.digest, less[0], [...(less[1] ?? [])]);
      expect(await run.read(job_id)).toMatchObject({ reviewed: { redacted: true } });
      expect(await lastOf(job_id, 'quarantine_released')).not.toHaveProperty('artifacts');
      expect(await refusal(list(job_id))).toBe('result_quarantined');
      expect(await refusal(readBack(job_id, held.named[2]!.digest))).toBe('result_quarantined');
    }
  });

  test('release nothing that they were not told of, nor what left before anybody was', async () => {
    const { digest, open, release } = await hold('untold');
    const forget = () => run.admin.query(`UPDATE output.reviews SET artifacts = '{}'`);
    await open('rita');
    await forget();
    expect(await refusal(release('rita', digest))).toBe('state_conflict');
    await open('rita');
    await release('rita', digest);
    await forget();
    expect(await refusal(list('untold'))).toBe('result_quarantined');
  });

  test('are two where the policy asks for them, and both for the files as well', async () => {
    await run.activate('careful', { reviewers: 2 });
    const { named, digest, open, release } = await hold('two', 'careful');
    await open('rita');
    await open('sam');
    expect(await release('rita', digest, true)).toMatchObject({ state: 'proposed' });
    // The same text: no scanner finds anything in the output. But rita has let out no file.
    expect(await release('sam', digest)).toMatchObject({ state: 'proposed' });
    expect(await refusal(readBack('two', named[0]!.digest, 'careful'))).toBe('result_quarantined');
    expect((await lastOf('two', 'quarantine_proposed', 'careful')).artifacts).toHaveLength(3);
    expect(await release('rita', digest)).toMatchObject({ state: 'released' });
    expect((await readBack('two', named[0]!.digest, 'careful')).toString()).toBe(LEAK);
  });

  test('discard them with it: the keys are forgotten, and the bytes go', async () => {
    const { named, open, discard, readOpened } = await hold('gone');
    await open('rita');
    expect(await discard('rita')).toMatchObject({ state: 'discarded' });
    expect(
      await run.admin.query(
        `SELECT DISTINCT sealed_key, digest, name, salt FROM output.artifacts WHERE job_id = 'gone'`,
      ),
    ).toEqual([{ sealed_key: null, digest: null, name: null, salt: null }]);
    expect((await lastOf('gone', 'quarantine_discarded')).artifacts).toHaveLength(3);
    expect(await refusal(readOpened('rita', named[0]!))).toBe('state_conflict');
    expect(await refusal(list('gone'))).toBe('result_quarantined');
    await cleaned();
    expect(named.flatMap(filesOf)).toEqual([]);
  });
});

describe('the store', () => {
  test('gives nothing that was changed where it lies', async () => {
    const { named } = await released('altered', 'as it was');
    const [path] = filesOf(named);
    const bytes = readFileSync(path!);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path!, bytes);
    expect(await refusal(readBack('altered', named.digest))).toBe('artifacts_unavailable');
  });

  test('that is full or out of reach says so, and nothing counts as put', async () => {
    const file = join(run.artifact_dir, 'file');
    writeFileSync(file, '');
    expect(await refusal(openFileStore(file).put('a/b', Buffer.from('x')))).toBe('artifacts_unavailable');
    await expect(openFileStore(run.artifact_dir).put('../b', Buffer.from('x'))).rejects.toThrow(TypeError);
    expect(await openFileStore(run.artifact_dir).get('a/none')).toBe(null);
  });

  test('loses what no result named once the job has ended, and the original of what was redacted', async () => {
    const attempt = await run.run('unnamed');
    const named = await put(attempt, 'never named');
    await cleaned();
    expect(filesOf(named)).toHaveLength(1);
    await run.end(attempt, 'failed');
    const { named: redacted } = await released('original', SSN);
    expect(filesOf(redacted)).toHaveLength(2);
    await cleaned();
    expect(filesOf(named)).toEqual([]);
    expect(await run.admin.query('SELECT FROM output.artifacts WHERE artifact_id = $1', [named.artifact_id])).toEqual(
      [],
    );
    expect(filesOf(redacted)).toHaveLength(1);
    expect((await readBack('original', redacted.digest)).toString()).toContain('[redacted:');
  });

  test.each([
    ['results', 'kept for a while'],
    ['quarantined', KEY],
  ])('and the row lose what is erased as %s, the digest in the ledger aside', async (content, text) => {
    const job_id = `erased-${content}`;
    const { named } = await released(job_id, text);
    await cleaned();
    expect(filesOf(named)).toHaveLength(1);
    await run.admin.query(
      `INSERT INTO scheduler.retention (tenant, content, keep_ms, set_by) VALUES ($1, $2, 1, 'audrey')`,
      [TENANT, content],
    );
    await run.admin.query('INSERT INTO scheduler.erasable (tenant, job_id, content) VALUES ($1, $2, $3)', [
      TENANT,
      job_id,
      content,
    ]);
    await waitUntil('it was erased', async () => {
      await run.erase();
      const [row] = await run.admin.query<{ gone: boolean }>(
        'SELECT sealed_key IS NULL AND digest IS NULL AND name IS NULL AND salt IS NULL AS gone FROM output.artifacts WHERE artifact_id = $1',
        [named.artifact_id],
      );
      return row!.gone;
    });
    if (content === 'results') expect(await refusal(list(job_id))).toBe('content_erased');
    await cleaned();
    expect(filesOf(named)).toEqual([]);
    expect((await entryOf(job_id)).artifacts).toHaveLength(1);
  });
});
