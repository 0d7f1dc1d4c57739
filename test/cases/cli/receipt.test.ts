/** COSE receipts, read with a decoder of somebody else's and checked by the RFCs' own words: nothing of ours but the bytes. */
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { type Cbor, encodeCbor } from '@countersign/ledger/cbor';
import { formatVerifierKey, type NoteSigner } from '@countersign/ledger/checkpoint';
import { decode, encode, rfc8949EncodeOptions, Tagged } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportOf, history, LOG, logOf, newSigner, noteOver } from '../ledger/log-history.ts';
import { playApi } from './play-api.ts';
import { newFolder, runCli, writeOne } from './run-cli.ts';

const { entries, leaves } = exportOf(logOf(history()));
const SHOWN: ShownEntry[] = entries.map(({ time_us, body, ...entry }) => ({
  ...entry,
  body: JSON.parse(body) as ShownEntry['body'],
  recorded_at: new Date(time_us / 1000).toISOString().replace(/Z$/, `${String(time_us % 1000).padStart(3, '0')}Z`),
}));
const DATA = leaves.map((hash) => Buffer.from(hash, 'hex'));
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const TAGS = Tagged.preserve(18);

type Change = {
  entry?: (entry: ShownEntry) => ShownEntry;
  hashes?: (hashes: string[]) => string[];
  signer?: NoteSigner;
};

/** Of the job, from an API that may lie. */
async function receiptOf(job_id: string, { entry = (it) => it, hashes = (it) => it, signer = LOG }: Change = {}) {
  await using api = await playApi({
    'GET /evidence/entries': ({ query }) => ({
      body: { entries: SHOWN.filter(({ chain }) => chain.endsWith(`:${query.job_id}`)).map(entry), next: 99, end: 99 },
    }),
    'GET /evidence/inclusion': ({ query }) => ({
      body: {
        ...{ leaf_index: Number(query.leaf_index), tree_size: DATA.length, note: noteOver(leaves, signer) },
        hashes: hashes(pathTo(Number(query.leaf_index), DATA).map((hash) => hash.toString('hex'))),
      },
    }),
  });
  const out = join(newFolder(), 'receipt.cbor');
  const { json, code } = await runCli(
    ...['audit', 'receipt', job_id, '--url', api.url, '--key', 'k', '--json', '--issuer', 'https://plane.example'],
    ...['--signing-key', writeOne('key.pem', PEM), '--log-key', formatVerifierKey(LOG), '--out', out],
  );
  return { json, code, receipt: existsSync(out) ? readFileSync(out) : null };
}

describe('a receipt', () => {
  test('holds: whoever has the entry’s hash comes to the root that was signed', async () => {
    const { json, code, receipt } = await receiptOf('careful');
    expect(code).toBe(EXIT.done);
    const last = SHOWN.findLast(({ chain }) => chain.endsWith(':careful'))!;
    expect(json).toMatchObject({
      entry: last.hash,
      kind: last.kind,
      leaf_index: last.leaf_index,
      tree_size: String(DATA.length),
    });
    const { headers, proof, root } = checked(receipt!, Buffer.from(json.entry, 'hex'));
    expect([...headers]).toEqual([
      [1, -8],
      [4, createPublicKey(PEM).export({ type: 'spki', format: 'der' }).subarray(-32)].map((part) =>
        typeof part === 'number' ? part : new Uint8Array(part),
      ),
      [
        15,
        new Map<number, string>([
          [1, 'https://plane.example'],
          [2, last.chain],
        ]),
      ],
      [395, 1],
    ]);
    expect(proof).toMatchObject([DATA.length, last.leaf_index, { length: pathTo(last.leaf_index!, DATA).length }]);
    expect(root).toEqual(treeHash(DATA));
  });

  test('of another entry, or with another bit, does not hold', async () => {
    const { receipt, json } = await receiptOf('straight');
    const entry = Buffer.from(json.entry, 'hex');
    expect(() => checked(receipt!, DATA[0]!)).toThrow('signature');
    for (const at of [8, receipt!.length - 1]) {
      const bent = Buffer.from(receipt!);
      bent[at]! ^= 1;
      expect(() => checked(bent, entry)).toThrow();
    }
  });

  test.each<[string, Change]>([
    ['a chain that was changed', { entry: (entry) => ({ ...entry, body: { ...entry.body, actor: 'eve' } }) }],
    [
      'a way that leads elsewhere',
      { hashes: ([first, ...rest]) => [first!.replace(/^./, (digit) => (digit === '0' ? '1' : '0')), ...rest] },
    ],
    ['a way that is too short', { hashes: (hashes) => hashes.slice(1) }],
    ['a log of somebody else', { signer: newSigner('log.test') }],
  ])('is never issued over %s', async (_, change) => {
    expect(await receiptOf('careful', change)).toMatchObject({ code: EXIT.broken, receipt: null });
  });

  test('of a job that nothing is sealed of is refused', async () => {
    expect(await receiptOf('nobody')).toMatchObject({ code: EXIT.refused, receipt: null });
  });
});

