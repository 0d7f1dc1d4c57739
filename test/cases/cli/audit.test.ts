/**
 * An export and its verification: what the server hands out, in a file, proven with public keys alone; and what a consumer
 * builds from the ledger, as often as it likes.
 */
import { generateKeyPairSync, verify as verifySignature } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attest, preAuthEncoding } from '@countersign/cli/attest-record';
import { EXIT } from '@countersign/cli/exit-codes';
import { type Exporter, exportEvidence, exportTable } from '@countersign/cli/export-evidence';
import { foldEntries, followEntries } from '@countersign/client/follow-entries';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { RunRecord } from '@countersign/contracts/record';
import { formatVerifierKey, parseCheckpoint } from '@countersign/ledger/checkpoint';
import { PopulationDigest, signPopulation, verifyPopulation } from '@countersign/ledger/population';
import { entryBundle } from '@countersign/ledger/tiles';
import { describe, expect, test } from 'vitest';
import { type Exported, exportOf, history, LOG, logOf, newSigner, noteOver, rechained } from '../ledger/log-history.ts';
import { playApi } from './play-api.ts';
import { newFolder, runCli, writeOne } from './run-cli.ts';

const HONEST = exportOf(logOf(history()));
const SHOWN = shown(HONEST);
const VKEY = formatVerifierKey(LOG);

/** Pages of three, so that they are many. */
const PAGE = 3;
function serve(log: Exported, entriesOf = shown(log)): Exporter {
  return {
    entries: async ({ from = 0, kind, since = '', until = '~' } = {}) => {
      const page = entriesOf.slice(Number(from), Number(from) + PAGE);
      const entries = page.filter(
        ({ recorded_at, ...entry }) =>
          (kind === undefined || entry.kind === kind) && recorded_at >= since && recorded_at <= until,
      );
      return { entries, next: Number(from) + page.length, end: entriesOf.length };
    },
    checkpoint: async () => ({ tree_size: entriesOf.length, root_hash: '', note: log.note! }),
    tile: async (path) => {
      expect(path).toBe(`tile/entries/000.p/${entriesOf.length}`);
      return entryBundle(log.leaves.map((hash) => Buffer.from(hash, 'hex')));
    },
    policyDocument: async (snapshot) => ({ snapshot, scopes: ['*'], document: '{}' }),
    population: async (tree_size, from, last = tree_size) => {
      const to = Math.min(from + PAGE, last);
      const own = new PopulationDigest();
      for (const { leaf_index, hash } of entriesOf.slice(from, to)) own.add(leaf_index!, Buffer.from(hash, 'hex'));
      const said = { tenant: 'acme', head: headOf(log), from, to, count: own.count, digest: own.digest() };
      return { tree_size, from, to, note: signPopulation(said, [LOG]) };
    },
  };
}
const served = serve(HONEST);

function headOf({ note }: Exported) {
  const parsed = parseCheckpoint(note!);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.checkpoint;
}

function shown({ entries }: Exported): ShownEntry[] {
  return entries.map(({ time_us, body, ...entry }) => ({
    ...entry,
    body: JSON.parse(body) as ShownEntry['body'],
    recorded_at: new Date(time_us / 1000).toISOString().replace(/Z$/, `${String(time_us % 1000).padStart(3, '0')}Z`),
  }));
}

async function exported(all = true): Promise<string[]> {
  const lines: string[] = [];
  await exportEvidence(served, all, (line) => void lines.push(line));
  return lines;
}

function verified(lines: readonly string[], ...options: string[]) {
  return runCli('audit', 'verify', writeOne('export.ndjson', lines.join('')), '--json', '--log-key', VKEY, ...options);
}

