/**
 * Every way to bring a policy in that nobody signed, through the HTTP door and past it, at the kernel's own: refused with
 * its own code, the last known good one stays, and the ledger and a metric say so. A row that came past both is nothing.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import type { BundleDocument } from '@countersign/contracts/policy';
import type { Running } from '@countersign/platform/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALLOW_READS, keyOf, makeBundle, signerOf } from './make-bundle.ts';
import { type Door, openDoor } from './run-door.ts';
import { type RunningKernels, runKernels } from './run-kernel.ts';

const [a, b, c] = [signerOf('a', 1), signerOf('b', 2), signerOf('c', 3)];
const [former, future, others] = [signerOf('former', 4), signerOf('future', 5), signerOf('others', 6)];
const BOTH = [a, b];
/** Of the policy that stands throughout. */
const GOOD = 10;
const ALLOW_ALL = 'default_decision: allow';

let run: RunningKernels;
let kernel: Running;
let door: Door;
beforeAll(async () => {
  run = await runKernels();
  const keys = await Promise.all([
    keyOf(a),
    keyOf(b),
    keyOf(former, { not_after: '2025-01-01T00:00:00Z' }),
    keyOf(future, { not_before: '2090-01-01T00:00:00Z' }),
    keyOf(others, { tenants: ['others'] }),
  ]);
  kernel = await run.startKernel({ TRUST_ROOT: JSON.stringify({ threshold: 2, keys }) });
  door = await openDoor(run);
  const good = await makeBundle({ version: GOOD, signers: BOTH });
  expect(await run.judge(JSON.stringify(good))).toMatchObject({ state: 'activated' });
});
afterAll(async () => {
  await door?.[Symbol.asyncDispose]();
  await kernel?.[Symbol.asyncDispose]();
  await run?.[Symbol.asyncDispose]();
});

let version = GOOD;

function evil(parts: Partial<Parameters<typeof makeBundle>[0]> = {}): Promise<BundleDocument> {
  version += 1;
  return makeBundle({ version, policy: ALLOW_ALL, signers: BOTH, ...parts });
}

function withFile(document: BundleDocument, files: Record<string, string>): BundleDocument {
  return { ...document, files };
}
const tests = 'cases: [{ name: x, request: { topic: job.a }, expect: { decision: allow } }]';

const ATTACKS: [string, string, () => Promise<unknown>][] = [
  ['every signature removed', 'bundle_unsigned', async () => ({ ...(await evil()), signatures: [] })],
  ['one of two signatures', 'bundle_threshold_unmet', () => evil({ signers: [a] })],
  [
    'the same signature twice',
    'bundle_threshold_unmet',
    async () => {
      const { signatures, ...rest } = await evil({ signers: [a] });
      return { ...rest, signatures: [...signatures, ...signatures] };
    },
  ],
  [
    'the key id removed',
    'bundle_malformed',
    async () => {
      const document = await evil();
      return { ...document, signatures: document.signatures.map(({ signature }) => ({ signature })) };
    },
  ],
  [
    'another key id over the same signature',
    'bundle_signature_invalid',
    async () => {
      const document = await evil({ signers: [c] });
      return { ...document, signatures: [{ ...document.signatures[0]!, key_id: 'a' }] };
    },
  ],
  ['a stranger among the signers', 'bundle_threshold_unmet', () => evil({ signers: [a, c] })],
  ['a key that is no longer valid', 'bundle_threshold_unmet', () => evil({ signers: [a, former] })],
  ['a key that is not valid yet', 'bundle_threshold_unmet', () => evil({ signers: [a, future] })],
  ["a key for other tenants' policies", 'bundle_threshold_unmet', () => evil({ signers: [a, others] })],
  [
    'a file added',
    'bundle_file_unlisted',
    async () => {
      const document = await evil();
      return withFile(document, { ...document.files, 'tests/x.yaml': tests });
    },
  ],
  ['a file removed', 'bundle_file_missing', async () => withFile(await evil(), {})],
  [
    'a file swapped between two signed bundles',
    'bundle_file_altered',
    async () => withFile(await evil({ policy: ALLOW_READS }), (await evil()).files),
  ],
  [
    'the manifest of another bundle',
    'bundle_signature_invalid',
    async () => ({ ...(await evil()), manifest: (await evil()).manifest }),
  ],
  [
    'a longer validity',
    'bundle_signature_invalid',
    async () => {
      const document = await evil();
      return { ...document, manifest: { ...document.manifest, not_after: '2200-01-01T00:00:00Z' } };
    },
  ],
  ['an expired bundle', 'bundle_expired', () => evil({ not_after: '2026-01-01T00:00:00Z' })],
  ['a bundle of the future', 'bundle_not_yet_valid', () => evil({ not_before: '2090-01-01T00:00:00Z' })],
  ['everybody and somebody at once', 'bundle_scope_invalid', () => evil({ tenants: ['*', 'default'] })],
  ['an older version', 'bundle_not_newer', () => evil({ version: GOOD - 1 })],
  ['the same version again', 'bundle_not_newer', () => evil({ version: GOOD })],
  ['one that does not compile', 'bundle_does_not_compile', () => evil({ policy: 'rules: [{ id: x }]' })],
  ['an alias bomb', 'bundle_does_not_compile', () => evil({ policy: 'a: &a [x, x]\nb: [*a, *a]' })],
  ['a truncated document', 'bundle_malformed', async () => JSON.stringify(await evil()).slice(0, -20)],
  [
    'a key that stands twice',
    'bundle_malformed',
    async () => JSON.stringify(await evil()).replace('{', '{"files":{},'),
  ],
  ['no document at all', 'bundle_malformed', async () => 'nonsense'],
];

