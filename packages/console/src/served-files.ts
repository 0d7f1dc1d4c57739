/**
 * What a browser gets of the console, as one explicit list: its modules, those of the ledger by which it verifies, and the
 * libraries, each from where it is installed. Nothing else of any package is served.
 */

/** `path` under the console's files, `url` of the source; TypeScript is stripped of its types before it is served. */
export type ServedFile = { path: string; url: string };

const OWN = [
  'api',
  'app',
  'ask-browser',
  'heard-kinds',
  'html',
  'inbox-page',
  'job-page',
  'job-view',
  'load-job',
  'load-question',
  'question-page',
  'question-view',
  'router',
  'say-decision',
  'say-entry',
  'show-problem',
  'show-text',
];
const LEDGER: readonly string[] = [];
const CONTRACTS = ['printable', 'states'];

/** Specifiers that modules are imported by, and the paths they stand for (HTML Standard, import maps). */
const LIBRARIES = {
  preact: 'preact',
  'preact/hooks': 'preact/hooks',
  htm: 'htm',
} as const;

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
    ...Object.entries(LIBRARIES).map(([name, from]) => ({ path: libraryPath(name), url: import.meta.resolve(from) })),
  ];
}

/** `base`: where the files are served, with a slash at its end. */
export function importMap(base: string): string {
  const imports = {
    ...Object.fromEntries(Object.keys(LIBRARIES).map((name) => [name, base + libraryPath(name)])),
    ...Object.fromEntries(LEDGER.map((name) => [`@countersign/ledger/${name}`, `${base}ledger/${name}.ts`])),
    ...Object.fromEntries(CONTRACTS.map((name) => [`@countersign/contracts/${name}`, `${base}contracts/${name}.ts`])),
  };
  return JSON.stringify({ imports });
}

function libraryPath(name: string): string {
  return `lib/${name.replaceAll(/[@:]/g, '').replaceAll('/', '-')}.js`;
}