describe('audit verify', () => {
  test('proves an export, and says whether anything was left out', async () => {
    const all = await verified(await exported());
    expect(all.json).toMatchObject({ verdict: 'holds', complete: true, entries: SHOWN.length, policies: 1 });
    expect(all.code).toBe(EXIT.done);
    expect((await verified(await exported(false))).json).toMatchObject({ verdict: 'holds', complete: false });
  });

  test('takes the file behind the keys too, and each key by an option of its own', async () => {
    const file = writeOne('export.ndjson', (await exported()).join(''));
    const other = formatVerifierKey(newSigner('other.test'));
    const keys = ['--log-key', other, '--log-key', VKEY];
    expect((await runCli('audit', 'verify', '--json', ...keys, file)).json).toMatchObject({ verdict: 'holds' });
  });

  test('proves a window, by leaves or by time, and that it is the one that was asked for', async () => {
    const lines: string[] = [];
    await exportEvidence(served, true, (line) => void lines.push(line), { from: 3, to: 8 });
    const part = await verified(lines);
    expect(part.json).toMatchObject({ verdict: 'holds', complete: true, entries: 5, within: 5, derived: false });
    const [since, until] = [SHOWN[4]!.recorded_at, SHOWN[6]!.recorded_at];
    const timed: string[] = [];
    await exportEvidence(served, true, (line) => void timed.push(line), { since, until });
    // All of it was recorded within the minute by which leaves may be out of order.
    const { json } = await verified(timed, '--since', since, '--until', until);
    expect(json).toMatchObject({ complete: true, entries: SHOWN.length, within: 3 });
    let csv = '';
    const keep = (line: string): void => {
      csv += line;
    };
    expect(await exportTable(served, true, keep, { since, until })).toMatchObject({ entries: 3 });
    expect(csv.trimEnd().split('\r\n')).toHaveLength(1 + json.within);
    expect((await verified(timed, '--since', SHOWN[3]!.recorded_at, '--until', SHOWN[7]!.recorded_at)).code).toBe(
      EXIT.usage,
    );
    expect((await verified(lines, '--since', since)).code).toBe(EXIT.usage);
  });

  test('a window of time has an entry before it and one after it, and without these it proves nothing', async () => {
    const apart = HONEST.entries.map((entry, i) => ({ ...entry, time_us: entry.time_us + i * 120_000_000 }));
    const log = exportOf(rechained(apart));
    const [since, until] = [5, 6].map((i) => shown(log)[i]!.recorded_at);
    const lines: string[] = [];
    await exportEvidence(serve(log), true, (line) => void lines.push(line), { since: since!, until: until! });
    const { json } = await verified(lines, '--since', since!, '--until', until!);
    expect(json).toMatchObject({ verdict: 'holds', entries: 4, within: 2, window: { from: 4, to: 8 } });
    const inner = lines.filter((line) => !/"leaf_index":[47],/.test(line));
    const said = inner.map((line) =>
      line.replace('"from":4,"to":8', '"from":5,"to":7').replace('"entries":4', '"entries":2'),
    );
    const { faults } = (await verified(said, '--since', since!, '--until', until!)).json;
    expect(faults.map((fault: { code: string }) => fault.code)).toEqual(['window_shortened', 'window_shortened']);
  });

  test('names the first bad entry, with an exit code of its own', async () => {
    const lines = (await exported()).map((line) => line.replace('\\"bot\\"', '\\"eve\\"'));
    const { json, code } = await verified(lines);
    expect(json.faults[0]).toEqual({ code: 'hash_mismatch', at: 'leaf 2, job:acme:straight#1' });
    expect(code).toBe(EXIT.broken);
  });

  test('an activation without its signed document is none, as soon as it is known who may sign', async () => {
    const key = {
      key_id: 'k',
      public_key: 'A'.repeat(43),
      not_before: '2020-01-01T00:00:00Z',
      not_after: '2030-01-01T00:00:00Z',
    };
    const root = writeOne('root.json', JSON.stringify({ threshold: 1, keys: [key] }));
    const { json } = await verified(await exported(), '--trust-root', root);
    expect(json.faults[0]).toEqual({ code: 'policy_unsigned', at: 'leaf 0, policy:*#1' });
  });

  test('a checkpoint kept from before, and witnesses', async () => {
    const kept = writeOne('kept', noteOver(HONEST.leaves.slice(0, 5), LOG));
    expect((await verified(await exported(), '--kept', kept)).json).toMatchObject({ verdict: 'holds', kept_size: 5 });
    const other = writeOne('other', noteOver(HONEST.leaves.slice(1, 5), LOG));
    expect((await verified(await exported(), '--kept', other)).json.faults[0].code).toBe('history_rewritten');
    const foreign = writeOne('foreign', noteOver(HONEST.leaves, newSigner('log.test')));
    expect((await verified(await exported(), '--kept', foreign)).code).toBe(EXIT.usage);
  });

  test.each([
    ['an empty file', () => []],
    ['something else', () => ['{"type":"header","format":"other"}\n']],
    ['no JSON', (lines: string[]) => [...lines, 'nonsense\n']],
    ['a file that was cut off', (lines: string[]) => lines.slice(0, -1)],
  ])('%s is no export', async (_, change) => {
    expect((await verified(change(await exported()))).code).toBe(EXIT.usage);
  });

  test('a key that is none is said', async () => {
    const { code } = await runCli('audit', 'verify', 'nowhere', '--json', '--log-key', 'log.test+00000000+AAAA');
    expect(code).toBe(EXIT.usage);
  });
});

