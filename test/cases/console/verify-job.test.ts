/** What a browser proves of a job, tried by everything that should not pass, and what stands in for Node there, beside Node itself. */
import { createHash, randomBytes } from 'node:crypto';
import { BrowserBuffer } from '@countersign/console/node-buffer';
import { createHash as ownCreateHash, hash as ownHash } from '@countersign/console/node-crypto';
import { type Proof, verifyJob } from '@countersign/console/verify-job';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { formatVerifierKey } from '@countersign/ledger/checkpoint';
import { appendLeaves, EMPTY_TREE, leafHash, proveInclusion } from '@countersign/ledger/merkle';
import type { LoggedEntry } from '@countersign/ledger/verify-log';
import { describe, expect, test } from 'vitest';
import { hashOf, history, LOG, logOf, newSigner, noteOver } from '../ledger/log-history.ts';

const CHAIN = 'job:acme:careful';
const LEAVES = logOf(history());

/** Of the whole log, or as somebody else would rather have it. */
async function proofOf(log: readonly LoggedEntry[] = LEAVES, signer = LOG): Promise<Proof> {
  const own = log.filter(({ chain }) => chain === CHAIN);
  const leaf_index = own.at(-1)!.leaf_index;
  const leaves = log.map(({ hash }) => Buffer.from(hash, 'hex'));
  const { completed } = appendLeaves(EMPTY_TREE, leaves.map(leafHash));
  const at = (level: number, index: bigint) => completed.find((node) => node.level === level && node.index === index)!;
  const hashes = await proveInclusion(BigInt(leaf_index), BigInt(log.length), (nodes) =>
    nodes.map(({ level, index }) => at(level, index).hash),
  );
  const note = noteOver(
    log.map(({ hash }) => hash),
    signer,
  );
  const inclusion = {
    leaf_index,
    tree_size: log.length,
    hashes: hashes.map((each) => Buffer.from(each).toString('hex')),
    note,
  };
  return { chain: CHAIN, entries: own.map(shown), inclusion, vkey: ` ${formatVerifierKey(LOG)}\n` };
}

/** As the API shows it. */
function shown({ time_us, body, ...entry }: LoggedEntry): ShownEntry {
  const micros = String(time_us % 1_000_000).padStart(6, '0');
  const recorded_at = `${new Date(Math.floor(time_us / 1000)).toISOString().slice(0, 19)}.${micros}Z`;
  return { ...entry, recorded_at, body: JSON.parse(body) };
}

/** How many steps hold before the first that does not; 3 is a proof. */
const held = (proof: Proof): number => verifyJob(proof).filter(({ ok }) => ok).length;

describe('a job is proven', () => {
  test('by its entries, their place in the log, and the signature of the key that is given', async () => {
    const steps = verifyJob(await proofOf());
    expect(steps).toEqual(Array(3).fill({ ok: true, says: expect.any(String) }));
  });

  test.each<[string, number, (proof: Proof) => unknown]>([
    ['an entry was changed', 0, ({ entries }) => (entries[1]!.body.reason = 'another')],
    ['an entry was left out', 0, ({ entries }) => (entries as ShownEntry[]).splice(2, 1)],
    ['the last entry was left out', 1, ({ entries }) => (entries as ShownEntry[]).pop()],
    ['there is none', 0, ({ entries }) => (entries as ShownEntry[]).splice(0)],
    ['they are of another job', 0, (proof) => (proof.chain = 'job:acme:other')],
    ['an entry is no entry', 0, ({ entries }) => ((entries as unknown[])[0] = null)],
    ['no checkpoint is there', 1, (proof) => (proof.inclusion = null)],
    ['the place is another', 1, ({ inclusion }) => (inclusion!.leaf_index -= 1)],
    ['the size is another', 1, ({ inclusion }) => (inclusion!.tree_size += 1)],
    ['the path is shorter', 1, ({ inclusion }) => inclusion!.hashes.pop()],
    ['the note is none', 1, ({ inclusion }) => (inclusion!.note = 'signed, the log')],
    ['the key is another', 2, (proof) => (proof.vkey = formatVerifierKey(newSigner('log.test')))],
    ['the key is none', 2, (proof) => (proof.vkey = 'trust me')],
  ])('and not if %s', async (_name, steps, change) => {
    const proof = structuredClone(await proofOf());
    change(proof);
    expect(held(proof)).toBe(steps);
  });

  test('and not by who makes a whole log anew without its key', async () => {
    const at = LEAVES.findIndex(({ chain, kind }) => chain === CHAIN && kind === 'approval_voted');
    const forged = LEAVES.map((entry, i) =>
      i === at ? { ...entry, body: entry.body.replace('"ann"', '"eve"') } : entry,
    );
    const heads = new Map<string, string>();
    const rehashed = forged.map((entry) => {
      const made = { ...entry, prev_hash: heads.get(entry.chain) ?? '0'.repeat(64) };
      const hash = hashOf(made);
      heads.set(entry.chain, hash);
      return { ...made, hash };
    });
    expect(rehashed[at]!.body).toContain('"eve"');
    expect(held(await proofOf(rehashed, newSigner('log.test')))).toBe(2);
  });
});

describe('in place of Node', () => {
  test.each([0, 1, 55, 56, 63, 64, 111, 112, 127, 128, 129, 1000])('%d bytes hash the same', (length) => {
    const bytes = randomBytes(length);
    expect(ownHash('sha256', bytes, 'hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    const own = ownCreateHash('sha512').update(bytes).digest();
    expect(Buffer.from(own).toString('hex')).toBe(createHash('sha512').update(bytes).digest('hex'));
  });

  test('bytes are read, written and compared the same', () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    for (const text of ['', 'AQ==', 'AQ', 'A', '-_8=', 'a b\n', 'für', '=', 'AQ=A', 'deadbeef', 'DEADBEE', 'xy'])
      for (const as of ['utf8', 'base64', 'hex'] as const)
        expect([as, text, hex(BrowserBuffer.from(text, as))]).toEqual([as, text, hex(Buffer.from(text, as))]);
    for (const length of [0, 1, 2, 3, 32]) {
      const bytes = randomBytes(length);
      const own = BrowserBuffer.from(bytes);
      for (const as of ['hex', 'base64'] as const) expect(own.toString(as)).toBe(bytes.toString(as));
      expect(hex(BrowserBuffer.concat([own, bytes, own.subarray(1)]))).toBe(
        hex(Buffer.concat([bytes, bytes, bytes.subarray(1)])),
      );
    }
    const some = [[], [1], [1, 2], [2], [1, 0], [255]].map((bytes) => Uint8Array.from(bytes));
    for (const a of some) for (const b of some) expect(BrowserBuffer.compare(a, b)).toBe(Buffer.compare(a, b));
    const [own, real] = [BrowserBuffer.alloc(16), Buffer.alloc(16)];
    for (const into of [own, real]) {
      into.writeUInt32BE(0xfedcba98, 1);
      into.writeBigUInt64BE(2n ** 63n + 5n, 7);
    }
    expect(hex(own)).toBe(hex(real));
    expect(BrowserBuffer.byteLength('für')).toBe(4);
    expect(globalThis.Buffer).toBe(Buffer);
  });
});
