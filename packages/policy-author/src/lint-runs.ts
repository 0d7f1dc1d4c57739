/**
 * What is counted by a word of whoever asks: a limit apart by a label that has any value, runs that are told apart by the label run alone,
 * and histories in which jobs are missing because their topics may come without it.
 */
import type { LimitSource } from '@countersign/contracts/counted-limits';
import type { Match, TopicFacts } from '@countersign/contracts/policy';
import type { RunMatch } from '@countersign/contracts/run-facts';
import { anyGlobMatches, globsMeet, splitTokens } from '@countersign/policy/match-glob';
import { type At, below, inPolicy } from '@countersign/policy/report-faults';
import type { Linted } from './linted.ts';

type Source = { match: Match; when?: string | undefined; limits?: readonly LimitSource[] | undefined };
type Placed = { source: Source; at: At };

const RUN = 'run';
/** Of classes of data only topics tell that must carry the label; the rest of what a condition can read of a run is counted of all. */
const COMPLETE = /\brun\s*\.\s*(released|untrusted)\b/g;

export function lintRuns(linted: Linted): void {
  const placed = placedOf(linted);
  for (const { source, at } of placed) lintLimits(linted, source, at);
  const asking = placed.filter(({ source }) => asksOf(source).length > 0 || readsRun(source.when ?? ''));
  const { run } = linted.sources.policy;
  if (run?.by === 'run' && asking.some(({ source }) => isChosen(linted, source.match, RUN)))
    linted.report('label_chosen', inPolicy('run'), 'a new label run leaves behind whatever was done under another');
  for (const { source, at } of asking) lintHistory(linted, source, at);
}

function placedOf({ sections }: Linted): Placed[] {
  return [
    ...[...sections.rules, ...sections.input_rules].map((one) => ({ source: one.source as Source, at: below(one) })),
    ...sections.tiers.map((one) => {
      const { match, floor } = one.source;
      return { source: { match, limits: floor.limits }, at: below(one, 'floor') };
    }),
  ];
}

function lintLimits(linted: Linted, { match, limits = [] }: Source, at: At): void {
  for (const [i, { id, per }] of limits.entries())
    for (const [j, part] of per.entries()) {
      const label = /^labels\.(.+)$/.exec(part)?.[1];
      if (label === undefined || !isChosen(linted, match, label)) continue;
      const detail = `${id} counts apart by the label ${label}, so another value of it begins at nothing`;
      linted.report('label_chosen', below(at, 'limits', i, 'per', j), detail);
    }
}

/** Whether a job that matches can carry any value: neither its match nor its topic's payload says which. */
function isChosen({ topics }: Linted, match: Match, label: string): boolean {
  if (match.labels !== undefined && Object.hasOwn(match.labels, label)) return false;
  const met = topics.metBy(match);
  const listed = (match.topics ?? ['job.*']).every(topics.isListed);
  return !listed || met.length === 0 || met.some(({ facts }) => facts.derive_labels?.[label] === undefined);
}

function lintHistory({ topics, report }: Linted, source: Source, at: At): void {
  const counted = (facts: TopicFacts, pattern: string): boolean =>
    readsRun((source.when ?? '').replaceAll(COMPLETE, '')) ||
    asksOf(source).some(
      ({ ran = [], used = [] }) =>
        ran.some((each) => globsMeet(splitTokens(each), splitTokens(pattern))) ||
        (facts.capability !== undefined && anyGlobMatches(used, facts.capability)),
    );
  const missing = topics.listed
    .filter(({ facts, pattern }) => !carriesRun(facts) && counted(facts, pattern))
    .map(({ pattern }) => pattern);
  if (missing.length === 0) return;
  const shown = missing.slice(0, 3).join(', ');
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
  report('run_incomplete', below(at), `jobs of ${shown}${more} are not counted where they come without the label run`);
}

function asksOf({ match }: Source): RunMatch[] {
  return [match.run, match.not?.run].filter((one) => one !== undefined);
}

function readsRun(when: string): boolean {
  return /(^|[^.\w])run\b/.test(when);
}

function carriesRun({ required_labels, derive_labels }: TopicFacts): boolean {
  return required_labels?.includes(RUN) === true || derive_labels?.[RUN] !== undefined;
}
