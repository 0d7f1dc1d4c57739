/** Walks through a JSON document: every string, every member name, every whole number, in order, within the limits. */
import type { ScanLimits } from './scan-limits.ts';
import { NOWHERE, ofItems, ofMembers, type Surroundings } from './surroundings.ts';

/**
 * A way down the document, kept as a list so that a place is only written when something is found. `inside`: the
 * object or list, counted.
 */
export type Path = {
  readonly parent: Path | null;
  readonly name: string | number;
  readonly position: number;
  readonly shape: Shape | null;
  readonly inside: number;
};

/** A way down in which all places of a list are the same one. */
type Shape = { members: Map<string, Shape> | null };

export type Visit = (text: string, around: Surroundings, path: Path | null, isKey: boolean) => void;
export type Walk = {
  readonly visit: Visit;
  readonly limits: ScanLimits;
  chars: number;
  strings: number;
  lists: number;
  exceeded: boolean;
};

/** No member has this name, under which items of a list stand. */
const ITEMS = '\u0000items';

const MIN_NUMBER_LENGTH = 8;

/** Fewer bytes hold nothing that is looked for. */
const MIN_BYTES = 11;

/** `exceeded`: there was more than the limits allow, and the rest was not visited. */
export function walkThrough(value: unknown, visit: Visit, limits: ScanLimits): Walk {
  const state: Walk = { visit, limits, chars: 0, strings: 0, lists: 0, exceeded: false };
  walk(state, value, NOWHERE, null, 0);
  return state;
}

/** The text of a leaf, null where there is nothing to read. Card and tax numbers arrive as numbers too, texts as lists of bytes. */
export function leafText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return textOfBytes(value);
  if (typeof value !== 'number' || !Number.isInteger(value)) return null;
  const digits = String(value);
  return digits.length < MIN_NUMBER_LENGTH ? null : digits;
}

/** What a list of printable bytes says. */
function textOfBytes(list: readonly unknown[]): string | null {
  if (list.length < MIN_BYTES || !list.every(isPrintable)) return null;
  return Buffer.from(list as number[]).toString('latin1');
}

function isPrintable(byte: unknown): boolean {
  return (
    typeof byte === 'number' && Number.isInteger(byte) && ((byte >= 32 && byte < 127) || (byte >= 9 && byte <= 13))
  );
}

function walk(state: Walk, value: unknown, around: Surroundings, path: Path | null, depth: number): void {
  if (state.exceeded) return;
  const text = leafText(value);
  if (text !== null) visitText(state, text, around, path, false);
  if (typeof value !== 'object' || value === null) return;
  if (depth >= state.limits.max_depth) {
    state.exceeded = true;
    return;
  }
  const inside = state.lists;
  state.lists += 1;
  if (Array.isArray(value)) {
    const standing = ofItems(value, around);
    const shape = path?.shape ? shapeOf(path.shape, ITEMS) : { members: null };
    value.forEach((item, position) => {
      walk(state, item, standing(position), { parent: path, name: position, position, shape, inside }, depth + 1);
    });
    return;
  }
  const names = Object.keys(value);
  const standing = ofMembers(value, around, names);
  names.forEach((name, position) => {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    const shape = path?.shape ? shapeOf(path.shape, name) : null;
    const inner = { parent: path, name, position, shape, inside };
    visitText(state, name, NOWHERE, inner, true);
    walk(state, member, standing(name, member), inner, depth + 1);
  });
}

function shapeOf(above: Shape, name: string): Shape {
  above.members ??= new Map();
  const known = above.members.get(name);
  if (known !== undefined) return known;
  const shape = { members: null };
  above.members.set(name, shape);
  return shape;
}

function visitText(state: Walk, text: string, around: Surroundings, path: Path | null, isKey: boolean): void {
  state.chars += text.length;
  state.strings += 1;
  if (state.chars > state.limits.max_chars || state.strings > state.limits.max_strings) state.exceeded = true;
  if (!state.exceeded && text !== '') state.visit(text, around, path, isKey);
}
