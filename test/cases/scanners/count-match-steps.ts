/**
 * How many steps a backtracking matcher takes for one call of a regular expression: one for each character tried and
 * each place gone back to. The real result is known, so only the way there is walked. No recursion but in looking ahead.
 */
import { type Node, parseExpression } from './parse-expression.ts';

type Width = (text: string, at: number) => number;
type Op =
  | { op: 'unit'; width: Width }
  | { op: 'many'; width: Width; min: number; max: number; lazy: boolean }
  | { op: 'test'; holds: (text: string, at: number) => boolean }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'open' | 'close' | 'back'; index: number }
  | { op: 'look'; wanted: boolean; inner: readonly Op[] }
  | { op: 'done' };
type Groups = readonly (number | string | undefined)[];
/** Where to go on: `ends` are the places where what was repeated may end, the next to try last. */
type Back = { pc: number; ends: number[]; groups: Groups };

const compiled = new Map<string, { ops: readonly Op[]; anchored: boolean }>();

type Many = Extract<Op, { op: 'many' }>;
type Place = { text: string; at: number; pc: number; groups: Groups };

/** `found` is what the expression really gave from `from` on. */
export function countMatchSteps(pattern: RegExp, text: string, from: number, found: RegExpExecArray | null): number {
  const key = `${pattern.flags.replace(/[gyd]/g, '')}/${pattern.source}`;
  let known = compiled.get(key);
  if (known === undefined) {
    const node = parseExpression(pattern.source, pattern.flags);
    known = { ops: compile(node), anchored: isAnchored(node) && !pattern.multiline };
    compiled.set(key, known);
  }
  const last = pattern.sticky || known.anchored ? from : (found?.index ?? text.length);
  const count = { steps: 1 };
  for (let at = from; at <= last; at += 1) if (run(known.ops, text, at, count)) break;
  return count.steps;
}

function compile(node: Node): Op[] {
  const ops: Op[] = [];
  add(ops, node);
  ops.push({ op: 'done' });
  return ops;
}

function add(ops: Op[], node: Node): void {
  if (node.kind === 'char') ops.push({ op: 'unit', width: node.width });
  else if ('holds' in node) ops.push({ op: 'test', holds: node.holds });
  else if ('items' in node) addItems(ops, node);
  else if (node.kind === 'back') ops.push({ op: 'back', index: node.index });
  else if (node.kind === 'look') ops.push({ op: 'look', wanted: node.wanted, inner: compile(node.inner) });
  else if (node.kind === 'group') {
    ops.push({ op: 'open', index: node.index });
    add(ops, node.inner);
    ops.push({ op: 'close', index: node.index });
  } else addRepeat(ops, node);
}

function addItems(ops: Op[], { kind, items }: Extract<Node, { items: Node[] }>): void {
  if (kind === 'choice') addChoice(ops, items);
  else for (const item of items) add(ops, item);
}

function addChoice(ops: Op[], items: readonly Node[]): void {
  const jumps: { op: 'jump'; to: number }[] = [];
  items.forEach((item, i) => {
    const split = { op: 'split' as const, first: ops.length + 1, second: 0 };
    if (i < items.length - 1) ops.push(split);
    add(ops, item);
    const jump = { op: 'jump' as const, to: 0 };
    ops.push(jump);
    jumps.push(jump);
    split.second = ops.length;
  });
  for (const jump of jumps) jump.to = ops.length;
}

function addRepeat(ops: Op[], { inner, min, max, lazy }: Extract<Node, { kind: 'repeat' }>): void {
  const unit = fixedUnit(inner);
  if (unit !== null) {
    ops.push({ op: 'many', width: unit, min, max, lazy });
    return;
  }
  for (let i = 0; i < min; i += 1) add(ops, inner);
  const splits: { op: 'split'; first: number; second: number }[] = [];
  const copies = max === Number.POSITIVE_INFINITY ? 1 : max - min;
  for (let i = 0; i < copies; i += 1) {
    const split = { op: 'split' as const, first: 0, second: 0 };
    splits.push(split);
    const at = ops.push(split);
    add(ops, inner);
    if (max === Number.POSITIVE_INFINITY) ops.push({ op: 'jump', to: at - 1 });
    split[lazy ? 'second' : 'first'] = at;
  }
  for (const split of splits) split[lazy ? 'first' : 'second'] = ops.length;
}

