// Finds the rules that could match a request without looking at the others: a trie of topic patterns whose leaves are
// split again by the rarest value that a rule insists on (a label, a capability, an actor, …). It may name too many,
// never too few.
import type { CompiledMatch, Subject } from './match-subject.ts';

/** What the index reads of a request. */
export type IndexedFacts = Omit<Subject, 'capability' | 'foldedTexts' | 'findings'>;
/** Positions, ascending, of the matches that could hold; cost grows with those, not with all. */
export type RuleIndex = { candidates: (facts: IndexedFacts) => readonly number[] };

type Positions = number[];
type ByValue = Map<string, Positions>;
const KINDS = ['tenants', 'capabilities', 'actors', 'actor_types', 'risk_tags', 'requires'] as const;
type Kind = (typeof KINDS)[number];
/** Each rule is filed once per topic: under one kind of value, or under `always`. */
type Bucket = Record<Kind, ByValue | null> & { always: Positions; labels: Map<string, ByValue>; label_keys: string[] };
type Node = { literal: Map<string, Node>; star: Node | null; exact: Bucket | null; open: Bucket | null };
/** One of these values must be there. */
type Group = { kind: Kind; values: readonly string[] } | { kind: 'label'; key: string; values: readonly string[] };

/** Up to so many candidates, which come in a few sorted runs, inserting beats the general sort. */
const FEW = 32;
/** A match without topics fits every topic. */
const ANY_TOPIC = ['job', '*'];

const newNode = (): Node => ({ literal: new Map(), star: null, exact: null, open: null });
const newBucket = (): Bucket => ({
  always: [],
  tenants: null,
  capabilities: null,
  actors: null,
  actor_types: null,
  risk_tags: null,
  requires: null,
  labels: new Map(),
  label_keys: [],
});

export function buildIndex(matches: readonly CompiledMatch[]): RuleIndex {
  const groups = matches.map(groupsOf);
  const frequency = countValues(groups.flat());
  const root = newNode();
  matches.forEach((match, position) => {
    const rarest = rarestOf(groups[position]!, frequency);
    for (const topic of match.topics ?? [ANY_TOPIC]) put(bucketOf(root, topic), rarest, position);
  });
  return {
    candidates: (facts) => {
      const found: Positions = [];
      walk(root, facts, 0, found);
      return found.length < 2 ? found : sortOnce(found);
    },
  };
}

/** All that a match insists on and that can be looked up; of capabilities only those without wildcards. */
function groupsOf(match: CompiledMatch): Group[] {
  const groups: Group[] = [];
  const add = (kind: Kind, values: Iterable<string> | null): void => {
    if (values !== null) groups.push({ kind, values: [...values] });
  };
  for (const [key, values] of match.labels ?? []) groups.push({ kind: 'label', key, values: [...values] });
  const literal = match.capabilities?.every((glob) => !glob.includes('*')) ? match.capabilities : null;
  add('capabilities', literal?.map((glob) => glob.join('.')) ?? null);
  for (const kind of ['tenants', 'actors', 'actor_types', 'risk_tags'] as const) add(kind, match[kind]);
  // All of them are needed, so each alone would do.
  for (const name of match.requires ?? []) add('requires', [name]);
  return groups;
}

type Frequency = ReadonlyMap<string, number>;
/** No key and no value holds U+0000, so no two groups share a name. */
const nameOf = (group: Group, value: string): string =>
  `${group.kind}\0${group.kind === 'label' ? group.key : ''}\0${value}`;

function countValues(groups: readonly Group[]): Frequency {
  const frequency = new Map<string, number>();
  for (const group of groups) {
    for (const value of group.values) {
      const name = nameOf(group, value);
      frequency.set(name, (frequency.get(name) ?? 0) + 1);
    }
  }
  return frequency;
}

function rarestOf(groups: readonly Group[], frequency: Frequency): Group | null {
  let rarest: Group | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const group of groups) {
    const weight = group.values.reduce((sum, value) => sum + (frequency.get(nameOf(group, value)) ?? 0), 0);
    if (weight >= least) continue;
    rarest = group;
    least = weight;
  }
  return rarest;
}

