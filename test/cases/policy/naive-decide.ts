/**
 * The slow reader of a policy: every rule in file order, patterns by regular expression, no index, nothing shared with
 * the engine but the parsed source. Two readers that agree on random policies are worth more than either.
 */
import type { DecisionName } from '@countersign/contracts/decision';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import type { Match, PolicySource, TenantSource, TierSource } from '@countersign/contracts/policy';

type NaiveVerdict = { decision: DecisionName; rule_id: string | null; matched: string[] };

const STRENGTH = ['allow', 'allow_with_constraints', 'require_approval', 'deny'];

type TenantFiles = Readonly<Record<string, TenantSource>>;
type Reading = { request: NamedRequest; actor: Actor };

function naiveMatch(match: Match, request: NamedRequest, actor: Actor): boolean {
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
    (!match.on_behalf_of || match.on_behalf_of.some((id) => [request.on_behalf_of].flat().includes(id))) &&
    (!match.keywords || match.keywords.some((word) => new RegExp(`(^|[^a-z0-9_])${word}($|[^a-z0-9_])`).test(text))) &&
    (!match.not || !naiveMatch(match.not, request, actor))
  );
}

/** Without conditions, scanners and remediation: those are tested by example. */
export function naiveDecide(policy: PolicySource, tenants: TenantFiles, reading: Reading): NaiveVerdict {
  const { request, actor } = reading;
  const own = tenants[request.tenant];
  const name = (id: string): string => `${request.tenant}/${id}`;
  const holds = ({ match }: { match: Match }): boolean => naiveMatch(match, request, actor);
  const rules = [
    ...policy.rules.filter(holds),
    ...(own?.rules ?? [])
      .filter((rule) => holds(rule) && (rule.decision === 'deny' || isDelegated(policy, request)))
      .map((rule) => ({ ...rule, id: name(rule.id) })),
  ];
  const tiers = [
    ...policy.tiers.filter(holds),
    ...(own?.tiers ?? []).filter(holds).map((tier) => ({ ...tier, id: name(tier.id) })),
  ];
  const matched = rules.map(({ id }) => id);
  const denying = rules.find(({ decision }) => decision === 'deny');
  if (denying !== undefined) return { decision: 'deny', rule_id: denying.id, matched };
  const deciding = rules[0];
  const standing: NaiveVerdict = {
    decision: deciding?.decision ?? policy.default_decision,
    rule_id: deciding?.id ?? null,
    matched,
  };
  // An effective denial cannot be raised, so tiers are not even looked at.
  if (standing.decision === 'deny') return standing;
  const after = tiers.reduce((held, tier) => naiveRaise(held, tier, request), standing);
  return { ...after, matched: [...matched, ...tiers.map(({ id }) => id)] };
}

function globOf(pattern: string): RegExp {
  const tail = pattern.endsWith('*');
  const body = (tail ? pattern.slice(0, -1) : pattern).replaceAll('.', '\\.').replaceAll('*', '[^.]+');
  return new RegExp(`^${body}${tail ? '.+' : ''}$`);
}

function isDelegated({ delegated }: PolicySource, { topic, meta }: NamedRequest): boolean {
  const { capability } = meta;
  if (delegated === undefined || capability === undefined) return false;
  return (
    delegated.topics.some((pattern) => globOf(pattern).test(topic)) &&
    delegated.capabilities.some((pattern) => globOf(pattern).test(capability))
  );
}

/** Each tier lays its floor over what stands; nothing is laid over a denial. */
function naiveRaise(held: NaiveVerdict, { id, floor }: TierSource, request: NamedRequest) {
  const to = (decision: DecisionName): NaiveVerdict => ({ ...held, decision, rule_id: id });
  if (held.decision === 'deny') return held;
  if (floor.rollback === 'required' && request.compensation === undefined) return to('deny');
  const asked = floor.decision;
  if (asked !== undefined && STRENGTH.indexOf(asked) > STRENGTH.indexOf(held.decision)) return to(asked);
  const bound = held.decision === 'allow' && (floor.max_attempts !== undefined || floor.constraints !== undefined);
  return bound ? { ...held, decision: 'allow_with_constraints' as const } : held;
}
