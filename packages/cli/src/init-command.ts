/** `countersign policy init`: a folder to write a policy in, from one that works, with the schemas that an editor completes by. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { type Output, print } from './context.ts';

/** Beside the compiled command; in the workspace they are the examples. */
const PACKED = new URL('./templates/', import.meta.url);
const EXAMPLES = new URL('../../../examples/policies/', import.meta.url);
const TEMPLATES = fileURLToPath(existsSync(PACKED) ? PACKED : EXAMPLES);
/** Left out of a bundle, as every file is whose name begins with a dot. */
const SCHEMAS = '.schemas';
const SCHEMA_LINE = /^# yaml-language-server: \$schema=.*\/([\w.-]+)$/m;

export function addInitCommand(policy: Command, output: Output): void {
  policy
    .command('init')
    .description('make a folder from a policy that works; it must not be there yet')
    .argument('<folder>', 'its parent has to exist')
    .addOption(new Option('--template <name>', 'what it starts as').choices(templates()).default('four-tiers'))
    .action((folder: string, { template }: { template: string }, command: Command) => {
      const files = makeFolder(folder, template);
      print(output, command, { folder, template, files }, () =>
        [...files.map((file) => join(folder, file)), '', `next: countersign policy test ${folder}`].join('\n'),
      );
    });
}

function templates(): string[] {
  const entries = readdirSync(TEMPLATES, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

/** Answers the files of the policy. */
function makeFolder(folder: string, template: string): string[] {
  mkdirSync(folder);
  cpSync(join(TEMPLATES, template), folder, { recursive: true });
  const schemas = new URL('../schemas/', import.meta.resolve('@countersign/policy-author/lint-files'));
  cpSync(fileURLToPath(schemas), join(folder, SCHEMAS), { recursive: true });
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ya?ml|json|toml)$/.test(name),
  );
  const own = files.filter((name) => !name.startsWith(SCHEMAS)).sort();
  for (const name of own) pointAtSchemas(join(folder, name), name.split(/[\\/]/).length - 1);
  return own;
}

/** An editor reads the path from the file's own folder. */
function pointAtSchemas(path: string, depth: number): void {
  const text = readFileSync(path, 'utf8');
  const pointed = text.replace(
    SCHEMA_LINE,
    (_, name: string) => `# yaml-language-server: $schema=${'../'.repeat(depth)}${SCHEMAS}/${name}`,
  );
  if (pointed !== text) writeFileSync(path, pointed);
}
