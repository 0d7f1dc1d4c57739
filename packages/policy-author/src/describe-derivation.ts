/**
 * A derivation as sentences that a person can read aloud to another. It says what the JSON says and nothing more, and
 * quotes what came from a submitter, so that a label can't speak in the policy's voice.
 */
import type { ApprovalGrant } from '@countersign/contracts/asked-approval';
import type { LimitAsked } from '@countersign/contracts/counted-limits';
import { limitsOf } from '@countersign/contracts/decision';
import type { Derivation, FactsSeen, PoolsSeen, RoundSeen, RuleSeen } from '@countersign/contracts/explanation';

/** Rules that came near and missed; the rest is in the JSON. */
const MISSES_TOLD = 20;
const ELSEWHERE: ReadonlySet<string | null> = new Set(['topics', 'tenants']);
const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
  [1, 'millisecond'],
];

export function describeDerivation(derivation: Derivation): string {
  const { asked, policy, rounds, countries, own_rules } = derivation;
  return [
    `${asked.actor}, an ${asked.actor_type} of tenant ${asked.tenant}, asks for ${asked.topic} at the ${asked.gate} gate.`,
    `Policy version ${policy.version} decides, snapshot ${policy.snapshot}, epoch ${policy.epoch}${derivation.cached ? ', from the cache' : ', anew'}.`,
    ...(countries.length === 0 ? [] : [`Content is scanned for national telephone numbers of ${list(countries)}.`]),
    ...(own_rules === 0 ? [] : [`Content is scanned with own rules: ${own_rules}.`]),
    ...rounds.flatMap(tellRound),
    ...tellResult(derivation),
  ].join('\n');
}

function list(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}

function tellRound(round: RoundSeen): string[] {
  return [
    ...(round.facts === null ? [] : [tellFacts(round.facts)]),
    ...(round.refused === null ? [] : [`No rule was asked: ${round.refused}.`]),
    ...tellSection('input rule', round.input_rules),
    ...tellSection('rule', round.rules),
    ...tellSection('tier', round.tiers),
    ...(round.raised_to === null ? [] : [`Tiers and input rules make it ${round.raised_to}.`]),
    ...(round.rewrite === null ? [] : [`The request is rewritten by ${round.rewrite}, and decided again.`]),
  ];
}

function tellFacts({ listed_as, topic, capability, risk_tags, requires, labels, asserted }: FactsSeen): string {
  const named = Object.entries(labels).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const known = listed_as === null ? `The policy does not list ${topic}` : `The policy knows ${topic} as ${listed_as}`;
  return [
    `${known}: capability ${capability ?? 'none'}, risk tags ${list(risk_tags)}, labels ${list(named)}`,
    ...(requires.length === 0 ? [] : [`, requires ${list(requires)}`]),
    `. ${asserted.length === 0 ? 'Nothing of it is' : `${list(asserted)}: this is`} on the submitter's word alone.`,
  ].join('');
}

function tellSection(what: string, seen: readonly RuleSeen[]): string[] {
  if (seen.length === 0) return [];
  const matched = seen.filter(({ outcome }) => outcome === 'matched');
  const broken = seen.filter(({ outcome }) => outcome === 'undecidable');
  const missed = seen.filter(({ outcome, failed }) => outcome === 'not_matched' && !ELSEWHERE.has(failed));
  const elsewhere = seen.length - matched.length - broken.length - missed.length;
  const more = missed.length - MISSES_TOLD;
  return [
    ...matched.map(
      ({ id, decision }) => `The ${what} ${id} matches${decision === null ? '' : ` and says ${decision}`}.`,
    ),
    ...broken.map(({ id, failed }) => `The ${what} ${id} could not be decided: ${failed}.`),
    ...missed.slice(0, MISSES_TOLD).map((one) => `The ${what} ${one.id} does not match: ${whyNot(one)}.`),
    ...(more > 0 ? [`${count(more, `${what} more`)} did not match.`] : []),
    ...(elsewhere > 0 ? [`${count(elsewhere, what)} of ${seen.length} are for other topics or tenants.`] : []),
  ];
}

function whyNot({ failed, wanted }: RuleSeen): string {
  return wanted === undefined ? `its ${failed} do not hold` : `it asks for ${failed} ${JSON.stringify(wanted)}`;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}

