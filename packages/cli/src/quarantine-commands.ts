/** `countersign quarantine`: outputs that are held back, and what people do about them. */
import type { Client } from '@countersign/client/create-client';
import type { ShownArtifact } from '@countersign/contracts/artifact';
import { printable, printableJson } from '@countersign/contracts/printable';
import type { OpenedOutput, Quarantined } from '@countersign/contracts/quarantine';
import type { Command } from 'commander';
import { clientOf, type Output, print, severalTimes } from './context.ts';
import { type FetchedArtifact, fetchArtifact } from './fetch-artifact.ts';
import { list } from './show.ts';
import { table } from './table.ts';

type OpenOptions = { reason: string; out?: string };
/** `files`: those that were fetched. */
type OpenedHere = OpenedOutput & { files?: FetchedArtifact[] };
type ReleaseOptions = { reason: string; digest: string; redact?: boolean; remove?: string[] };

const REASON = ['--reason <text>', 'why, for the ledger'] as const;

export function addQuarantineCommands(program: Command, output: Output): void {
  const quarantine = program.command('quarantine').description('outputs that are held back, and their review');
  quarantine
    .command('list')
    .description('those that wait for a review, newest first')
    .option('--state <state>', 'instead: proposed, released or discarded')
    .action(async ({ state }: { state?: string }, command: Command) =>
      print(output, command, await everyPage(clientOf(command), state), showAll),
    );
  quarantine
    .command('show <job_id>')
    .description('why it is held back, and who looked at it; no content')
    .action(async (job_id: string, _: object, command: Command) =>
      print(output, command, await clientOf(command).quarantined(job_id), showOne),
    );
  quarantine
    .command('open <job_id>')
    .description('look at it and its artifacts; each time is recorded')
    .requiredOption(...REASON)
    .option('--out <folder>', 'fetch its artifacts into this folder; made if need be, nothing is overwritten')
    .action(async (job_id: string, options: OpenOptions, command: Command) =>
      print(output, command, await openOne(clientOf(command), job_id, options), showOpened),
    );
  quarantine
    .command('release <job_id>')
    .description('let it out, whole with its artifacts or redacted further without them')
    .requiredOption('--digest <digest>', 'of the output that you opened')
    .requiredOption(...REASON)
    .option('--redact', 'without everything that any scanner finds')
    .option('--remove <pointer>', 'without what stands at this place (RFC 6901); several times', severalTimes)
    .action(async (job_id: string, options: ReleaseOptions, command: Command) =>
      print(output, command, await clientOf(command).releaseQuarantined(job_id, options), showOne),
    );
  quarantine
    .command('discard <job_id>')
    .description('erase it and its artifacts; its digest and evidence stay')
    .requiredOption(...REASON)
    .action(async (job_id: string, { reason }: { reason: string }, command: Command) =>
      print(output, command, await clientOf(command).discardQuarantined(job_id, reason), showOne),
    );
}

async function openOne(client: Client, job_id: string, { reason, out }: OpenOptions): Promise<OpenedHere> {
  const opened = await client.openQuarantined(job_id, reason);
  if (out === undefined) return opened;
  const files: FetchedArtifact[] = [];
  for (const each of opened.artifacts)
    files.push(await fetchArtifact((digest) => client.openedArtifact(job_id, digest), out, each));
  return { ...opened, files };
}

/** A state that does not exist is the API's to refuse. */
async function everyPage(client: Client, state?: string): Promise<Quarantined[]> {
  const all: Quarantined[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { ...(state !== undefined && { state }), ...(cursor !== undefined && { cursor }) };
    const page = await client.quarantine(query as Parameters<Client['quarantine']>[0]);
    all.push(...page.quarantined);
    cursor = page.next_cursor;
  }
  return all;
}

function showAll(all: readonly Quarantined[]): string {
  return table(
    ['JOB', 'TOPIC', 'ACTOR', 'SINCE', 'STATE', 'FOUND'],
    all.map((row) => [
      row.job_id,
      row.topic,
      row.actor,
      row.screened_at,
      row.state,
      [...new Set(row.findings.map(({ type }) => type))],
    ]),
  );
}

function showOne({ findings, reviews, ...row }: Quarantined): string {
  return [
    list({ ...row, digest: row.output_digest, output_digest: null, tenant: null }),
    '',
    table(
      ['FOUND', 'SEVERITY', 'TIMES', 'PLACE'],
      findings.map((found) => [found.type, found.severity, found.count, found.place]),
    ),
    '',
    table(
      ['WHEN', 'WHO', 'DID', 'REASON'],
      reviews.map((review) => [review.at, review.reviewer, review.action, review.reason]),
    ),
  ].join('\n');
}

/** Text from outside: hidden characters are made visible. */
function showOpened({ output, artifacts, files, ...row }: OpenedHere): string {
  const parts = [showOne(row), printable(printableJson(output, 2))];
  if (artifacts.length > 0)
    parts.push(table(['ARTIFACT', 'BYTES', 'DIGEST', 'DECISION', 'FOUND'], artifacts.map(fileRow)));
  if (files !== undefined) parts.push(files.map(({ file, digest }) => `${file}  ${digest}`).join('\n'));
  return parts.join('\n\n');
}

function fileRow({ name, released_bytes, digest, decision, findings }: ShownArtifact) {
  const found = findings.map(({ type, place, count }) => `${type} ×${count} at ${place}`);
  return [printable(name), released_bytes, digest, decision, found];
}
