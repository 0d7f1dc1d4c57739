/**
 * Whether tiers and topics find each other, and whether the topics that rules let through are ones the server knows.
 */
import type { Match } from '@countersign/contracts/policy';
import { mayMeet } from '@countersign/policy/cover-match';
import { type ListedTopic, matchOf } from '@countersign/policy/known-topics';
import { below, inPolicy } from '@countersign/policy/report-faults';
import type { Linted } from './linted.ts';

export function lintTopics(linted: Linted): void {
  lintTiers(linted);
  lintUnlisted(linted);
}

/** Risk tags that a topic fixes are all that it has. */
export function reaches(tier: Match, topic: ListedTopic): boolean {
  const { risk_tags } = topic.facts;
  const tagged = tier.risk_tags === undefined || risk_tags === undefined;
  return (tagged || tier.risk_tags!.some((tag) => risk_tags!.includes(tag))) && mayMeet(tier, matchOf(topic));
}

/** Of rules that let through what nobody lists. */
export function unlistedMatches({ sections, topics }: Linted): Match[] {
  return sections.rules
    .filter(({ source }) => source.decision !== 'deny')
    .map(({ source }) => topics.complete(source.match))
    .filter((match) => !(match.topics?.every(topics.isListed) ?? false));
}

function lintTiers(linted: Linted): void {
  const { sections, topics, report } = linted;
  const covered = new Set<ListedTopic>();
  const unlisted = unlistedMatches(linted);
  for (const placed of sections.tiers) {
    const { match, id } = placed.source;
    const reached = topics.listed.filter((topic) => reaches(match, topic));
    for (const topic of reached) covered.add(topic);
    if (reached.length === 0 && !unlisted.some((other) => mayMeet(match, other))) {
      report('tier_unreached', below(placed, 'id'), `no topic that the policy names reaches the tier ${id}`);
    }
  }
  if (sections.tiers.length === 0) return;
  for (const topic of topics.listed) {
    if (!covered.has(topic)) report('topic_uncovered', inPolicy('topics', topic.pattern), 'no tier covers this topic');
  }
}

/** A denial needs nobody's word; neither does a rule for every topic name one. */
function lintUnlisted({ sections, topics, report }: Linted): void {
  for (const placed of sections.rules) {
    if (placed.source.decision === 'deny') continue;
    for (const [i, pattern] of (placed.source.match.topics ?? []).entries()) {
      if (pattern === 'job.*' || topics.isListed(pattern)) continue;
      const detail = `${pattern} is not listed under topics, so its capability and risk tags are the submitter’s word`;
      report('topic_unlisted', below(placed, 'match', 'topics', i), detail);
    }
  }
}
