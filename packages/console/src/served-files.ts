/**
 * What a browser gets of the console, as one explicit list: its modules, those of the ledger by which it verifies, and the
 * libraries, each from where it is installed. Nothing else of any package is served.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** `path` under the console's files, `url` of the source; TypeScript is stripped of its types before it is served. */
type ServedFile = { path: string; url: string };

const OWN = [
  'act',
  'api',
  'app',
  'ask-browser',
  'diff-lines',
  'heading',
  'heard-kinds',
  'html',
  'inbox-page',
  'job-page',
  'job-view',
  'kpis-page',
  'live',
  'load-job',
  'load-question',
  'node-buffer',
  'node-crypto',
  'other-votes',
  'pages',
  'policy-page',
  'question-page',
  'question-view',
  'registry-page',
  'reviews-page',
  'router',
  'say-decision',
  'say-entry',
  'search-page',
  'sha2',
  'show-problem',
  'show-text',
  'stops-page',
  'verify-job',
  'verify-view',
];
const LEDGER = ['canonicalize', 'chain-hash', 'checkpoint', 'digest', 'merkle', 'shown-entry', 'verify-ed25519'];
const CONTRACTS = ['evidence-limits', 'printable', 'states'];

const ledger_requires = createRequire(import.meta.resolve('@countersign/ledger/verify-ed25519'));

/** Specifiers that modules are imported by, and the files they stand for (HTML Standard, import maps). */
const LIBRARIES: Readonly<Record<string, { path: string; url: string }>> = {
  preact: { path: 'lib/preact.js', url: import.meta.resolve('preact') },
  'preact/hooks': { path: 'lib/preact-hooks.js', url: import.meta.resolve('preact/hooks') },
  htm: { path: 'lib/htm.js', url: import.meta.resolve('htm') },
  '@noble/ed25519': {
    path: 'lib/ed25519.js',
    url: pathToFileURL(ledger_requires.resolve('@noble/ed25519')).href,
  },
};
export const ENTRY = 'app.ts';
export const STYLE = 'style.css';
export const ICON = 'icon.svg';

export function servedFiles(): ServedFile[] {
  return [
    ...OWN.map((name) => ({ path: `${name}.ts`, url: new URL(`./${name}.ts`, import.meta.url).href })),
    ...[STYLE, ICON].map((path) => ({ path, url: new URL(`./${path}`, import.meta.url).href })),
    ...LEDGER.map((name) => ({ path: `ledger/${name}.ts`, url: import.meta.resolve(`@countersign/ledger/${name}`) })),
    ...CONTRACTS.map((name) => ({
      path: `contracts/${name}.ts`,
      url: import.meta.resolve(`@countersign/contracts/${name}`),
    })),
    ...Object.values(LIBRARIES),
  ];
}

/** `base`: where the files are served, with a slash at its end. */
export function importMap(base: string): string {
  const imports = {
    ...Object.fromEntries(Object.entries(LIBRARIES).map(([name, { path }]) => [name, base + path])),
    'node:crypto': `${base}node-crypto.ts`,
    ...Object.fromEntries(LEDGER.map((name) => [`@countersign/ledger/${name}`, `${base}ledger/${name}.ts`])),
    ...Object.fromEntries(CONTRACTS.map((name) => [`@countersign/contracts/${name}`, `${base}contracts/${name}.ts`])),
  };
  return JSON.stringify({ imports });
}
