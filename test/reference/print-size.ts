/** `npm run size`: lines of code by package, without blanks, comments and imports; SQL of migrations apart. */
import { listFiles, readText } from '../cases/structure/project-files.ts';

const SCOPE = ['packages', 'services', 'infra'];
const TYPESCRIPT = /\.(ts|mjs)$/;
const SQL = /\.sql$/;

printSizes();

function printSizes(): void {
  const code = sizesOf(TYPESCRIPT);
  const sql = sizesOf(SQL);
  for (const [part, lines] of code) printLine(part, lines, sql.get(part) ?? 0);
  printLine('all', sumOf(code), sumOf(sql));
}

/** By part: `packages/ledger`, `services/audit`, `infra`. */
function sizesOf(wanted: RegExp): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const path of SCOPE.flatMap((folder) => listFiles(folder, wanted))) {
    const part = path.startsWith('infra/') ? 'infra' : path.split('/').slice(0, 2).join('/');
    sizes.set(part, (sizes.get(part) ?? 0) + linesOfCode(readText(path)));
  }
  return sizes;
}

/** A comment counts as one when it has its lines to itself: so the formatter and the habits of this project leave them. */
function linesOfCode(text: string): number {
  const code = text
    .replace(/^import\s[^;]*;$/gm, '')
    .replace(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, '')
    .replace(/^\s*(\/\/|--|#!).*$/gm, '');
  return code.split('\n').filter((line) => line.trim() !== '').length;
}

function printLine(part: string, code: number, sql: number): void {
  const beside = sql === 0 ? '' : `  and ${sql} of SQL`;
  process.stdout.write(`${part.padEnd(26)}${String(code).padStart(7)}${beside}\n`);
}

function sumOf(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((sum, lines) => sum + lines, 0);
}
