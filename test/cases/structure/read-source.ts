/**
 * Reads a source file with a real parser: what it imports, what it names, what it quotes, how long its functions are.
 * So a rule is checked on what the code says and not on how it is laid out.
 */
import { extname } from 'node:path';
import { parseAst } from 'vitest/node';
import { listFiles, readText } from './project-files.ts';

type At = { line: number };
export type Import = At & { specifier: string; names: readonly string[] };
export type SourceFile = {
  path: string;
  text: string;
  imports: readonly Import[];
  /** Names that it declares for others. */
  exports: readonly string[];
  /** Names that are read, as far as they are written out: `Date.now`, `LIMITS.labels`; and `new Date()`, which asks the clock. */
  uses: readonly (At & { name: string })[];
  /** Strings; the holes of a template stand as `\0`. */
  quotes: readonly (At & { text: string })[];
  /** A function's own lines: those of the functions inside it are theirs. */
  functions: readonly (At & { lines: number })[];
};

type Node = { type: string; start: number; end: number; [key: string]: unknown };

const IMPORTS = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

const known = new Map<string, SourceFile>();

export function parseSource(path: string, text: string): SourceFile {
  const starts = [...text.matchAll(/\n/g)].map((match) => match.index);
  const lineOf = (offset: number): number => {
    const next = starts.findIndex((start) => start >= offset);
    return (next < 0 ? starts.length : next) + 1;
  };
  const imports: Import[] = [];
  const exports: string[] = [];
  const uses: (At & { name: string })[] = [];
  const quotes: (At & { text: string })[] = [];
  const functions: (At & { lines: number })[] = [];
  const program = parseAst(text, { lang: extname(path) === '.ts' ? 'ts' : 'js' }) as unknown as Node;
  for (const { node, parent, key } of walk(program)) {
    const line = lineOf(node.start);
    const imported = importOf(node);
    if (imported) imports.push({ ...imported, line });
    if (node.type === 'ExportNamedDeclaration') exports.push(...declaredBy(node.declaration));
    const name = useOf(node, parent, key);
    if (name !== null) uses.push({ name, line });
    const quote = textOf(node);
    if (quote !== null) quotes.push({ text: quote, line });
    if (FUNCTIONS.has(node.type)) functions.push({ line, lines: ownLines(node, lineOf) });
  }
  return { path, text, imports, exports, uses, quotes, functions };
}

export function readSource(path: string): SourceFile {
  const file = known.get(path) ?? parseSource(path, readText(path));
  known.set(path, file);
  return file;
}

export function readSources(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) => listFiles(folder, /\.(ts|mjs|js)$/)).map(readSource);
}

/** Every node with the key it stands under in its parent. */
function* walk(
  node: Node,
  parent: Node | null = null,
  key = '',
): Generator<{ node: Node; parent: Node | null; key: string }> {
  yield { node, parent, key };
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* walk(child, node, name);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function importOf(node: Node): Omit<Import, 'line'> | null {
  if (!IMPORTS.has(node.type)) return null;
  const specifier = textOf(node.source);
  if (specifier === null) return node.type === 'ImportExpression' ? { specifier: '(computed)', names: ['*'] } : null;
  const specifiers = (node.specifiers as { imported?: { name: string } }[] | undefined) ?? [{}];
  return { specifier, names: specifiers.map((each) => each.imported?.name ?? '*') };
}

function declaredBy(declaration: unknown): string[] {
  if (!isNode(declaration)) return [];
  const declared = (declaration.declarations as { id: Node }[] | undefined) ?? [declaration as unknown as { id: Node }];
  return declared.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name as string] : []));
}

function textOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type !== 'TemplateLiteral') return null;
  return (node.quasis as { value: { cooked: string } }[]).map((part) => part.value.cooked).join('\0');
}

function useOf(node: Node, parent: Node | null, key: string): string | null {
  const isMemberObject = parent?.type === 'MemberExpression' && key === 'object';
  if (isMemberObject) return null;
  if (node.type === 'MemberExpression') return chainOf(node);
  if (node.type === 'NewExpression' && isNode(node.callee) && node.callee.name === 'Date')
    return (node.arguments as unknown[]).length === 0 ? 'new Date()' : null;
  if (node.type !== 'Identifier') return null;
  const isKey = (key === 'property' || key === 'key') && parent?.computed !== true && parent?.shorthand !== true;
  return isKey ? null : (node.name as string);
}

/** `crypto.subtle.digest`; `*` for a member that is computed; null when it does not begin with a name. */
function chainOf(node: Node): string | null {
  if (node.type === 'Identifier') return node.name as string;
  if (node.type !== 'MemberExpression' || !isNode(node.object)) return null;
  const start = chainOf(node.object);
  const member = node.computed ? textOf(node.property) : (node.property as { name: string }).name;
  return start === null ? null : `${start}.${member ?? '*'}`;
}

/** Inner functions of several lines are subtracted, the innermost not twice. */
function ownLines(node: Node, lineOf: (offset: number) => number): number {
  const span = (each: Node) => lineOf(each.end) - lineOf(each.start);
  let covered = -1;
  let inner = 0;
  for (const { node: child } of walk(node)) {
    if (child === node || !FUNCTIONS.has(child.type) || child.start < covered) continue;
    covered = child.end;
    inner += span(child);
  }
  return span(node) + 1 - inner;
}