function bucketOf(root: Node, topic: readonly string[]): Bucket {
  const open = topic[topic.length - 1] === '*';
  let node = root;
  for (const token of open ? topic.slice(0, -1) : topic) node = childOf(node, token);
  const side = open ? 'open' : 'exact';
  node[side] ??= newBucket();
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

function put(bucket: Bucket, group: Group | null, position: number): void {
  if (group === null) {
    pushOnce(bucket.always, position);
    return;
  }
  const lists = listsOf(bucket, group);
  for (const value of group.values) {
    const list = lists.get(value) ?? [];
    pushOnce(list, position);
    lists.set(value, list);
  }
}

function listsOf(bucket: Bucket, group: Group): ByValue {
  if (group.kind !== 'label') {
    bucket[group.kind] ??= new Map();
    return bucket[group.kind]!;
  }
  const known = bucket.labels.get(group.key);
  if (known !== undefined) return known;
  const made: ByValue = new Map();
  bucket.labels.set(group.key, made);
  bucket.label_keys.push(group.key);
  return made;
}

const pushOnce = (list: Positions, position: number): void => {
  if (list[list.length - 1] !== position) list.push(position);
};

/** A trailing `*` is one token or more, so `open` counts only while tokens are left. */
function walk(node: Node, facts: IndexedFacts, depth: number, found: Positions): void {
  if (depth === facts.topic.length) {
    if (node.exact !== null) take(node.exact, facts, found);
    return;
  }
  if (node.open !== null) take(node.open, facts, found);
  const literal = node.literal.get(facts.topic[depth]!);
  if (literal !== undefined) walk(literal, facts, depth + 1, found);
  if (node.star !== null) walk(node.star, facts, depth + 1, found);
}

function take(bucket: Bucket, facts: IndexedFacts, found: Positions): void {
  append(found, bucket.always);
  if (bucket.label_keys.length > 0) takeLabels(bucket, facts, found);
  if (bucket.tenants !== null) append(found, bucket.tenants.get(facts.tenant));
  if (bucket.capabilities !== null && facts.capability_name !== null) {
    append(found, bucket.capabilities.get(facts.capability_name));
  }
  if (bucket.actors !== null) append(found, bucket.actors.get(facts.actor_id));
  if (bucket.actor_types !== null) append(found, bucket.actor_types.get(facts.actor_type));
  if (bucket.risk_tags !== null) for (const tag of facts.risk_tags) append(found, bucket.risk_tags.get(tag));
  if (bucket.requires !== null) for (const name of facts.requires) append(found, bucket.requires.get(name));
}

/** By the shorter list: neither many keys in a policy nor many labels on a job cost more than the other has. */
function takeLabels({ labels, label_keys }: Bucket, facts: IndexedFacts, found: Positions): void {
  const keys = label_keys.length < facts.label_names.length ? label_keys : facts.label_names;
  for (const key of keys) {
    if (Object.hasOwn(facts.labels, key)) append(found, labels.get(key)?.get(facts.labels[key]!));
  }
}

function append(found: Positions, positions: Positions | undefined): void {
  if (positions === undefined) return;
  for (let i = 0; i < positions.length; i++) found.push(positions[i]!);
}

/** In place; a rule can be reached by several of its topics or values. */
function sortOnce(found: Positions): Positions {
  if (found.length > FEW) found.sort((a, b) => a - b);
  else insertionSort(found);
  let kept = 1;
  for (let i = 1; i < found.length; i++) {
    if (found[i] !== found[i - 1]) found[kept++] = found[i]!;
  }
  found.length = kept;
  return found;
}

function insertionSort(found: Positions): void {
  for (let i = 1; i < found.length; i++) {
    const position = found[i]!;
    let at = i - 1;
    for (; at >= 0 && found[at]! > position; at--) found[at + 1] = found[at]!;
    found[at + 1] = position;
  }
}
