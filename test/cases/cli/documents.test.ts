/**
 * What the documents tell authors to type is what the command takes: every command and option in them, the exit codes,
 * and the files that are shown.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODES } from '@countersign/cli/exit-codes';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { listFiles, readText } from '../structure/project-files.ts';
import { runCli } from './run-cli.ts';

function read(path: string): string {
  return readFileSync(join(PROJECT_DIR, path), 'utf8');
}
const own = read('docs/first-own-policy.md');
const ci = read('docs/ci-github-actions.md');
const script = read('examples/first-own-policy/run.sh');

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    .filter(([, name]) => name === language)
    .map(([, , body]) => body!);
}

test('the table of exit codes is the one that the command keeps', () => {
  const rows = [...ci.matchAll(/^\| (\d+) \| `(\w+)` \| (.+) \|$/gm)].map(([, code, name, says]) => [
    name,
    Number(code),
    says,
  ]);
  expect(rows).toEqual(Object.entries(EXIT_CODES).map(([name, { code, says }]) => [name, code, says]));
});

test('the help shows it too', async () => {
  const { out } = await runCli('--help');
  for (const { code, says } of Object.values(EXIT_CODES)) expect(out).toContain(`${code}  ${says.replaceAll('`', '')}`);
});

/** `policy sign` → the options used with it anywhere. */
const used = new Map<string, Set<string>>();
for (const text of [own, ci, script]) {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  for (const line of lines) {
    for (const [, group, name, rest] of line.matchAll(
      /(?:countersign|with_key|as_\w+) (?:(policy|jobs) )?(?!policy|jobs)([a-z]+)([^#|`;]*)/g,
    )) {
      const command = `${group ?? 'policy'} ${name}`;
      const options = [...rest!.matchAll(/(?<= )--[a-z-]+/g)].map(([option]) => option);
      used.set(command, new Set([...(used.get(command) ?? []), ...options]));
    }
  }
}

describe('every command that is shown exists, with its options', () => {
  const names = [
    'init',
    'lint',
    'test',
    'diff',
    'simulate',
    'explain',
    'replay',
    'keygen',
    'build',
    'sign',
    'publish',
    'activate',
    'rollback',
    'incident',
  ];
  test('and all of them are shown', () => {
    expect([...used.keys()].filter((name) => name.startsWith('policy ')).sort()).toEqual(
      names.map((name) => `policy ${name}`).sort(),
    );
  });

  test.each([...used])('%s', async (command, options) => {
    const { out, code } = await runCli(...command.split(' '), '--help');
    expect(code).toBe(0);
    expect(out).toContain(`Usage: countersign ${command}`);
    expect([...options].filter((option) => !out.includes(option))).toEqual([]);
  });
});

test('the workflow is YAML, lints, tests with JUnit, simulates and builds', () => {
  const [workflow] = blocks(ci, 'yaml');
  const { steps } = parse(workflow!).jobs.check;
  const runs: string[] = steps.map(({ run = '' }: { run?: string }) => run);
  for (const step of ['lint policy --strict', 'test policy --junit', 'simulate --policy', 'build policy'])
    expect(runs.filter((run) => run.includes(step))).toHaveLength(1);
});

test('the files that are shown are the files of the example', () => {
  const uncommented = (path: string): string => read(path).replace(/^ *#.*\n/gm, '');
  expect(blocks(own, 'yaml')).toEqual([
    // Where it goes in, it stands two columns to the right.
    uncommented('examples/first-own-policy/rule.yaml').replace(/^(?=.)/gm, '  '),
    uncommented('examples/first-own-policy/payroll.yaml'),
  ]);
});

describe('every command in a shell block of the documents exists, with its options', () => {
  const pages = listFiles('.', /\.md$/).filter((path) => path === 'README.md' || /^docs\/(?!decisions\/)/.test(path));
  const shown = pages.flatMap((page) =>
    blocks(readText(page), 'sh')
      .join('\n')
      .replaceAll('\\\n', ' ')
      .split('\n')
      .flatMap((line) =>
        [...line.matchAll(/(?:^|&& |\()countersign ([a-z][^#|>;&)]*)/g)].map(([, said]) => said!.trim()),
      )
      .map((said) => [page, said.replace(/"?\$\(.*$/, '')] as const),
  );
  /** The words before the first that is no command's name. */
  const helps = new Map<string, Promise<string>>();
  const helpOf = (words: readonly string[]): Promise<string> => {
    const name = words.join(' ');
    const known = helps.get(name) ?? runCli(...words, '--help').then(({ out }) => out);
    helps.set(name, known);
    return known;
  };

  test('there are some', () => {
    expect(shown.length).toBeGreaterThan(40);
  });

  test.each(shown)('%s: countersign %s', async (_, said) => {
    const words = said.split(/\s+/);
    let help = await helpOf([]);
    let path: string[] = [];
    for (const word of words) {
      if (!/^[a-z-]+$/.test(word) || !help.includes('Commands:')) break;
      path = [...path, word];
      help = await helpOf(path);
      expect(help, path.join(' ')).toContain(
        `Usage: countersign ${path.join(' ').replace('jobs get', 'jobs show|get')}`,
      );
    }
    const general = await helpOf([]);
    for (const option of said.matchAll(/(?<=\s)--[a-z][a-z-]*/g))
      expect(`${help}${general}`, said).toMatch(new RegExp(`\\s${option[0]}\\b`));
  });
});
