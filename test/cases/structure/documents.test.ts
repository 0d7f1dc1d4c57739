/** What the documents name exists: files, links, headings, metrics. A document that has come apart from the code is red. */
import { existsSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles, PROJECT, readText } from './project-files.ts';

const documents = listFiles('.', /\.md$/);
const decisions = listFiles('docs/decisions', /\.md$/);

const FOLDERS = 'packages|services|infra|test|docs|examples';
/** `X` stands for any service. What goes on with a wildcard names a folder at least. */
const PATH = new RegExp(`(?<![\\w/.@:-])((?:${FOLDERS})/[\\w./-]*)([<*{…]?)`, 'g');

function namedPaths(text: string): string[] {
  return [...text.matchAll(PATH)]
    .filter(([, path]) => !/\/X\b/.test(path!))
    .map(([, path, wildcard]) => (wildcard === '' ? path!.replace(/[./]+$/, '') : posix.dirname(`${path}x`)));
}

/** As GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** A source file by its name alone, as in the walk of ARCHITECTURE.md. */
function namedFiles(text: string): string[] {
  return [...text.matchAll(/`([a-z0-9-]+\.(?:ts|mjs|sql))`/g)].map(([, name]) => name!);
}
const sourceNames = new Set(listFiles('.', /\.(ts|mjs|sql)$/).map((path) => basename(path)));

function isThere(path: string): boolean {
  return existsSync(join(PROJECT, path));
}

function brokenLink(document: string, target: string): boolean {
  const [path, anchor] = target.split('#') as [string, string | undefined];
  const file = path === '' ? document : posix.join(posix.dirname(document), path);
  if (!isThere(file)) return true;
  return anchor !== undefined && !anchorsOf(readText(file)).includes(anchor);
}

test('the documents that people look for are there', () => {
  const wanted = ['README.md', 'ARCHITECTURE.md', 'CONTROLS.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'LICENSE'];
  expect([...wanted, 'docs/design.md'].filter((path) => !isThere(path))).toEqual([]);
});

describe.each(documents)('%s', (document) => {
  const text = readText(document);

  test('names only paths that exist', () => {
    expect(namedPaths(text).filter((path) => !isThere(path))).toEqual([]);
  });

  test('names only source files that exist', () => {
    expect(namedFiles(text).filter((name) => !sourceNames.has(name))).toEqual([]);
  });

  test('links only to what exists', () => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(relative.filter((target) => brokenLink(document, target))).toEqual([]);
  });
});

describe('decisions', () => {
  test('are numbered without a gap', () => {
    const numbers = decisions.map((path) => Number.parseInt(basename(path), 10));
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  });

  test.each(decisions)('%s gives context, decision and consequence', (path) => {
    const headings = [...readText(path).matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(headings).toEqual(['Context', 'Decision', 'Consequence']);
  });
});

test('docs/README.md lists every decision under its title', () => {
  const lines = readText('docs/README.md').split('\n');
  const wanted = decisions.map((path) => {
    const title = /^# (.+)$/m.exec(readText(path))?.[1];
    return `- [${basename(path).slice(0, 4)}](decisions/${basename(path)}) ${title}`;
  });
  expect(wanted.filter((line) => !lines.includes(line))).toEqual([]);
});

describe('CONTROLS.md', () => {
  const sections = readText('CONTROLS.md')
    .split(/^## (?=\d)/m)
    .slice(1);

  test('has the twelve controls', () => {
    expect(sections.map((section) => Number.parseInt(section, 10))).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
  });

  test.each(sections.map((section) => [section.split('\n')[0]!, section] as const))(
    '%s: where, tested by, measured by, still to come',
    (_, section) => {
      const row = (name: string): string =>
        new RegExp(`^- \\*\\*${name}\\*\\*: (.+(?:\\n  .+)*)`, 'm').exec(section)?.[1] ?? '';
      expect(row('Where')).toMatch(/`(packages|services|infra|examples)\//);
      expect(row('Tested by')).toMatch(/`test\/[\w/.-]+\.test\.ts`/);
      expect(row('Measured by')).toMatch(/`countersign_|^no metric/);
      expect(row('Still to come')).not.toBe('');
    },
  );
});

describe('ARCHITECTURE.md', () => {
  test('names for each of the twelve promises the tests that try to break it', () => {
    const rows = [...readText('ARCHITECTURE.md').matchAll(/^\| (\d+) \|.*$/gm)];
    expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(rows.filter(([row]) => !/`test\/[\w/.-]+\.test\.ts`/.test(row)).map(([row]) => row)).toEqual([]);
  });
});

describe('a page of compliance or conformance', () => {
  const pages = ['docs/compliance', 'docs/conformance'].flatMap((folder) => listFiles(folder, /(?<!README)\.md$/));

  test.each(pages)('%s: each line names evidence and a test, or says that it is not covered', (path) => {
    const rows = readText(path)
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| asked for'));
    expect(rows.length).toBeGreaterThan(5);
    const unproven = rows.filter((row) => {
      const [, , , evidence = '', tests = ''] = row.split('|').map((cell) => cell.trim());
      return !row.includes('*not covered*') && !(evidence.includes('`') && tests.includes('`test/'));
    });
    expect(unproven).toEqual([]);
    const named = rows.flatMap((row) => [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, test]) => test!));
    expect(named.filter((test) => !test.endsWith('.test.ts') || !existsSync(join(PROJECT, test)))).toEqual([]);
  });
});
