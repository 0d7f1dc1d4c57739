/** The dependency rule, checked on the import statements of every file: what may stand on what, and what is pure. */
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Part } from './dependency-table.ts';
import { HOMES, IMPURE, PARTS, PURE_AFTER_ALL } from './dependency-table.ts';
import { readManifest } from './project-files.ts';
import type { Import, SourceFile } from './read-source.ts';
import { readSource, readSources } from './read-source.ts';

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const mayImport = (part: Part, file: SourceFile, { specifier, names }: Import): boolean => {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file.path), specifier).startsWith(`${part.folder}/`);
  const only = part.only?.[specifier];
  if (only && !names.every((name) => only.includes(name))) return false;
  if (specifier.startsWith('node:')) return part.node === 'any' || (part.node?.includes(specifier.slice(5)) ?? false);
  return part.may.includes(specifier) || part.may.includes(packageOf(specifier));
};

const say = (file: SourceFile, line: number, what: string): string => `${file.path}:${line} ${what}`;

const forbiddenImports = (part: Part): string[] =>
  readSources(part.folder).flatMap((file) =>
    file.imports
      .filter((each) => !mayImport(part, file, each))
      .map(({ line, specifier, names }) => say(file, line, `imports ${names.join(', ')} from ${specifier}`)),
  );

const isImpure = (name: string): boolean =>
  !PURE_AFTER_ALL.has(name) && [...IMPURE].some((impure) => name === impure || name.startsWith(`${impure}.`));

const impureUses = (part: Part): string[] =>
  readSources(part.folder).flatMap((file) =>
    file.uses.filter(({ name }) => isImpure(name)).map(({ line, name }) => say(file, line, `uses ${name}`)),
  );

describe('each part imports only what it may', () => {
  test.each(PARTS.map((part) => [part.folder, part] as const))('%s', (_, part) => {
    expect(forbiddenImports(part)).toEqual([]);
  });
});

describe('pure parts ask neither clock, chance, environment nor the outside', () => {
  test.each(PARTS.filter((part) => part.pure).map((part) => [part.folder, part] as const))('%s', (_, part) => {
    expect(impureUses(part)).toEqual([]);
  });
});

test('every part of the tree stands in the table', () => {
  const folders = PARTS.map((part) => `${part.folder}/`);
  const files = readSources('packages', 'services', 'infra', 'examples').map((file) => file.path);
  expect(files.filter((path) => !folders.some((folder) => path.startsWith(folder)))).toEqual([]);
});

test('a package names in its package.json what it imports', () => {
  const parts = PARTS.filter((part) => part.folder !== 'examples');
  const missing = parts.flatMap((part) => {
    const { name, dependencies = {}, devDependencies = {} } = readManifest(part.folder);
    const named = new Set([name, ...Object.keys(dependencies), ...Object.keys(devDependencies)]);
    return readSources(part.folder).flatMap((file) =>
      file.imports
        .filter(({ specifier }) => !/^(\.|node:)/.test(specifier) && !named.has(packageOf(specifier)))
        .map(({ line, specifier }) => say(file, line, specifier)),
    );
  });
  expect(missing).toEqual([]);
});

test.each(HOMES.map(({ what, homes }) => [String(what), what, homes] as const))(
  'of packages and services, %s is imported where it is at home',
  (_, what, homes) => {
    const importers = readSources('packages', 'services')
      .filter((file) => file.imports.some(({ specifier }) => what.test(specifier)))
      .map((file) => file.path);
    expect(importers).toEqual(homes);
  },
);

/** infra and test are programs of their own, started by people: they may look at the environment, services may not. */
test('of packages and services, one file reads process.env', () => {
  const readers = readSources('packages', 'services').filter(
    (file) =>
      file.uses.some(({ name }) => /^process($|\.env\b|\.\*)/.test(name)) ||
      file.imports.some(({ specifier }) => specifier === 'node:process'),
  );
  expect(readers.map((file) => file.path)).toEqual(['packages/platform/src/environment.ts']);
});

test('a service is nothing but one call of run', () => {
  for (const { folder } of PARTS.filter((part) => part.folder.startsWith('services/'))) {
    const main = readSource(`${folder}/src/main.ts`);
    expect(
      main.text
        .replace(/^(\/\*[\s\S]*?\*\/|\/\/.*\n)/, '')
        .replace(/^import .*\n/gm, '')
        .trim(),
    ).toMatch(/^await run\(.*\);$/);
  }
});
