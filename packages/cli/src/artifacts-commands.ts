/** `countersign artifacts`: the files of a released result, each compared with its digest before it counts as had. */
import type { ShownArtifact } from '@countersign/contracts/artifact';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { type FetchedArtifact, fetchArtifact } from './fetch-artifact.ts';

export function addArtifactsCommands(program: Command, output: Output): void {
  const artifacts = program
    .command('artifacts')
    .description('artifacts (files) of a result, once it was screened and released');
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
      const read = (digest: string) => client.artifact(job_id, digest);
      const files: FetchedArtifact[] = [];
      for (const each of chosen) files.push(await fetchArtifact(read, out, each));
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