function textOf(sent: unknown): string {
  return typeof sent === 'string' ? sent : JSON.stringify(sent);
}

async function rejections(chain: string): Promise<unknown[]> {
  return (await run.entries(chain)).filter(({ kind }) => kind === 'policy_rejected').map(({ body }) => body.code);
}

async function counted(code: string): Promise<number> {
  const metrics = await (await fetch(`${kernel.services[0]!.health_url}/metrics`)).text();
  return Number(new RegExp(`policy_rejected_total\\{[^}]*code="${code}"[^}]*\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
}

function insertRow(document: string): Promise<unknown> {
  return run.own.query(
    `INSERT INTO policy.bundles (document, document_sha256) VALUES ($1, sha256(convert_to($1, 'UTF8')))`,
    [document],
  );
}

async function stands(): Promise<void> {
  const answer = await run.ask({ topic: 'job.write.users' });
  expect(answer).toMatchObject({ ok: true, value: { decisions: [{ decision: 'deny', policy_version: GOOD }] } });
}

describe.each(ATTACKS)('%s', (_, code, make) => {
  test(`is refused at the door: ${code}`, async () => {
    const before = [await run.activeEpoch(), await counted(code)] as const;
    const { status, body } = await door.post('operator', '/policy/bundles', textOf(await make()));
    expect({ client_fault: status >= 400 && status < 500, code: body.code }).toEqual({ client_fault: true, code });
    expect(await run.activeEpoch()).toBe(before[0]);
    expect(await counted(code)).toBe(before[1] + 1);
    expect((await rejections('policy:default')).at(-1)).toBe(code);
    await stands();
  });

  test(`is refused by the kernel itself: ${code}`, async () => {
    const before = [await run.activeEpoch(), await counted(code)] as const;
    expect(await run.judge(textOf(await make()))).toMatchObject({ state: 'rejected', code });
    expect(await run.activeEpoch()).toBe(before[0]);
    expect(await counted(code)).toBe(before[1] + 1);
    expect((await rejections('policy:default')).at(-1)).toBe(code);
    await stands();
  });
});

describe('a bundle of a gigabyte', () => {
  const GIGABYTE = 1024 ** 3;

  /** How many bytes went out before the answer came. */
  const pour = async (headers: Record<string, string>): Promise<{ status: number; code: string; sent: number }> => {
    const sending = request(`${door.url}/policy/bundles`, {
      method: 'POST',
      headers: { 'x-api-key': door.keys.admin, 'content-type': 'application/json', ...headers },
    });
    sending.on('error', () => {});
    const answered = once(sending, 'response');
    let [sent, done] = [0, false];
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const flow = (): void => {
      while (!done && sent < GIGABYTE) {
        sent += chunk.length;
        if (!sending.write(chunk)) return void sending.once('drain', flow);
      }
    };
    flow();
    const [response] = await answered;
    done = true;
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part);
    sending.destroy();
    return { status: response.statusCode, code: JSON.parse(Buffer.concat(parts).toString()).code, sent };
  };

  test.each([
    ['that says so', { 'content-length': String(GIGABYTE) }],
    ['that does not', { 'transfer-encoding': 'chunked' }],
  ])('%s is refused before it is held', async (_, headers) => {
    const { status, code, sent } = await pour(headers);
    expect({ status, code }).toEqual({ status: 413, code: 'bundle_too_large' });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    expect((await rejections('policy:default')).at(-1)).toBe('bundle_too_large');
    await stands();
  });

  test('is no row either', async () => {
    await expect(insertRow(' '.repeat(4 * 1024 * 1024 + 1))).rejects.toThrow('bundles_document_check');
  });
});

test('a row that came past every door is never judged, however well it is signed', async () => {
  const [epoch, text] = [await run.activeEpoch(), JSON.stringify(await evil())];
  await insertRow(text);
  // Each look at `control` would have found it; this one is waited for.
  const marker = await makeBundle({ version: 1, tenants: ['elsewhere'], signers: BOTH });
  expect(await run.judge(JSON.stringify(marker))).toMatchObject({ state: 'activated' });
  const min_epoch = await run.activeEpoch('elsewhere');
  expect(await run.ask({ topic: 'job.read.x', tenant: 'elsewhere' }, { min_epoch })).toMatchObject({ ok: true });
  expect(await run.activeEpoch()).toBe(epoch);
  const rows = await run.own.query(`SELECT state, code, judged_at FROM policy.bundles WHERE document = $1`, [text]);
  expect(rows).toEqual([{ state: 'pending', code: null, judged_at: null }]);
  await stands();
});

describe('who may', () => {
  test("another tenant's bundle is not published here, however well it is signed", async () => {
    const foreign = await evil({ tenants: ['others'] });
    expect(await door.post('admin', '/policy/bundles', foreign)).toMatchObject({
      status: 403,
      body: { code: 'bundle_scope_forbidden' },
    });
    expect(await door.post('admin', '/policy/bundles', await evil({ tenants: ['*'] }))).toMatchObject({ status: 403 });
    expect((await rejections('policy:default')).at(-1)).toBe('bundle_scope_forbidden');
    await stands();
  });

  test.each(['approver', 'auditor', 'agent'] as const)('%s neither publishes nor activates', async (who) => {
    const missing = { status: 403, body: { code: 'permission_missing' } };
    expect(await door.post(who, '/policy/bundles', await evil())).toMatchObject(missing);
    expect(await door.post(who, `/policy/bundles/${GOOD}/activate`)).toMatchObject(missing);
  });
});