function tellResult({ result, skipped, pools }: Derivation): string[] {
  if (result === null) return ['The request is refused before any decision.'];
  const found = result.findings.map(
    ({ scanner, type, severity, place, count: times }) =>
      `${scanner} ${type} (${severity}), ${times} at ${place || 'the top'}`,
  );
  const by = result.rule_id === null ? 'no rule' : result.rule_id;
  return [
    ...(found.length === 0 ? [] : [`Found in the content: ${found.join('; ')}.`]),
    `The decision is ${result.decision}, by ${by}: ${result.reason}.`,
    ...tellObligations(result),
    ...(pools === null ? [] : tellPools(pools)),
    ...(result.remediation === null || result.remediation.applied
      ? []
      : [`On offer instead: the rewrite ${result.remediation.id}.`]),
    ...(skipped.length === 0 ? [] : [`Not checked, for want of a payload: ${list(skipped)}.`]),
  ];
}

function tellObligations({ constraints, obligations }: NonNullable<Derivation['result']>): string[] {
  const { timeout_ms, max_attempts, max_output_bytes, max_affected, worker, set } = constraints;
  const { approval, rollback, review } = obligations;
  const terms = [
    ...(approval === undefined
      ? []
      : [
          `approval by ${approval.stages.map(({ group, count: votes }) => `${votes} of ${group}`).join(', then ')} within ${time(approval.expires_ms)}`,
        ]),
    ...(approval?.escalate === undefined
      ? []
      : [`after ${time(approval.escalate.after_ms)} also votes of ${approval.escalate.to}`]),
    ...(approval?.break_glass === undefined
      ? []
      : [`or one of ${approval.break_glass.group} alone, which somebody else reviews`]),
    ...(approval?.grant === undefined ? [] : [tellGrant(approval.grant)]),
    ...(timeout_ms === undefined ? [] : [`an end after ${time(timeout_ms)}`]),
    ...(max_attempts === undefined ? [] : [`no more than ${count(max_attempts, 'attempt')}`]),
    ...(max_output_bytes === undefined ? [] : [`no more than ${max_output_bytes} bytes of output`]),
    ...(max_affected === undefined ? [] : [`a worker that says what it touched, ${max_affected} at most`]),
    ...(worker === undefined ? [] : [`a worker that enforces ${list(worker)}`]),
    ...(set === undefined ? [] : [`${list(Object.keys(set))} set in the payload`]),
    ...(rollback === 'required' ? ['a compensation that would be let through'] : []),
    ...(review === 'required' ? ['somebody who signs the run off afterwards'] : []),
    ...limitsOf({ obligations }).map(tellLimit),
  ];
  return terms.length === 0 ? [] : [`It takes ${terms.join('; ')}.`];
}

function tellGrant({ max_uses, max_minutes, same }: ApprovalGrant): string {
  return `which may be given for up to ${max_uses} jobs of this agent, topic and capability within ${count(max_minutes, 'minute')}, with the same ${list(same)}`;
}

const ELSE: Readonly<Record<LimitAsked['exceeded'], string>> = {
  deny: 'it is denied',
  require_approval: 'it takes an approval',
  park: 'it waits',
  wait: 'it waits until one of them has ended',
};

function tellLimit({ id, per, counts, most, takes, within_ms, exceeded }: LimitAsked): string {
  const jobs = most === '1' ? 'job' : 'jobs';
  const what = { jobs: ` ${jobs}`, cost: '', open: ` open ${jobs}`, running: ` ${jobs} at once` }[counts];
  const within = within_ms === null ? '' : ` in ${time(within_ms)}`;
  const needs = counts === 'cost' ? ` for ${takes}` : '';
  return `room in ${id}${needs}, at most ${most}${what}${within} per ${list(Object.keys(per))}, else ${ELSE[exceeded]}`;
}

/** In the largest unit that needs no fraction. */
function time(ms: number): string {
  const [size, unit] = UNITS.find(([each]) => ms % each === 0)!;
  return count(ms / size, unit);
}

function tellPools({ pool, failed }: PoolsSeen): string[] {
  if (pool !== null) return [`It would run in the pool ${pool}.`];
  const more = failed.length - MISSES_TOLD;
  return [
    'No pool takes it, so it would fail.',
    ...failed.slice(0, MISSES_TOLD).map(({ id, says }) => `The pool ${id}: ${says}.`),
    ...(more > 0 ? [`${count(more, 'pool more')} did not take it.`] : []),
  ];
}
