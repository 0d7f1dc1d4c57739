/**
 * Every statement that the source can send, read from the source itself: what a check must have seen, so that none that
 * is added can be forgotten.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, posix } from 'node:path';
import { parseAst } from 'vitest/node';

/**
 * `shows`: matches a text that holds it. `text`: with constants of the source put in, and a number in place of what stays open;
 * null for a call of a function.
 */
type Listed = { file: string; by: string; shows: RegExp; text: string | null };
type Part = { type: string; [field: string]: any };

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = [...readdirSync(join(ROOT, 'services')).map((name) => `services/${name}/src`), 'packages/platform/src'];
const BEGINS = /^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s/;

/**
 * Texts that begin like a statement, what stands in `${}` left open; and calls of functions by their names. What
 * the query builder makes is not among them.
 */
export function listStatements(): Listed[] {
  const all = sources();
  const texts = new Map(all.map(({ file, tree }) => [file, constantsOf(tree)]));
  return all.flatMap(({ file, tree }) =>
    partsOf(tree).flatMap((part): Listed[] => {
      const pieces = piecesOf(part);
      if (pieces && BEGINS.test(pieces[0]!)) {
        const put = (part.expressions ?? []).map(
          ({ name }: Part) => texts.get(home(file, tree, name))?.get(name) ?? '1',
        );
        const text = pieces.map((piece, at) => `${piece}${put[at] ?? ''}`).join('');
        return [{ file, by: flat(pieces.join('…')), shows: around(pieces), text }];
      }
      const called = calledBy(part);
      return called ? [{ file, by: called, shows: around([`${called}(`]), text: null }] : [];
    }),
  );
}

function sources(): { file: string; tree: Part }[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => {
        const file = `${folder}/${name}`;
        const text = stripTypeScriptTypes(readFileSync(join(ROOT, file), 'utf8'));
        return { file, tree: parseAst(text) as unknown as Part };
      }),
  );
}

function partsOf(part: unknown): Part[] {
  if (Array.isArray(part)) return part.flatMap(partsOf);
  if (part === null || typeof part !== 'object') return [];
  const below = Object.values(part).flatMap(partsOf);
  return typeof (part as Part).type === 'string' ? [part as Part, ...below] : below;
}

/** Texts of a file that have a name and nothing open. */
function constantsOf(tree: Part): Map<string, string> {
  return new Map(
    partsOf(tree).flatMap(({ type, id, init }): [string, string][] => {
      const pieces = type === 'VariableDeclarator' && init ? piecesOf(init) : null;
      return pieces?.length === 1 ? [[id.name, pieces[0]!]] : [];
    }),
  );
}

/** The file that a name of a file is declared in. */
function home(file: string, tree: Part, name: string): string {
  const from = partsOf(tree).find(
    ({ type, specifiers }) => type === 'ImportDeclaration' && specifiers.some(({ local }: Part) => local.name === name),
  );
  return from ? posix.join(posix.dirname(file), from.source.value) : file;
}

function piecesOf(part: Part): string[] | null {
  if (part.type === 'TemplateLiteral') return part.quasis.map((each: Part) => each.value.cooked);
  return part.type === 'Literal' && typeof part.value === 'string' ? [part.value] : null;
}

/** Without comments, and with any whitespace as one blank. */
function flat(text: string): string {
  return text.replace(/--.*$/gm, ' ').replace(/\s+/g, ' ').trim();
}

function around(pieces: readonly string[]): RegExp {
  const escaped = pieces.map((piece) =>
    flat(` ${piece} `)
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/ /g, '\\s+'),
  );
  return new RegExp(escaped.join('[\\s\\S]*?'));
}

/** `routines.answer(tx, 'scheduler.admit', …)` → `scheduler.admit`. */
function calledBy(part: Part): string | null {
  if (part.type !== 'CallExpression' || part.callee.object?.name !== 'routines') return null;
  return part.arguments[1]?.value ?? null;
}
