/** Verifies an export with public keys alone: no server is asked, and nothing in the file is believed. */
import type { TrustRoot } from '@countersign/contracts/policy';
import { parseCheckpoint } from '@countersign/ledger/checkpoint';
import { type LogWindow, microsecondsOf, readLogWindow } from '@countersign/ledger/log-window';
import { PopulationCheck } from '@countersign/ledger/population-check';
import { type LoggedEntry, type LogTrust, type LogVerdict, LogVerifier } from '@countersign/ledger/verify-log';
import { verifyBundle } from '@countersign/policy/verify-bundle';
import { FORMAT } from './export-evidence.ts';
import { TableCheck } from './verify-table.ts';

export type EvidenceTrust = Omit<LogTrust, 'selection' | 'window'> & {
  /** Who may sign policies. Null: activations are not compared with signed documents. */
  root: TrustRoot | null;
  /** What the export has to hold, in microseconds; null: whatever it says that it holds. */
  asked?: { since_us: number | null; until_us: number | null };
  /** Lines of a table of the same entries, without their ends; left out: there is none. */
  table?: AsyncIterable<string>;
};

/** `complete`: every leaf of the log has its entry in the export, or of its window, so nothing was left out of the population. `window`: null for the whole log. */
export type EvidenceVerdict = LogVerdict & {
  complete: boolean;
  /** The tenant whose every entry is there, as the log's key says of its population; null where it says nothing of one. */
  population: string | null;
  policies: number;
  window: LogWindow | null;
  /** Rows of the table that are proven entries, where one was given. */
  table_rows?: number;
};

type Line = Readonly<Record<string, unknown>>;

/** Throws TypeError for what is no export at all. */
export async function verifyEvidence(
  lines: AsyncIterable<string> | Iterable<string>,
  trust: EvidenceTrust,
): Promise<EvidenceVerdict> {
  let verifier: LogVerifier | null = null;
  let [selection, ended, note]: [boolean, Line | null, string | null] = [true, null, null];
  let window: LogWindow | null = null;
  const documents = new Map<string, string>();
  let table: TableCheck | null = null;
  let population: PopulationCheck | null = null;
  for await (const text of lines) {
    if (text === '') continue;
    const line = readLine(text);
    if (verifier === null) {
      if (line.type !== 'header' || line.format !== FORMAT) throw new TypeError(`the file is no ${FORMAT}`);
      selection = line.tenants !== 'all';
      window = readLogWindow(line.window);
      if (!holds(window, trust.asked)) throw new TypeError('the file holds another time than was asked for');
      verifier = new LogVerifier({ ...trust, selection, window });
      population = new PopulationCheck(trust.log, window?.from ?? 0);
      const times = trust.asked ?? window ?? { since_us: null, until_us: null };
      if (trust.table !== undefined) table = new TableCheck(trust.table, times);
    } else if (line.type === 'leaves') verifier.takeLeaves(Number(line.from), hashesIn(line.hashes));
    else if (line.type === 'population') population!.take(String(line.note));
    else if (line.type === 'policy') documents.set(String(line.snapshot), String(line.document));
    else if (line.type === 'entry') {
      await takeEntry(verifier, line, trust.root, documents);
      population!.entry(Number(line.leaf_index), String(line.hash));
      await table?.take(line, microsecondsOf(String(line.recorded_at)));
    } else if (line.type === 'checkpoint') note = String(line.note);
    else if (line.type === 'end') ended = line;
  }
  if (verifier === null) throw new TypeError('the file is empty');
  const differs = (await table?.finish()) ?? null;
  const parsed = parseCheckpoint(note ?? '');
  const tree = parsed.ok ? parsed.checkpoint : null;
  const said = population?.finish(tree, window?.to ?? Number(tree?.size ?? 0)) ?? { tenant: null, faults: [] };
  for (const { code, at } of said.faults) verifier.addOutside(code, at);
  if (differs !== null)
    verifier.addOutside(
      'table_differs',
      `row ${differs.row} of the table${differs.expected_leaf === null ? '' : `, leaf ${differs.expected_leaf}`}`,
    );
  const verdict = verifier.finish(note);
  if (ended === null || ended.entries !== verdict.entries) throw new TypeError('the file was cut off');
  return {
    ...verdict,
    complete: !selection && verdict.verdict === 'holds',
    policies: documents.size,
    population: said.tenant,
    window,
    ...(table !== null && { table_rows: table.rows }),
  };
}

/** Of leaves without a time nobody can say that they hold it. */
function holds(window: LogWindow | null, asked: EvidenceTrust['asked']): boolean {
  if (window === null || asked === undefined) return true;
  const { since_us, until_us, from } = window;
  const begins = from === 0 || (since_us !== null && since_us <= (asked.since_us ?? 0));
  return begins && (until_us === null || (asked.until_us !== null && until_us >= asked.until_us));
}

function readLine(text: string): Line {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Line;
  } catch {}
  throw new TypeError('a line of the file is no JSON object');
}

function hashesIn(base64: unknown): Uint8Array[] {
  const bytes = Buffer.from(String(base64), 'base64');
  return Array.from({ length: Math.ceil(bytes.length / 32) }, (_, i) => bytes.subarray(i * 32, (i + 1) * 32));
}

async function takeEntry(
  verifier: LogVerifier,
  line: Line,
  root: TrustRoot | null,
  documents: ReadonlyMap<string, string>,
): Promise<void> {
  const entry = entryOf(line);
  const body = verifier.takeEntry(entry);
  if (entry?.kind !== 'policy_activated' || body === null || root === null) return;
  const document = documents.get(String(body.policy_snapshot));
  const at = String(line.recorded_at);
  const opened = document === undefined ? null : await verifyBundle(document, root, at);
  const isThis =
    opened?.ok === true &&
    opened.bundle.snapshot === body.policy_snapshot &&
    opened.bundle.manifest.version === body.policy_version &&
    opened.bundle.manifest.scope.tenants.includes(String(body.scope));
  if (!isThis) verifier.addFault('policy_unsigned', entry);
}

/** What cannot be read is left for the verifier to call malformed. */
function entryOf(line: Line): LoggedEntry {
  return { ...line, time_us: microsecondsOf(String(line.recorded_at)) } as unknown as LoggedEntry;
}