test('CBOR is what another encoder makes of the same', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const leaf = fc.oneof(
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
    fc.string(),
    bytes,
    fc.constant(null),
  );
  const { value } = fc.letrec<{ value: Cbor }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 30 }),
      fc.array(fc.tuple(fc.integer(), tie('value')), { maxLength: 30 }).map((pairs) => new Map(pairs)),
    ),
  }));
  fc.assert(fc.property(value, (each) => Buffer.compare(encodeCbor(each), encode(each, rfc8949EncodeOptions)) === 0));
  expect(
    Buffer.from(
      encodeCbor({
        tag: 18,
        value: [
          new Map([
            [396, 1],
            [-1, null],
            [1, 2],
          ]),
        ],
      }),
    ).toString('hex'),
  ).toBe('d281a3010219018c0120f6');
});

/** RFC 9942, section 5.2.1, and RFC 9052, section 4.4. Throws for a receipt that does not hold. */
function checked(receipt: Uint8Array, entry: Uint8Array) {
  const { value } = decode(receipt, { tags: TAGS, useMaps: true });
  const [protectedBytes, unprotected, payload, signature] = value;
  if (payload !== null) throw new Error('payload');
  const headers: Map<number, unknown> = decode(protectedBytes, { useMaps: true });
  const proof: [number, number, Uint8Array[]] = decode(unprotected.get(396).get(-1)[0]);
  const root = rootFrom(leafOf(entry), ...proof);
  const signed = encode(['Signature1', protectedBytes, new Uint8Array(), new Uint8Array(root)]);
  if (!verify(null, signed, publicKey, signature)) throw new Error('signature');
  return { headers, proof, root };
}

/** RFC 9162, section 2.1.3.2. */
function rootFrom(leaf: Buffer, size: number, index: number, path: readonly Uint8Array[]): Buffer {
  let [fn, sn, r] = [index, size - 1, leaf];
  for (const p of path) {
    if (sn === 0) throw new Error('path');
    if (fn % 2 === 1 || fn === sn) {
      r = sha256(1, p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else r = sha256(1, r, p);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  if (sn !== 0) throw new Error('path');
  return r;
}

/** RFC 9162, sections 2.1.1 and 2.1.3.1, as they are written. */
function treeHash(data: readonly Buffer[]): Buffer {
  if (data.length === 1) return leafOf(data[0]!);
  const k = splitOf(data.length);
  return sha256(1, treeHash(data.slice(0, k)), treeHash(data.slice(k)));
}

function pathTo(m: number, data: readonly Buffer[]): Buffer[] {
  if (data.length === 1) return [];
  const k = splitOf(data.length);
  return m < k
    ? [...pathTo(m, data.slice(0, k)), treeHash(data.slice(k))]
    : [...pathTo(m - k, data.slice(k)), treeHash(data.slice(0, k))];
}

function splitOf(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

function leafOf(data: Uint8Array): Buffer {
  return sha256(0, data);
}

function sha256(prefix: number, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(Uint8Array.of(prefix));
  for (const part of parts) hash.update(part);
  return hash.digest();
}
