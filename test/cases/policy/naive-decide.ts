// The slow reader of a policy: every rule in file order, patterns by regular expression, no index, nothing shared with
// the engine but the parsed source. Two readers that agree on random policies are worth more than either.
import type { DecisionName } from '@countersign/contracts/decision';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import type { Match, PolicySource } from '@countersign/contracts/policy';

export type NaiveVerdict = { decision: DecisionName; rule_id: string | null; matched: string[] };

const STRENGTH = ['allow', 'allow_with_constraints', 'require_approval', 'deny'];

const globOf = (pattern: string): RegExp => {
  const tail = pattern.endsWith('*');
  const body = (tail ? pattern.slice(0, -1) : pattern).replaceAll('.', '\\.').replaceAll('*', '[^.]+');
  return new RegExp(`^${body}${tail ? '.+' : ''}$`);
};

export function naiveMatch(match: Match, request: NamedRequest, actor: Actor): boolean {
  const { labels, meta } = request;
  const text = [request.prompt ?? '', JSON.stringify(request.payload ?? {})].join(' ').toLowerCase();
  const { capability } = meta;
  return (
    (!match.tenants || match.tenants.includes(request.tenant)) &&
    (!match.topics || match.topics.some((pattern) => globOf(pattern).test(request.topic))) &&
    (!match.capabilities ||
      (capability !== undefined && match.capabilities.some((pattern) => globOf(pattern).test(capability)))) &&
    Object.entries(match.labels ?? {}).every(([key, wanted]) => [wanted].flat().includes(labels[key] as string)) &&
    (!match.risk_tags || match.risk_tags.some((tag) => meta.risk_tags.includes(tag))) &&
    (!match.requires || match.requires.every((name) => meta.requires.includes(name))) &&
    (!match.actors || match.actors.includes(actor.id)) &&
    (!match.actor_types || match.actor_types.includes(actor.type)) &&
    (!match.keywords || match.keywords.some((word) => new RegExp(`(^|[^a-z0-9_])${word}($|[^a-z0-9_])`).test(text))) &&
    (!match.not || !naiveMatch(match.not, request, actor))
  );
}

/** Without conditions, scanners and remediation: those are tested by example. */
export function naiveDecide(policy: PolicySource, request: NamedRequest, actor: Actor): NaiveVerdict {
  const rules = policy.rules.filter(({ match }) => naiveMatch(match, request, actor));
  const tiers = policy.tiers.filter(({ match }) => naiveMatch(match, request, actor));
  const matched = rules.map(({ id }) => id);
  const denying = rules.find(({ decision }) => decision === 'deny');
  if (denying !== undefined) return { decision: 'deny', rule_id: denying.id, matched };
  const standing: NaiveVerdict = {
    decision: rules[0]?.decision ?? policy.default_decision,
    rule_id: rules[0]?.id ?? null,
    matched,
  };
  // An effective denial cannot be raised, so tiers are not even looked at.
  if (standing.decision === 'deny') return standing;
  for (const { id, floor } of tiers) {
    if (standing.decision !== 'deny' && STRENGTH.indexOf(floor.decision!) > STRENGTH.indexOf(standing.decision)) {
      standing.decision = floor.decision!;
      standing.rule_id = id;
    }
  }
  return { ...standing, matched: [...matched, ...tiers.map(({ id }) => id)] };
}