/** The width of what characters alone make up, one after another; null where it is not that simple. */
function fixedUnit(node: Node): Width | null {
  if (node.kind === 'char') return node.width;
  const isFixed = node.kind === 'repeat' && node.min === node.max;
  const items = node.kind === 'sequence' ? node.items : isFixed ? Array<Node>(node.min).fill(node.inner) : null;
  const parts = items?.map(fixedUnit) ?? [null];
  if (parts.length === 0 || parts.includes(null)) return null;
  return (text, at) => {
    let end = at;
    for (const part of parts) {
      const wide = part!(text, end);
      if (wide === 0) return 0;
      end += wide;
    }
    return end - at;
  };
}

function isAnchored(node: Node | undefined): boolean {
  return (
    node?.kind === 'start' ||
    (node?.kind === 'sequence' && isAnchored(node.items[0])) ||
    (node?.kind === 'choice' && node.items.every(isAnchored))
  );
}

/** Whether the operations match at `start`. */
function run(ops: readonly Op[], text: string, start: number, count: { steps: number }): boolean {
  const backs: Back[] = [{ pc: 0, ends: [start], groups: [] }];
  for (;;) {
    const back = backs.at(-1);
    if (back === undefined) return false;
    let at = back.ends.pop()!;
    let { pc, groups } = back;
    if (back.ends.length === 0) backs.pop();
    while (at !== -1) {
      count.steps += 1;
      const now = ops[pc]!;
      pc += 1;
      if (now.op === 'done') return true;
      if (now.op === 'jump') pc = now.to;
      else if (now.op === 'split') {
        backs.push({ pc: now.second, ends: [at], groups });
        pc = now.first;
      } else if (now.op === 'open') groups = put(groups, now.index, at);
      else if (now.op === 'close') groups = put(groups, now.index, text.slice(Number(groups[now.index]), at));
      else if (now.op === 'many') at = runMany(now, { text, at, pc, groups }, backs, count);
      else at = step(now, text, at, groups, count);
    }
  }
}

function put(groups: Groups, index: number, value: number | string): Groups {
  const changed = [...groups];
  changed[index] = value;
  return changed;
}

/** Repeats one unit as often as it may, keeping where it could have ended. Lazy ones are walked as if they were greedy. */
function runMany(now: Many, { text, at, pc, groups }: Place, backs: Back[], count: { steps: number }): number {
  const ends: number[] = [];
  let end = at;
  for (let times = 0; ; times += 1) {
    if (times >= now.min) ends.push(end);
    const wide = times < now.max ? now.width(text, end) : 0;
    count.steps += 1;
    if (wide === 0) break;
    end += wide;
  }
  if (now.lazy) ends.reverse();
  const first = ends.pop() ?? -1;
  if (ends.length > 0) backs.push({ pc, ends, groups });
  return first;
}

/** Where the operation ends, or -1. */
function step(now: Op, text: string, at: number, groups: Groups, count: { steps: number }): number {
  if (now.op === 'unit') {
    const wide = now.width(text, at);
    return wide > 0 ? at + wide : -1;
  }
  if (now.op === 'test') return now.holds(text, at) ? at : -1;
  if (now.op === 'look') return run(now.inner, text, at, count) === now.wanted ? at : -1;
  if (now.op !== 'back') throw new Error(`no step: ${now.op}`);
  const held = String(groups[now.index] ?? '');
  count.steps += held.length;
  return text.startsWith(held, at) ? at + held.length : -1;
}
