// Finds the rules that could match a request without looking at the others: a trie of topic patterns whose leaves are
// split again by the rarest label or capability that a rule insists on. It may name too many, never too few.
import type { CompiledMatch, Subject } from './match-subject.ts';

type Bucket = { always: number[]; byFeature: Map<string, number[]> };
type Node = { literal: Map<string, Node>; star: Node | null; exact: Bucket | null; open: Bucket | null };

/** Positions, ascending, of the matches that could hold; cost grows with those, not with all. */
export type RuleIndex = {
  candidates: (subject: Pick<Subject, 'topic' | 'capability' | 'labels'>) => number[];
};

const newNode = (): Node => ({ literal: new Map(), star: null, exact: null, open: null });
const newBucket = (): Bucket => ({ always: [], byFeature: new Map() });
/** Keys and values may hold any character but this one. */
const labelFeature = (key: string, value: string): string => `l\0${key}\0${value}`;
const capabilityFeature = (name: string): string => `c\0${name}`;
/** A match without topics fits every topic. */
const ANY_TOPIC = ['job', '*'];

export function buildIndex(matches: readonly CompiledMatch[]): RuleIndex {
  const frequency = countFeatures(matches);
  const labelKeys = new Set<string>();
  const root = newNode();
  matches.forEach((match, position) => {
    const features = rarestFeatures(match, frequency);
    for (const [key] of match.labels ?? []) labelKeys.add(key);
    for (const topic of match.topics ?? [ANY_TOPIC]) put(bucketOf(root, topic), features, position);
  });
  const keys = [...labelKeys];
  return { candidates: (subject) => collect(root, subject.topic, featuresOf(subject, keys)) };
}

/** The groups of features of which a match needs one each: its label keys and its literal capabilities. */
function featureGroups(match: CompiledMatch): string[][] {
  const groups = (match.labels ?? []).map(([key, values]) => [...values].map((value) => labelFeature(key, value)));
  const literal = match.capabilities?.every((glob) => !glob.includes('*'));
  if (literal) groups.push(match.capabilities!.map((glob) => capabilityFeature(glob.join('.'))));
  return groups;
}

function countFeatures(matches: readonly CompiledMatch[]): Map<string, number> {
  const frequency = new Map<string, number>();
  for (const feature of matches.flatMap((match) => featureGroups(match).flat())) {
    frequency.set(feature, (frequency.get(feature) ?? 0) + 1);
  }
  return frequency;
}

function rarestFeatures(match: CompiledMatch, frequency: ReadonlyMap<string, number>): string[] | null {
  const weigh = (group: readonly string[]): number =>
    group.reduce((sum, feature) => sum + (frequency.get(feature) ?? 0), 0);
  return featureGroups(match).reduce<string[] | null>(
    (best, group) => (best === null || weigh(group) < weigh(best) ? group : best),
    null,
  );
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

function put(bucket: Bucket, features: readonly string[] | null, position: number): void {
  if (features === null) pushOnce(bucket.always, position);
  for (const feature of features ?? []) {
    const list = bucket.byFeature.get(feature) ?? [];
    pushOnce(list, position);
    bucket.byFeature.set(feature, list);
  }
}

const pushOnce = (list: number[], position: number): void => {
  if (list[list.length - 1] !== position) list.push(position);
};

function featuresOf(subject: Pick<Subject, 'capability' | 'labels'>, keys: readonly string[]): string[] {
  const features: string[] = [];
  if (subject.capability !== null) features.push(capabilityFeature(subject.capability.join('.')));
  for (const key of keys) {
    if (Object.hasOwn(subject.labels, key)) features.push(labelFeature(key, subject.labels[key]!));
  }
  return features;
}

function collect(root: Node, topic: Subject['topic'], features: readonly string[]): number[] {
  const found: number[] = [];
  let level: Node[] = [root];
  topic.forEach((token, depth) => {
    const next: Node[] = [];
    for (const node of level) {
      if (node.open !== null) take(node.open, features, found);
      const literal = node.literal.get(token);
      if (literal !== undefined) next.push(literal);
      if (node.star !== null) next.push(node.star);
    }
    if (depth === topic.length - 1) for (const node of next) if (node.exact !== null) take(node.exact, features, found);
    level = next;
  });
  found.sort((a, b) => a - b);
  return found.filter((position, i) => position !== found[i - 1]);
}

function take(bucket: Bucket, features: readonly string[], found: number[]): void {
  for (const position of bucket.always) found.push(position);
  if (bucket.byFeature.size === 0) return;
  for (const feature of features) {
    for (const position of bucket.byFeature.get(feature) ?? []) found.push(position);
  }
}
