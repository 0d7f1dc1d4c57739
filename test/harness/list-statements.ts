/**
 * Every statement that the source can send, read from the source itself: what a check must have seen, so that none that
 * is added can be forgotten.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

/** `shows`: matches a text that holds it. `text`: with a number in place of what is open; null for a call of a function. */
export type Listed = { file: string; by: string; shows: RegExp; text: string | null };
type Part = { type: string; [field: string]: any };

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = [...readdirSync(join(ROOT, 'services')).map((name) => `services/${name}/src`), 'packages/platform/src'];
const BEGINS = /^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s/;

/**
 * Texts that begin like a statement, what stands in `${}` left open; and calls of functions by their names. What
 * the query builder makes is not among them.
 */
export function listStatements(): Listed[] {
  return sources().flatMap(({ file, tree }) =>
    partsOf(tree).flatMap((part): Listed[] => {
      const pieces = piecesOf(part);
      if (pieces && BEGINS.test(pieces[0]!))
        return [{ file, by: flat(pieces.join('…')), shows: around(pieces), text: pieces.join('1') }];
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
