/** `countersign artifacts`: the files of a released result, each compared with its digest before it counts as had. */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@countersign/client/create-client';
import { artifactName, type ShownArtifact } from '@countersign/contracts/artifact';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { refusedFile } from './read-file.ts';

export function addArtifactsCommands(program: Command, output: Output): void {
  const artifacts = program.command('artifacts').description('files of a result, once it was screened and released');
  artifacts
    .command('list <job_id>')
    .description('name, size, digest, and how each was screened')
    .action(async (job_id: string, _: object, command: Command) => {
      const listed = (await clientOf(command).artifacts(job_id)).artifacts;
      print(output, command, listed, (rows) => rows.map(row).join('\n'));
    });
  artifacts
    .command('get <job_id> [names...]')
    .description('fetch them, or those of these names; nothing is overwritten')
    .option('--out <folder>', 'where to; made if need be', '.')
    .action(async (job_id: string, names: string[], { out }: { out: string }, command: Command) => {
      const client = clientOf(command);
      const chosen = chosenOf((await client.artifacts(job_id)).artifacts, names);
      const files: { file: string; digest: string; bytes: number }[] = [];
      for (const each of chosen) files.push(await fetchOne(client, { job_id, out }, each));
      print(output, command, files, (rows) => rows.map(({ file, digest }) => `${file}  ${digest}`).join('\n'));
    });
}

function row({ name, released_bytes, digest, decision, findings }: ShownArtifact): string {
  const found = findings.map(({ type, count }) => `${type} ×${count}`).join(', ');
  return [name, `${released_bytes} bytes`, digest, decision, ...(found === '' ? [] : [found])].join('  ');
}

function chosenOf(all: readonly ShownArtifact[], names: readonly string[]): readonly ShownArtifact[] {
  const missing = names.find((name) => !all.some((each) => each.name === name));
  if (missing !== undefined) throw new UsageError(`the result has no artifact ${missing}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/** What is not what was announced, or broke off, is not left behind. */
async function fetchOne(client: Client, { job_id, out }: { job_id: string; out: string }, one: ShownArtifact) {
  const { name, digest, released_digest, released_bytes } = one;
  if (!artifactName.safeParse(name).success) throw new UsageError('the API names a file that may not be written');
  const file = join(out, name);
  const descriptor = opened(out, file);
  const hash = createHash('sha256');
  let isWhole = false;
  try {
    for await (const piece of await client.artifact(job_id, digest)) {
      hash.update(piece);
      writeSync(descriptor, piece);
    }
    isWhole = `sha256:${hash.digest('hex')}` === released_digest;
  } finally {
    closeSync(descriptor);
    if (!isWhole) unlinkSync(file);
  }
  if (!isWhole) throw new UsageError(`${name} is not what its digest says: it was not kept`);
  return { file, digest: released_digest, bytes: released_bytes };
}

function opened(folder: string, file: string): number {
  try {
    mkdirSync(folder, { recursive: true });
    return openSync(file, 'wx', 0o600);
  } catch (thrown) {
    throw refusedFile(file, thrown);
  }
}
