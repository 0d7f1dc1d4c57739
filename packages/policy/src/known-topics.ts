/**
 * Derives from the listed topics what a match can meet before any request comes: which topics, and the capability that
 * all of them have. Lints read it, so that `topics: [job.deploy.*]` and `capabilities: [infra.write]` can be compared.
 */
import type { Match, PolicySource, TopicFacts } from '@countersign/contracts/policy';
import { foldKeyword } from '@countersign/scanners/fold-keyword';
import { schemaPath } from './check-policy.ts';
import { mayMeet } from './cover-match.ts';
import { buildGlobIndex } from './glob-index.ts';
import { type Glob, globCovers, globsMeet, splitTokens } from './match-glob.ts';

export type ListedTopic = { pattern: string; glob: Glob; facts: TopicFacts };
export type KnownTopics = {
  listed: readonly ListedTopic[];
  /** Listed topics that share a topic with the pattern. */
  meeting: (pattern: string) => readonly ListedTopic[];
  /** Whether one entry covers all of the pattern. */
  isListed: (pattern: string) => boolean;
  /** The match as the rules see it: every topic said as none, the capability that the topics fix stated, keywords folded. */
  complete: (match: Match) => Match;
  /** Listed topics that the match can meet. */
  metBy: (match: Match) => readonly ListedTopic[];
  /** Schema files of the topics that the match can meet; null among them where there is a topic without one. */
  schemasOf: (match: Match) => (string | null)[];
};

const EVERY_TOPIC = 'job.*';

/** As the match of a request for this topic, as far as the server knows it. */
export function matchOf({ pattern, facts }: ListedTopic): Match {
  return {
    topics: [pattern],
    ...(facts.capability !== undefined && { capabilities: [facts.capability] }),
  };
}

export function knownTopics(topics: PolicySource['topics']): KnownTopics {
  const listed = Object.entries(topics).map(([pattern, facts]) => ({ pattern, glob: splitTokens(pattern), facts }));
  const wider = buildGlobIndex(listed.map(({ pattern }) => pattern));
  const meetings = new Map<string, readonly ListedTopic[]>();
  const meeting = (pattern: string): readonly ListedTopic[] => {
    const known = meetings.get(pattern);
    if (known !== undefined) return known;
    const glob = splitTokens(pattern);
    const met = listed.filter((topic) => globsMeet(topic.glob, glob));
    meetings.set(pattern, met);
    return met;
  };
  const isListed = (pattern: string): boolean => {
    const glob = splitTokens(pattern);
    return wider(pattern).some((position) => globCovers(listed[position]!.glob, glob));
  };
  const capabilitiesOf = (patterns: readonly string[]): string[] | null => {
    if (!patterns.every(isListed)) return null;
    const named = patterns.flatMap(meeting).map(({ facts }) => facts.capability);
    return named.every((name) => name !== undefined) ? [...new Set(named)] : null;
  };
  const complete = (match: Match): Match => {
    const { topics: stated, ...rest } = match;
    const patterns = stated?.includes(EVERY_TOPIC) ? undefined : stated;
    const fixed = patterns === undefined || match.capabilities !== undefined ? null : capabilitiesOf(patterns);
    return {
      ...folded(rest),
      ...(match.not && { not: folded(match.not) }),
      ...(patterns && { topics: patterns }),
      ...(fixed && { capabilities: fixed }),
    };
  };
  const metBy = (match: Match): readonly ListedTopic[] =>
    (match.topics ?? [EVERY_TOPIC]).flatMap(meeting).filter((topic) => mayMeet(match, matchOf(topic)));
  const schemasOf = (match: Match): (string | null)[] => {
    const patterns = match.topics ?? [EVERY_TOPIC];
    const files = metBy(match).map(({ facts }) => (facts.schema === undefined ? null : schemaPath(facts.schema)));
    return patterns.every(isListed) ? files : [...files, null];
  };
  return { listed, meeting, isListed, complete, metBy, schemasOf };
}

function folded(match: Match): Match {
  return match.keywords === undefined ? match : { ...match, keywords: match.keywords.map(foldKeyword) };
}
