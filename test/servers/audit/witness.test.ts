/**
 * A witness cosigns one history of a log and no other, whatever it is shown, and remembers what it cosigned; the running
 * service shows it each checkpoint and hands its word on.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { answerCheckpoint, serveWitness, type Witness } from '@countersign/cli/witness-command';
import { openWitnessState } from '@countersign/cli/witness-state';
import { waitUntil } from '@countersign/infra/wait-until';
import { signCheckpoint } from '@countersign/ledger/checkpoint';
import { formatWitnessKey, parseWitnessKey, readCosignatures } from '@countersign/ledger/cosignature';
import {
  appendLeaves,
  EMPTY_TREE,
  type HashReader,
  leafHash,
  proveConsistency,
  rootOf,
} from '@countersign/ledger/merkle';
import { formatRequest } from '@countersign/ledger/witness';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { LOG, newSigner } from '../../cases/ledger/log-history.ts';
import { appendAll, entry } from './ledger-database.ts';
import { runAudit } from './run-audit.ts';

const LEAVES = Array.from({ length: 40 }, (_, i) => leafHash(Buffer.from(`entry ${i}`)));
const FORK = LEAVES.map((leaf, i) => (i === 3 ? leafHash(Buffer.from('another')) : leaf));

function newFile(): string {
  return join(mkdtempSync(join(inject('test_stack').run_dir, 'witness-')), 'state.json');
}

function noteOf(leaves: readonly Uint8Array[], signer = LOG): string {
  const { tree } = appendLeaves(EMPTY_TREE, leaves);
  return signCheckpoint({ size: tree.size, root: rootOf(tree) }, signer);
}

function proofOf(older: number, leaves: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const stored = new Map(
    appendLeaves(EMPTY_TREE, leaves).completed.map((node) => [`${node.level}/${node.index}`, node.hash]),
  );
  const read: HashReader = (nodes) => nodes.map(({ level, index }) => stored.get(`${level}/${index}`)!);
  return proveConsistency(BigInt(older), BigInt(leaves.length), read);
}

async function shown(older: number, leaves: readonly Uint8Array[]): Promise<string> {
  return formatRequest(BigInt(older), older === 0 ? [] : await proofOf(older, leaves), noteOf(leaves));
}

describe('a witness', () => {
  const signer = newSigner('witness.test');
  const cleanUp = new AsyncDisposableStack();
  afterAll(() => cleanUp.disposeAsync());
  let path: string;
  let witness: Witness;
  const open = (): Witness => {
    const state = openWitnessState(path);
    return { signer, logs: [LOG], state, now_s: () => 1_700_000_000n };
  };
  const ask = (request: string): [number, string] => {
    const { status, body } = answerCheckpoint(witness, request);
    return [status, body];
  };
  beforeEach(async () => {
    path = newFile();
    witness = open();
    expect(ask(await shown(0, LEAVES.slice(0, 10)))[0]).toBe(200);
  });

  test('cosigns with its time what continues the last size that it cosigned', async () => {
    const [status, line] = ask(await shown(10, LEAVES));
    expect(status).toBe(200);
    const note = noteOf(LEAVES) + line;
    expect(readCosignatures(note, [signer])).toEqual([{ witness: 'witness.test', time_s: 1_700_000_000n }]);
    expect(readCosignatures(note, [newSigner('witness.test')])).toEqual([]);
    expect(readCosignatures(note.replace('log.test\n', 'log.test2\n'), [signer])).toEqual([]);
    // The same again is the same log.
    expect(ask(formatRequest(40n, [], noteOf(LEAVES)))[0]).toBe(200);
  });

  test('says which size it knows to a log that was set back or starts again, and cosigns nothing', async () => {
    expect(ask(await shown(0, LEAVES))).toEqual([409, '10\n']);
    expect(ask(await shown(5, LEAVES))).toEqual([409, '10\n']);
    expect(ask(await shown(0, LEAVES.slice(0, 5)))).toEqual([409, '10\n']);
    expect(ask(await shown(5, LEAVES.slice(0, 7)))).toEqual([409, '10\n']);
  });

  test('refuses a fork: at the same size, and grown', async () => {
    expect(ask(formatRequest(10n, [], noteOf(FORK.slice(0, 10))))[0]).toBe(409);
    expect(ask(await shown(10, FORK))[0]).toBe(422);
    expect(ask(formatRequest(10n, [], noteOf(LEAVES)))[0]).toBe(422);
    // And goes on with the log that it knows.
    expect(ask(await shown(10, LEAVES))[0]).toBe(200);
  });

  test('refuses what is no request, logs that it does not watch, and keys that are not the log’s', async () => {
    expect(ask('')[0]).toBe(400);
    expect(ask('old 10\nnonsense\n\nmore')[0]).toBe(400);
    expect(ask(formatRequest(41n, [], noteOf(LEAVES)))[0]).toBe(400);
    expect(ask(formatRequest(0n, [], noteOf(LEAVES, newSigner('other.test'))))[0]).toBe(404);
    expect(ask(formatRequest(10n, await proofOf(10, LEAVES), noteOf(LEAVES, newSigner('log.test'))))[0]).toBe(403);
  });

  test('remembers after a restart; without a readable memory it cosigns nothing; one process at a time', async () => {
    expect(ask(await shown(10, LEAVES.slice(0, 20)))[0]).toBe(200);
    expect(() => openWitnessState(path)).toThrow(/another witness/);
    witness.state.close();
    witness = open();
    expect(ask(await shown(10, LEAVES))).toEqual([409, '20\n']);
    witness.state.close();
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -5));
    expect(open).toThrow(/not the state of a witness/);
  });

  test('keeps before it signs: what could not be kept is not signed', async () => {
    const state = {
      ...witness.state,
      keep: () => {
        throw new Error('the disk is full');
      },
    };
    const request = await shown(10, LEAVES);
    expect(() => answerCheckpoint({ ...witness, state }, request)).toThrow('the disk is full');
  });

  test('a witness that was set back cosigns again what it had cosigned, and never another history with a kept checkpoint', async () => {
    const before = readFileSync(path, 'utf8');
    expect(ask(await shown(10, LEAVES.slice(0, 20)))[0]).toBe(200);
    witness.state.close();
    writeFileSync(path, before);
    witness = open();
    // It has forgotten; whoever kept the checkpoint of 20 sees the fork (`verify-log.test.ts`).
    expect(ask(await shown(10, LEAVES.slice(0, 20)))[0]).toBe(200);
    expect(ask(await shown(20, FORK))[0]).toBe(422);
  });

  test('its key is written so that it can be read again, and is no log’s key', () => {
    const line = formatWitnessKey(signer);
    expect(parseWitnessKey(line)).toEqual({ name: signer.name, public_key: Uint8Array.from(signer.public_key) });
    expect(parseWitnessKey(line.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))).toBeNull();
  });
});

test('the running service shows each checkpoint, hands the cosignature on, and notices that it was set back', async () => {
  await using run = await runAudit();
  const signer = newSigner('witness.test');
  const state = openWitnessState(newFile());
  const server = await serveWitness({ signer, logs: [run.log], state, now_s: () => 7n }, '127.0.0.1', 0);
  run.cleanUp.defer(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const WITNESSES = `${formatWitnessKey(signer)} http://127.0.0.1:${port}`;
  run.cleanUp.use(await run.startAudit({ WITNESSES }));
  const cosigned = async (size: number): Promise<boolean> => {
    const { tree_size, note } = await run.ingress
      .call('audit.checkpoint', { tree_size: null })
      .catch(() => ({ tree_size: 0, note: '' }));
    return tree_size === size && readCosignatures(note, [signer]).length === 1;
  };
  await appendAll(run.ledger.as('scheduler'), [entry('job:acme:one')]);
  await waitUntil('the first checkpoint is cosigned', () => cosigned(1), { timeout_ms: 20_000 });
  await appendAll(run.ledger.as('scheduler'), [entry('job:acme:two'), entry('job:acme:three')]);
  await waitUntil('the next one is', () => cosigned(3), { timeout_ms: 20_000 });
  // The witness saw more of this log than there is: from now on it cosigns nothing.
  state.keep(run.log.name, { size: 100n, root: Buffer.alloc(32) });
  await appendAll(run.ledger.as('scheduler'), [entry('job:acme:four')]);
  await waitUntil(
    'it is signed',
    async () => (await run.ingress.call('audit.checkpoint', { tree_size: null })).tree_size === 4,
  );
  expect(await cosigned(4)).toBe(false);
  await expect(run.startAudit({ WITNESSES: 'nobody http://127.0.0.1' })).rejects.toThrow(/WITNESSES/);
});