test('audit key prints what audit verify takes', async () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const pem = writeOne('log.pem', publicKey.export({ type: 'spki', format: 'pem' }) as string);
  const { out } = await runCli('audit', 'key', pem, '--origin', 'log.test');
  const public_key = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
  expect(out.trim()).toBe(formatVerifierKey({ name: 'log.test', public_key }));
});

test('a table holds a row for each entry, and nothing that a spreadsheet would compute', async () => {
  let csv = '';
  await exportTable(served, true, (line) => {
    csv += line;
  });
  expect(csv.trimEnd().split('\r\n')).toHaveLength(SHOWN.length + 1);
  expect(csv).not.toMatch(/(^|,)[=+@-]/m);
});

test('a table is proven by the export of the same entries: each row is that of an entry, and none lacks one', async () => {
  let csv = '';
  const { recorded_at: until } = SHOWN.at(-3)!;
  await exportTable(served, true, (line) => {
    csv += line;
  });
  const [head, ...rows] = csv.trimEnd().split('\r\n');
  const against = async (lines: readonly (string | undefined)[], ...options: string[]) => {
    const table = writeOne('ledger.csv', `${lines.join('\r\n')}\r\n`);
    return verified(await exported(), '--table', table, ...options);
  };
  const whole = await against([head, ...rows]);
  expect(whole.json).toMatchObject({ verdict: 'holds', table_rows: SHOWN.length });
  const timed = await against([head, ...rows.slice(0, -2)], '--until', until);
  expect(timed.json).toMatchObject({ verdict: 'holds', table_rows: SHOWN.length - 2 });
  const at = (row: number, leaf?: number) => `row ${row} of the table${leaf === undefined ? '' : `, leaf ${leaf}`}`;
  for (const [lines, where] of [
    [[head, ...rows.slice(1)], at(2, 0)],
    [[head, ...rows.slice(0, 3), rows[3]!.replace('acme', 'acne'), ...rows.slice(4)], at(5, 3)],
    [[head, rows[1], rows[0], ...rows.slice(2)], at(2, 0)],
    [[head, ...rows.slice(0, -1)], at(rows.length + 1, SHOWN.length - 1)],
    [[head, ...rows, rows[0]], at(rows.length + 2)],
    [rows, at(1)],
    [[], at(1)],
  ] as const) {
    const { json, code } = await against(lines);
    expect([json.faults, code]).toEqual([[{ code: 'table_differs', at: where }], EXIT.broken]);
  }
  const nowhere = await verified(await exported(), '--table', join(newFolder(), 'none.csv'));
  expect(nowhere.code).toBe(EXIT.usage);
});

describe("a tenant's export", () => {
  const codes = async (lines: readonly string[]) => {
    const { json, code } = await verified(lines);
    return { codes: json.faults.map((fault: { code: string }) => fault.code), population: json.population, code };
  };
  const without = (lines: readonly string[], text: string): string[] => {
    const kept = lines.filter((line) => !line.includes(text));
    const entries = kept.filter((line) => line.startsWith('{"type":"entry"')).length;
    return kept.map((line) =>
      line.startsWith('{"type":"end"') ? line.replace(/"entries":\d+/, `"entries":${entries}`) : line,
    );
  };

  test('shows that no whole chain is missing, by what the log signed of its population', async () => {
    const own = await exported(false);
    expect(await codes(own)).toEqual({ codes: [], population: 'acme', code: EXIT.done });
    expect((await verified(await exported(true))).json).toMatchObject({ complete: true, population: null });
    const window: string[] = [];
    await exportEvidence(served, false, (line) => void window.push(line), { from: 2, to: 9 });
    expect(await codes(window)).toEqual({ codes: [], population: 'acme', code: EXIT.done });
  });

  test('from which a whole chain was left out is found, though every chain in it is whole', async () => {
    const own = without(await exported(false), '"chain":"job:acme:denied"');
    expect(await codes(own)).toEqual({ codes: ['population_differs'], population: null, code: EXIT.broken });
    // Without the log's word nobody could tell.
    expect(await codes(without(own, '"type":"population"'))).toEqual({ codes: [], population: null, code: EXIT.done });
  });

  test('takes no statement that is missing, altered, of another log, tenant or tree, or given twice', async () => {
    const own = await exported(false);
    const at = own.flatMap((line, i) => (line.startsWith('{"type":"population"') ? [i] : []));
    const noteAt = (i: number): string => JSON.parse(own[at[i]!]!).note;
    const instead = (note: string) => own.with(at[1]!, `${JSON.stringify({ type: 'population', note })}\n`);
    const said = verifyPopulation(noteAt(1), [LOG])!;
    const other = { ...said.head, root: Buffer.alloc(32) };
    for (const lines of [
      own.toSpliced(at[1]!, 1),
      own.toSpliced(at.at(-1)!, 1),
      own.toSpliced(at[0]!, 1),
      instead(noteAt(0)),
      instead(noteAt(1).replace('acme', 'evil')),
      instead(signPopulation(said, [newSigner('log.test')])),
      instead(signPopulation({ ...said, tenant: 'rival' }, [LOG])),
      instead(signPopulation({ ...said, head: other }, [LOG])),
      instead(signPopulation({ ...said, count: said.count + 1 }, [LOG])),
      instead(HONEST.note!),
    ]) {
      const { population, code } = await codes(lines);
      expect({ population, code }).toEqual({ population: null, code: EXIT.broken });
    }
  });
});

