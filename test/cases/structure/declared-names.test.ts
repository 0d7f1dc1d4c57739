/**
 * What contracts declares is used, and what is used is declared. That a name in the code exists is the compiler's to
 * check; here stand the names that no compiler sees (SQL, dashboards) and the ones that nobody uses any more.
 */
import { posix } from 'node:path';
import { ERROR_CODES } from '@countersign/contracts/errors';
import { ENTRY_KINDS, roleOf, SERVICES } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { METRICS } from '@countersign/contracts/metrics';
import { PERMISSION_NAMES } from '@countersign/contracts/permissions';
import { RPC } from '@countersign/contracts/rpc';
import { JOB_STATES } from '@countersign/contracts/states';
import { patterns, subjects } from '@countersign/contracts/subjects';
import { FINDING_TYPES } from '@countersign/scanners/finding-types';
import { describe, expect, test } from 'vitest';
import { listFiles, readManifest, readText } from './project-files.ts';
import { readSources } from './read-source.ts';

/** Written by `npm run tables`, with the same three types for each service. */
const GENERATED = /^services\/[^/]+\/src\/tables\.ts$/;

/** Where the paths of a package lead. */
const HOMES = listFiles('.', /^package\.json$/)
  .map((path) => posix.dirname(path))
  .filter((folder) => folder !== '.')
  .map(
    (folder) => [readManifest(folder).name, /^(packages|services)\//.test(folder) ? `${folder}/src` : folder] as const,
  );

const sources = readSources('packages', 'services', 'infra', 'examples');
const migrations = listFiles('services', /\.sql$/)
  .map(readText)
  .join('\n');

/** Every string of the code but of the file that declares; a hole of a template stands for anything. */
function quotesBut(declaring: string): string[] {
  return sources.filter(({ path }) => path !== declaring).flatMap(({ quotes }) => quotes.map(({ text }) => text));
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function asPattern(quote: string): RegExp {
  return new RegExp(`^${quote.split('\0').map(literally).join('.+')}$`);
}

/** The names that no string of the code spells, nor a template whose fixed part says more than a prefix of one. */
function unspelled(names: readonly string[], quotes: readonly string[]): string[] {
  const plain = new Set(quotes);
  const templates = quotes
    .filter((quote) => quote.includes('\0') && /^[a-z_.\0]*[a-z]{3,}[a-z_.\0]*$/.test(quote))
    .map(asPattern);
  return names.filter((name) => !plain.has(name) && !templates.some((template) => template.test(name)));
}

function unusedMembers(object: string, names: readonly string[], users = sources): string[] {
  const used = new Set(users.flatMap(({ uses }) => uses.map(({ name }) => name.split('.').slice(0, 2).join('.'))));
  return names.filter((name) => !used.has(`${object}.${name}`));
}

describe('nothing is declared that nobody uses:', () => {
  test('limits', () => {
    // A promise about the whole system, which no line of code keeps alone: tests measure it.
    const promised = ['stop_ms'];
    const names = Object.keys(LIMITS).filter((name) => !promised.includes(name));
    // By the whole or, where a browser reads it as well, by the part.
    expect(unusedMembers('LIMITS', unusedMembers('EVIDENCE_BOUNDS', names))).toEqual([]);
  });

  test('subjects, of which some are for callers alone', () => {
    const everybody = [...sources, ...readSources('test')];
    expect(unusedMembers('subjects', Object.keys(subjects), everybody)).toEqual([]);
    expect(unusedMembers('patterns', Object.keys(patterns), everybody)).toEqual([]);
  });

  test('metrics', () => {
    expect(unspelled(Object.keys(METRICS), quotesBut('packages/contracts/src/metrics.ts'))).toEqual([]);
  });

  test('error codes', () => {
    const quotes = [...quotesBut('packages/contracts/src/errors.ts'), ...quotedInSql()];
    expect(unspelled(ERROR_CODES, quotes)).toEqual([]);
  });

  test('kinds of evidence', () => {
    // The kind of a step is made from its state, so the states' own test speaks for those.
    const steps = new Set(JOB_STATES.map((state) => `job_${state}`));
    const names = Object.keys(ENTRY_KINDS).filter((kind) => !steps.has(kind));
    const whole = quotesBut('packages/contracts/src/ledger-entry.ts').filter((quote) => !quote.startsWith('job_\0'));
    expect(unspelled(names, [...whole, ...quotedInSql()])).toEqual([]);
  });

  test('verbs: each is served and called', () => {
    expect(unspelled(Object.keys(RPC), quotesBut('packages/contracts/src/rpc.ts'))).toEqual([]);
  });

  test('permissions: each is asked for by a route', () => {
    const routes = sources.filter(({ path }) => path.startsWith('services/ingress/'));
    const quotes = routes.flatMap((file) => file.quotes.map(({ text }) => text));
    expect(unspelled(PERMISSION_NAMES, quotes)).toEqual([]);
  });

  test('job states', () => {
    expect(unspelled(JOB_STATES, quotesBut('packages/contracts/src/states.ts'))).toEqual([]);
  });
});

/** A name that stands once in all of the code is its own declaration. */
test('whatever a file exports is used somewhere, if only by itself', () => {
  const all = listFiles('.', /\.(ts|tsx|mjs)$/).map((path) => ({ path, text: readText(path) }));
  const counts = new Map<string, number>();
  for (const { text } of all) {
    for (const [name] of text.matchAll(/[A-Za-z_$][\w$]*/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const unused = all.flatMap(({ path, text }) =>
    [...text.matchAll(/^export (?:async )?(?:function\*?|const|class|type|interface) (\w+)/gm)]
      .filter(([, name]) => counts.get(name!) === 1)
      .map(([, name]) => `${path} ${name}`),
  );
  expect(unused).toEqual([]);
});

/** A published package exports for others than us; whatever else there is has all of its users here. */
test('whatever is exported and not published is imported', () => {
  const everything = readSources('packages', 'services', 'infra', 'test', 'examples');
  const taken = new Set(
    everything.flatMap(({ path, imports }) =>
      imports.flatMap(({ specifier, names }) => names.map((name) => `${fileOf(specifier, path)} ${name}`)),
    ),
  );
  const unused = everything
    .filter(({ path }) => !path.startsWith('packages/') || path.startsWith('packages/console/'))
    .filter(({ path }) => !GENERATED.test(path) && !taken.has(`${path} *`))
    .flatMap(({ path, exports }) => exports.map((name) => `${path} ${name}`).filter((each) => !taken.has(each)));
  expect(unused).toEqual([]);
});

/** The path of a file of ours that `path` imports as `specifier`. */
function fileOf(specifier: string, path: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  const home = HOMES.find(([name]) => specifier.startsWith(`${name}/`));
  return home === undefined ? specifier : `${home[1]}${specifier.slice(home[0].length)}.ts`;
}

/** `'text'` in a migration. */
function quotedInSql(): string[] {
  return [...migrations.matchAll(/'([^'\n]+)'/g)].map((match) => match[1]!);
}

test('metrics that documents and dashboards name are declared', () => {
  const names = new Set(Object.keys(METRICS).flatMap((name) => [name, ...histogramNames(name)]));
  const types = FINDING_TYPES.map(({ type }) => type);
  const roles = new Set<string>([...SERVICES.map(roleOf), 'countersign_owner', ...types]);
  const documents = listFiles('.', /\.md$/);
  const unknown = [...documents, ...listFiles('infra', /\.(json|ya?ml)$/)].flatMap((path) =>
    [...readText(path).matchAll(/\bcountersign_([a-z_]*[a-z])\b(?![_{*<])/g)]
      .filter(([whole, name]) => !names.has(name!) && !roles.has(whole))
      .map(([whole]) => `${path} ${whole}`),
  );
  expect(unknown).toEqual([]);
});

function histogramNames(name: string): string[] {
  return ['_bucket', '_sum', '_count'].map((end) => name + end);
}

/** A verb of the table is no subject; the layer that turns one into the other may do so. */
test('subjects are built and read in one file', () => {
  const branch = /^(job\.(submit|held|granted|refused|dispatch|result|screened)\.|rpc\.|audit\.|_INBOX_)/;
  const allowed = /^packages\/(contracts\/src\/(subjects|streams)|platform\/src\/(bus|rpc-envelope))\.ts$/;
  const strays = readSources('packages', 'services', 'examples')
    .filter(({ path }) => !allowed.test(path))
    .flatMap(({ path, quotes }) =>
      quotes
        .filter(({ text }) => branch.test(text) && !Object.hasOwn(RPC, text))
        .map(({ text, line }) => `${path}:${line} ${text.replaceAll('\0', '…')}`),
    );
  expect(strays).toEqual([]);
});
