/**
 * Rewrites that lead back to where they began, or on and on, found before any job meets them. Only what is certain from
 * the sources is a fault; the rest ends at the bound on rewrites when it runs.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Match, RuleSource } from '@countersign/contracts/policy';
import type { CompiledPolicy } from './compiled-policy.ts';
import { coversMatch } from './cover-match.ts';
import { type KnownTopics, knownTopics } from './known-topics.ts';
import type { Placed, Sections } from './place-sections.ts';
import { below, type Report } from './report-faults.ts';
import { sampleOf } from './sample-match.ts';

type Rules = Sections['rules'];
type Rewrite = NonNullable<RuleSource['remediation']>;

export function checkRemediations(policy: CompiledPolicy, { rules }: Sections, report: Report): void {
  if (!rules.some(({ source }) => source.decision === 'remediate')) return;
  const follow = follower(policy, rules);
  const told = new Set<number>();
  rules.forEach((placed, start) => {
    if (placed.source.decision !== 'remediate' || placed.source.remediation === undefined) return;
    const path = pathFrom(start, follow);
    const last = follow(path[path.length - 1]!);
    const names = path.map((position) => rules[position]!.source.id);
    if (last !== null && path.includes(last)) {
      const circle = path.slice(path.indexOf(last));
      if (circle.some((position) => told.has(position))) return;
      for (const position of circle) told.add(position);
      const says = [...circle, last].map((position) => rules[position]!.source.id).join(', ');
      report('remediation_cycle', below(rules[last]!, 'remediation'), `these rewrites go in a circle: ${says}`);
    } else if (path.length > LIMITS.rewrites) {
      const says = `more than ${LIMITS.rewrites} rewrites in a row: ${names.join(', ')}`;
      report('remediation_too_long', below(placed, 'remediation'), says);
    }
  });
}

/** Which rule surely rewrites what this one has rewritten; null where none does, or where it can't be told. */
function follower(policy: CompiledPolicy, rules: Rules): (position: number) => number | null {
  const topics = knownTopics(policy.sources.policy.topics);
  const matches = rules.map(({ source }) => topics.complete(source.match));
  const known = new Map<number, number | null>();
  let left: number = LIMITS.lint_comparisons;
  const find = (position: number): number | null => {
    const state = stateAfter(rules[position]!, topics);
    const surely = policy.rules.index.candidates(sampleOf(state)).filter((at) => {
      const { source } = rules[at]!;
      return source.when === undefined && --left > 0 && coversMatch(matches[at]!, state);
    });
    if (surely.some((at) => rules[at]!.source.decision === 'deny')) return null;
    const first = surely[0];
    return first !== undefined && rules[first]!.source.decision === 'remediate' ? first : null;
  };
  return (position) => {
    const found = known.get(position);
    if (found !== undefined) return found;
    const next = find(position);
    known.set(position, next);
    return next;
  };
}

/** All that is known of a request once the rule has rewritten it, as a match. */
function stateAfter({ source }: Placed<RuleSource>, topics: KnownTopics): Match {
  const rewrite: Rewrite = source.remediation!;
  const { not: _, keywords, scanners, types, min_severity, capabilities, labels, ...kept } = source.match;
  const moved = rewrite.topic !== undefined;
  const stated = rewrite.capability === undefined ? (moved ? undefined : capabilities) : [rewrite.capability];
  const met = (moved ? [rewrite.topic!] : (source.match.topics ?? [])).flatMap(topics.meeting);
  const derived = met.flatMap(({ facts }) => Object.keys(facts.derive_labels ?? {}));
  const gone = new Set([...(rewrite.labels?.remove ?? []), ...derived]);
  const after = { ...labels, ...rewrite.labels?.set };
  return topics.complete({
    ...kept,
    ...(moved && { topics: [rewrite.topic!] }),
    ...(stated !== undefined && { capabilities: stated }),
    labels: Object.fromEntries(
      Object.entries(after).filter(([key]) => !gone.has(key) || key in (rewrite.labels?.set ?? {})),
    ),
    // A patched payload may have lost what was found in it.
    ...(rewrite.payload === undefined && { keywords, scanners, types, min_severity }),
  });
}

/** The rules that rewrite one after the other, each once; one longer than is allowed is long enough to know. */
function pathFrom(start: number, follow: (position: number) => number | null): number[] {
  const path = [start];
  for (let at = follow(start); at !== null && !path.includes(at) && path.length <= LIMITS.rewrites; at = follow(at)) {
    path.push(at);
  }
  return path;
}
