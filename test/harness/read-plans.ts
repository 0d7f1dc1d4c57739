/**
 * Every statement that a service sends, and every one inside of functions and triggers, with the plan it ran by and what
 * that plan read: written by the server (auto_explain) of a cluster of the test's own.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresHandle } from '@countersign/infra/run-postgres';
import { withClient } from './build-template.ts';
import { GROWING } from './grow-history.ts';

type Node = {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: Node[];
};
type Ran = { user: string; text: string; ms: number; plan: Node };

const SETTINGS = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_format': 'json',
  'auto_explain.log_parameter_max_length': '0',
  logging_collector: 'on',
  log_destination: 'jsonlog',
  log_filename: 'statements',
  log_rotation_size: '0',
  log_rotation_age: '0',
  track_functions: 'all',
};

/** Down an index, and past some versions of a row that are not cleared away yet. */
const BLOCKS = 60;
const BLOCKS_OF_A_ROW = 4;

/** Of a cluster that nobody else uses; it is started again. Nothing of its superuser is written. */
export async function writePlans({ admin_url, stop, start }: PostgresHandle): Promise<void> {
  await withClient(admin_url, async (client) => {
    // Known from here on, and to the sessions that set nothing.
    await client.query(`LOAD 'auto_explain'`);
    for (const [name, value] of Object.entries(SETTINGS)) await client.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    await client.query(`ALTER ROLE CURRENT_USER SET auto_explain.log_min_duration = -1`);
  });
  await stop();
  await start();
}

/** From where `plansSince` reads what runs after now. */
export function plansUntilNow(postgres: Pick<PostgresHandle, 'data_dir'>): number {
  return statSync(fileOf(postgres)).size;
}

export function* plansSince(postgres: Pick<PostgresHandle, 'data_dir'>, from: number): Generator<Ran> {
  for (const line of linesOf(fileOf(postgres), from)) {
    const { user, message } = JSON.parse(line) as { user?: string; message?: string };
    const [, ms, json] = /^duration: ([\d.]+) ms {2}plan:\n(.*)$/s.exec(message ?? '') ?? [];
    if (!json) continue;
    const { 'Query Text': text, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: Node };
    yield { user: user!, text, ms: Number(ms), plan };
  }
}

/** What of a growing table a plan read that is not by key: `bound` rows, or as many blocks beyond them, at once. */
export function readTooMuch({ plan }: Pick<Ran, 'plan'>, bound: number): string[] {
  return nodesOf(plan).flatMap((node) => {
    const table = node['Relation Name'];
    if (!table || !node['Node Type'].endsWith('Scan')) return [];
    if (!GROWING.some((name) => name.endsWith(`.${table}`))) return [];
    const rows = rowsOf(node);
    const by = node['Index Name'] ?? 'no index';
    // Also when it never ran: what is fenced off today by an empty neighbour is not tomorrow.
    if (node['Node Type'] === 'Seq Scan') return [`Seq Scan of ${table}`];
    if (rows >= bound) return [`${rows} rows of ${table} by ${by}`];
    const blocks = blocksOf(node) - (node.Plans ?? []).reduce((sum, each) => sum + blocksOf(each), 0);
    const loops = Math.max(1, node['Actual Loops'] ?? 1);
    if (blocks / loops > BLOCKS + (BLOCKS_OF_A_ROW * rows) / loops) return [`${blocks} blocks of ${table} by ${by}`];
    return [];
  });
}

function fileOf({ data_dir }: Pick<PostgresHandle, 'data_dir'>): string {
  return join(data_dir!, 'log', 'statements.json');
}

function* linesOf(path: string, from: number): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(1 << 20);
    let rest = Buffer.alloc(0);
    for (let at = from; ; ) {
      const read = readSync(file, buffer, 0, buffer.length, at);
      if (read === 0) return;
      at += read;
      const all = Buffer.concat([rest, buffer.subarray(0, read)]);
      const end = all.lastIndexOf(10) + 1;
      rest = all.subarray(end);
      yield* all.toString('utf8', 0, end).split('\n').filter(Boolean);
    }
  } finally {
    closeSync(file);
  }
}

function nodesOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function rowsOf(node: Node): number {
  const each =
    (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return each * (node['Actual Loops'] ?? 0);
}

/** With those of everything below it. */
function blocksOf(node: Node): number {
  return (node['Shared Hit Blocks'] ?? 0) + (node['Shared Read Blocks'] ?? 0);
}