test('a run record is attested so that anybody with the key can check it', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const record = { run_id: 'j1', job_hash: `sha256:${'a'.repeat(64)}`, tenant: 'acme' } as RunRecord;
  const envelope = attest(record, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const payload = Buffer.from(envelope.payload, 'base64');
  expect(JSON.parse(payload.toString())).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'j1', digest: { sha256: 'a'.repeat(64) } }],
    predicate: record,
  });
  const signature = Buffer.from(envelope.signatures[0]!.sig, 'base64');
  expect(verifySignature(null, preAuthEncoding(envelope.payloadType, payload), publicKey, signature)).toBe(true);
  expect(verifySignature(null, preAuthEncoding('other', payload), publicKey, signature)).toBe(false);
  expect(Buffer.from(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'))).toString()).toBe(
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
});

test('audit attest and audit export ask the API, and leave nothing half-written', async () => {
  const record = { run_id: 'j1', job_hash: `sha256:${'a'.repeat(64)}` };
  await using api = await playApi({ 'GET /jobs/j1/record': () => ({ body: record }) });
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = writeOne('auditor.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const at = ['--url', api.url, '--key', 'cs_test', '--json'];
  const { json } = await runCli('audit', 'attest', 'j1', '--signing-key', key, ...at);
  expect(JSON.parse(Buffer.from(json.payload, 'base64').toString()).predicate).toEqual(record);
  const none = await runCli('audit', 'attest', 'j1', '--signing-key', writeOne('none.pem', 'nothing'), ...at);
  expect(none.code).toBe(EXIT.usage);
  const out = join(newFolder(), 'export.ndjson');
  expect((await runCli('audit', 'export', '--out', out, ...at)).code).not.toBe(EXIT.done);
  expect(existsSync(out)).toBe(false);
  const taken = writeOne('taken', 'kept');
  expect((await runCli('audit', 'export', '--out', taken, ...at)).code).toBe(EXIT.usage);
  expect(readFileSync(taken, 'utf8')).toBe('kept');
});

describe('a consumer', () => {
  const count = (model: Record<string, number>, { kind }: ShownEntry) => ({ ...model, [kind]: (model[kind] ?? 0) + 1 });

  test('builds the same read model again, from the beginning or from where it left off', async () => {
    const whole = await foldEntries(served, {}, count);
    expect(whole.next).toBe(SHOWN.length);
    expect(await foldEntries(served, {}, count)).toEqual(whole);
    let model: Record<string, number> = {};
    let next = 0;
    for await (const entry of followEntries(served)) {
      if (entry.leaf_index === 7) break;
      model = count(model, entry);
      next = entry.leaf_index! + 1;
    }
    expect(await foldEntries(served, model, count, { from: next })).toEqual(whole);
  });

  test('hears what comes until it has heard enough', async () => {
    const enough = new AbortController();
    const heard: number[] = [];
    for await (const { leaf_index } of followEntries(served, { live: true, pause_ms: 1, signal: enough.signal })) {
      heard.push(leaf_index!);
      if (leaf_index === SHOWN.length - 1) enough.abort();
    }
    expect(heard).toEqual(SHOWN.map(({ leaf_index }) => leaf_index));
  });
});
