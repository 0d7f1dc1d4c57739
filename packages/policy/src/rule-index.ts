/**
 * Finds the rules that could match a request without looking at the others: a trie of topic patterns whose leaves hold
 * what their rules insist on as numbers, and where there are many, filed by the rarest. It may name too many, never too
 * few, and it says what of a match it has not looked at.
 */
import { type Clause, FactTable, type IndexedFacts, restOf } from './fact-table.ts';
import type { CompiledMatch } from './match-subject.ts';
import { atOnce, STEP, type Steps } from './steps.ts';

export type { IndexedFacts } from './fact-table.ts';
export type RuleIndex = {
  /** Positions, ascending, of the matches that could hold; cost grows with those, not with all. */
  candidates: (facts: IndexedFacts) => readonly number[];
  /** By position: what a candidate must fulfil besides; null when being a candidate is enough. */
  rest: readonly (CompiledMatch | null)[];
};

type Entry = { position: number; clauses: readonly Clause[] };
/**
 * Entries one after the other, each: position, where the next entry begins, then for each clause the number of its
 * facts and the facts. One run of memory, because at thousands of rules following pointers is what costs.
 */
type Program = Int32Array;
/** `filed`: by a fact without which none of its entries can hold. */
type Bucket = { entries: Entry[]; program: Program; filed: Map<number, Program> | null };
type Node = { literal: Map<string, Node>; star: Node | null; exact: Bucket | null; open: Bucket | null };

/** Reading so many entries in a row costs less than looking facts up. */
const FEW_ENTRIES = 16;
/** Up to so many candidates, which come in a few sorted runs, inserting beats the general sort. */
const FEW_CANDIDATES = 32;
/** A match without topics fits every topic. */
const ANY_TOPIC = ['job', '*'];
const EMPTY: Program = new Int32Array(0);

export function buildIndex(matches: readonly CompiledMatch[]): RuleIndex {
  return atOnce(indexSteps(matches));
}

/** The same in steps of a few milliseconds at most. */
export function* indexSteps(matches: readonly CompiledMatch[]): Steps<RuleIndex> {
  const facts = new FactTable();
  const clauses: Clause[][] = [];
  for (const match of matches) {
    clauses.push(facts.clausesOf(match));
    if (clauses.length % STEP === 0) yield;
  }
  facts.seal();
  yield;
  rarestFirst(clauses);
  yield;
  const root = newNode();
  const buckets = new Set<Bucket>();
  for (const [position, match] of matches.entries()) {
    const reached = new Set((match.topics ?? [ANY_TOPIC]).map((topic) => bucketOf(root, topic)));
    for (const bucket of reached) {
      buckets.add(bucket);
      bucket.entries.push({ position, clauses: clauses[position]! });
    }
    if (position % STEP === 0) yield;
  }
  let sealed = 0;
  for (const bucket of buckets) {
    sealBucket(bucket);
    if (++sealed % STEP === 0) yield;
  }
  return {
    rest: matches.map(restOf),
    candidates: (asked) => {
      const found: number[] = [];
      facts.mark(asked);
      walk(root, asked.topic, 0, facts, found);
      return found.length < 2 ? found : sortOnce(found);
    },
  };
}

/** The condition that fails most often is tested first, and a large bucket is keyed by it. */
function rarestFirst(clauses: readonly Clause[][]): void {
  const frequency = new Map<number, number>();
  for (const fact of clauses.flat(2)) frequency.set(fact, (frequency.get(fact) ?? 0) + 1);
  const weigh = (clause: Clause): number => clause.reduce((sum, fact) => sum + frequency.get(fact)!, 0);
  for (const list of clauses) list.sort((a, b) => weigh(a) - weigh(b));
}

function newNode(): Node {
  return { literal: new Map(), star: null, exact: null, open: null };
}

function bucketOf(root: Node, topic: readonly string[]): Bucket {
  const open = topic[topic.length - 1] === '*';
  let node = root;
  for (const token of open ? topic.slice(0, -1) : topic) node = childOf(node, token);
  const side = open ? 'open' : 'exact';
  node[side] ??= { entries: [], program: EMPTY, filed: null };
  return node[side];
}

function childOf(node: Node, token: string): Node {
  if (token === '*') {
    node.star ??= newNode();
    return node.star;
  }
  const known = node.literal.get(token);
  if (known !== undefined) return known;
  const made = newNode();
  node.literal.set(token, made);
  return made;
}

function sealBucket(bucket: Bucket): void {
  const { entries } = bucket;
  bucket.entries = [];
  if (entries.length <= FEW_ENTRIES) {
    bucket.program = programOf(entries);
    return;
  }
  const filed = new Map<number, Entry[]>();
  for (const entry of entries) {
    for (const fact of entry.clauses[0] ?? []) {
      const list = filed.get(fact);
      if (list === undefined) filed.set(fact, [entry]);
      else list.push(entry);
    }
  }
  bucket.program = programOf(entries.filter(({ clauses }) => clauses.length === 0));
  bucket.filed = new Map([...filed].map(([fact, list]) => [fact, programOf(list)]));
}

function programOf(entries: readonly Entry[]): Program {
  const words: number[] = [];
  for (const { position, clauses } of entries) {
    const start = words.push(position, 0) - 1;
    for (const clause of clauses) words.push(clause.length, ...clause);
    words[start] = words.length;
  }
  return Int32Array.from(words);
}

/** A trailing `*` is one token or more, so `open` counts only while tokens are left. */
function walk(node: Node, topic: IndexedFacts['topic'], depth: number, facts: FactTable, found: number[]): void {
  if (depth === topic.length) {
    if (node.exact !== null) take(node.exact, facts, found);
    return;
  }
  if (node.open !== null) take(node.open, facts, found);
  const literal = node.literal.get(topic[depth]!);
  if (literal !== undefined) walk(literal, topic, depth + 1, facts, found);
  if (node.star !== null) walk(node.star, topic, depth + 1, facts, found);
}

function take(bucket: Bucket, facts: FactTable, found: number[]): void {
  scan(bucket.program, facts, found);
  if (bucket.filed === null) return;
  for (let i = 0; i < facts.count; i++) {
    const program = bucket.filed.get(facts.present[i]!);
    if (program !== undefined) scan(program, facts, found);
  }
}

function scan(program: Program, facts: FactTable, found: number[]): void {
  for (let at = 0; at < program.length; ) {
    const next = program[at + 1]!;
    if (clausesHold(program, at + 2, next, facts)) found.push(program[at]!);
    at = next;
  }
}

function clausesHold(program: Program, from: number, end: number, facts: FactTable): boolean {
  for (let at = from; at < end; ) {
    const after = at + 1 + program[at]!;
    at++;
    while (at < after && !facts.holds(program[at]!)) at++;
    if (at === after) return false;
    at = after;
  }
  return true;
}

/** In place; a rule can be reached by several of its topics or values. */
function sortOnce(found: number[]): number[] {
  if (found.length > FEW_CANDIDATES) found.sort((a, b) => a - b);
  else insertionSort(found);
  let kept = 1;
  for (let i = 1; i < found.length; i++) {
    if (found[i] !== found[i - 1]) found[kept++] = found[i]!;
  }
  found.length = kept;
  return found;
}

function insertionSort(found: number[]): void {
  for (let i = 1; i < found.length; i++) {
    const position = found[i]!;
    let at = i - 1;
    for (; at >= 0 && found[at]! > position; at--) found[at + 1] = found[at]!;
    found[at + 1] = position;
  }
}
