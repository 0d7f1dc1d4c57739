/**
 * Writes the ledger down as lines of JSON that can be verified without the server: each policy before its activation, the
 * hashes of all leaves, the entries among them, the signed checkpoint over it all, and how many there are.
 */
import type { Client } from '@countersign/client/create-client';
import { followEntries } from '@countersign/client/follow-entries';
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { instantOf, type LogWindow, microsecondsOf } from '@countersign/ledger/log-window';
import { formatTilePath, TILE_WIDTH } from '@countersign/ledger/tiles';

export const FORMAT = 'countersign-export/1';
export type Exporter = Pick<Client, 'entries' | 'checkpoint' | 'tile' | 'policyDocument' | 'population'>;
export type Exported = { entries: number; leaves: number; policies: number };

/** Which part of the log: leaves `from` up to and not including `to`, or what was recorded in a time, both ends included. */
export type ExportWindow = { from?: number; to?: number; since?: string; until?: string };

/** Of a table, in their order. */
const COLUMNS = [
  'leaf_index',
  'recorded_at',
  'tenant',
  'chain',
  'seq',
  'kind',
  'recorded_by',
  'topic',
  'hash',
  'body',
] as const;
export const TABLE_HEAD = COLUMNS.join(',');

/** `all`: every tenant's entries, so that it can be proven complete; else the own tenant's. */
export async function exportEvidence(
  client: Exporter,
  all: boolean,
  write: (line: string) => void,
  asked: ExportWindow = {},
): Promise<Exported> {
  const say = (type: string, fields: object): void => write(`${JSON.stringify({ type, ...fields })}\n`);
  const { tree_size, note } = await client.checkpoint();
  const tenants = all ? 'all' : 'own';
  const window = await leavesOf(client, tenants, asked, tree_size);
  say('header', { format: FORMAT, tenants, tree_size, ...(window === null ? {} : { window }) });
  const done = { entries: 0, leaves: 0, policies: 0 };
  const seen = new Set<string>();
  const fillUpTo = async (leaf: number): Promise<void> => {
    while (done.leaves <= leaf && done.leaves < tree_size) {
      const width = Math.min(TILE_WIDTH, tree_size - done.leaves);
      say('leaves', { from: done.leaves, hashes: await readLeaves(client, done.leaves / TILE_WIDTH, width) });
      done.leaves += width;
    }
  };
  const last = window?.to ?? tree_size;
  let said = window?.from ?? 0;
  // Before the entries that each speaks of; of all tenants' entries nothing has to be said.
  const sayUpTo = async (leaf: number): Promise<void> => {
    while (!all && said <= leaf && said < last) {
      const { note, to } = await client.population(tree_size, said, last);
      say('population', { note });
      said = to;
    }
  };
  const query = { tenants, ...(window === null ? {} : { from: String(window.from) }) } as const;
  for await (const entry of followEntries(client, { query })) {
    if (entry.leaf_index! >= last) break;
    await fillUpTo(entry.leaf_index!);
    await sayUpTo(entry.leaf_index!);
    const { policy_snapshot } = entry.body;
    if (entry.kind === 'policy_activated' && typeof policy_snapshot === 'string' && !seen.has(policy_snapshot)) {
      seen.add(policy_snapshot);
      const { document } = await client.policyDocument(policy_snapshot);
      say('policy', { snapshot: policy_snapshot, document });
      done.policies += 1;
    }
    say('entry', flat(entry));
    done.entries += 1;
  }
  await fillUpTo(tree_size - 1);
  await sayUpTo(last - 1);
  say('checkpoint', { note });
  say('end', done);
  return done;
}

/** The same entries as a table, for reading. RFC 4180. It is proven by the other form (`verify-table.ts`), which says more. */
export async function exportTable(
  client: Exporter,
  all: boolean,
  write: (line: string) => void,
  { from, to, ...time }: ExportWindow = {},
): Promise<Exported> {
  const done = { entries: 0, leaves: 0, policies: 0 };
  write(`${TABLE_HEAD}\r\n`);
  const query = {
    tenants: all ? 'all' : 'own',
    ...time,
    ...(from === undefined ? {} : { from: String(from) }),
  } as const;
  for await (const entry of followEntries(client, { query })) {
    if (to !== undefined && entry.leaf_index! >= to) break;
    write(`${tableRow(flat(entry))}\r\n`);
    done.entries += 1;
  }
  return done;
}

/** Of an entry as an export has it, without the end of its line. */
export function tableRow(entry: Readonly<Record<string, unknown>>): string {
  return COLUMNS.map((name) => cell(entry[name])).join(',');
}

/**
 * The leaves of a window. Times are only nearly in the order of leaves, so it begins with an entry that is surely before the
 * time, and ends with one that is surely after it: with those the verifier sees that nothing of the time lies outside.
 */
async function leavesOf(
  client: Exporter,
  tenants: 'own' | 'all',
  { from, to, since, until }: ExportWindow,
  tree_size: number,
): Promise<LogWindow | null> {
  if ([from, to, since, until].every((bound) => bound === undefined)) return null;
  const [since_us, until_us] = [since, until].map((time) => (time === undefined ? null : microsecondsOf(time)));
  const firstAt = async (time_us: number): Promise<number> => {
    const query = { tenants, since: instantOf(time_us), limit: '1' } as const;
    for await (const { leaf_index } of followEntries(client, { query })) return Math.min(leaf_index!, tree_size);
    return tree_size;
  };
  const { out_of_order_us } = EVIDENCE_BOUNDS;
  const first = since_us === null ? 0 : Math.max(0, (await firstAt(since_us! - out_of_order_us)) - 1);
  const end = until_us === null ? tree_size : (await firstAt(until_us! + out_of_order_us + 1)) + 1;
  const bounds = { from: Math.max(first, from ?? 0), to: Math.min(end, to ?? tree_size, tree_size) };
  return { from: Math.min(bounds.from, bounds.to), to: bounds.to, since_us: since_us!, until_us: until_us! };
}

/** An entry bundle holds each hash behind its length. */
async function readLeaves(client: Exporter, index: number, width: number): Promise<string> {
  const path = formatTilePath({ entries: true, level: 0, index: BigInt(index), width });
  const bundle = await client.tile(path);
  const hashes = Array.from({ length: width }, (_, i) => bundle.subarray(i * 34 + 2, (i + 1) * 34));
  return Buffer.concat(hashes).toString('base64');
}

/** With the body as the text that was hashed. */
function flat({ body, ...entry }: ShownEntry): Readonly<Record<string, unknown>> {
  return { ...entry, body: canonicalize(body as JsonValue) };
}

/** A cell that a spreadsheet would compute is made a text. */
function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
