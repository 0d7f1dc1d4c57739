/**
 * The rules, input rules and tiers of a bundle, each with the file and the place that it comes from: the global ones
 * first, then each tenant's own. A tenant's can only add to what the global part decides, and only for that tenant.
 */
import type { InputRuleSource, Match, PolicySource, RuleSource, TierSource } from '@countersign/contracts/policy';
import type { BundleSources } from './parse-bundle.ts';
import { POLICY_FILE, tenantFile } from './parse-bundle.ts';
import type { Path } from './policy-fault.ts';

/** `source`: with a tenant's id and match completed; `path` leads to it in `file`. */
export type Placed<T> = { source: T; file: string; path: Path; tenant: string | null };
export type Sections = {
  rules: readonly Placed<RuleSource>[];
  input_rules: readonly Placed<InputRuleSource>[];
  tiers: readonly Placed<TierSource>[];
};
export type SectionName = keyof Sections;
type Scoped = { id: string; match: Match; limits?: RuleSource['limits']; floor?: TierSource['floor'] };
type Delegated = PolicySource['delegated'];

export function placeSections({ policy, tenants }: Pick<BundleSources, 'policy' | 'tenants'>): Sections {
  const place = <T extends Scoped>(
    name: SectionName,
    global: readonly T[],
    own: readonly (readonly [string, readonly T[]])[],
  ): Placed<T>[] => [
    ...global.map((source, i) => ({ source, file: POLICY_FILE, path: [name, i], tenant: null })),
    ...own.flatMap(([tenant, sources]) =>
      sources.map((source, i) => ({
        source: scopeToTenant(tenant, source, mayLetThrough(name, source) ? boundsOf(policy.delegated) : {}),
        file: tenantFile(tenant),
        path: [name, i],
        tenant,
      })),
    ),
  ];
  const byTenant = [...tenants];
  return {
    rules: place(
      'rules',
      policy.rules,
      byTenant.map(([tenant, { rules }]) => [tenant, rules] as const),
    ),
    input_rules: place(
      'input_rules',
      policy.input_rules,
      byTenant.map(([tenant, { input_rules }]) => [tenant, input_rules] as const),
    ),
    tiers: place(
      'tiers',
      policy.tiers,
      byTenant.map(([tenant, { tiers }]) => [tenant, tiers] as const),
    ),
  };
}

/** Only rules that are not denials: input rules and tiers are laid over what stands, and can only raise it. */
export function mayLetThrough(section: SectionName, source: object): boolean {
  return section === 'rules' && 'decision' in source && source.decision !== 'deny';
}

/**
 * `acme/no-refunds`, for the tenant acme alone. What could let a job through is bound to what policy.yaml delegates,
 * capabilities too: a topic of the tenant's own must not carry a power of somebody else's.
 */
function scopeToTenant<T extends Scoped>(tenant: string, source: T, bounds: Partial<Match>): T {
  const own = { id: `${tenant}/${source.id}`, match: { ...bounds, ...source.match, tenants: [tenant] } };
  // Under a name of its own, so that no tenant's count is another's.
  const named = (limits: NonNullable<RuleSource['limits']>) =>
    limits.map((limit) => ({ ...limit, id: `${tenant}/${limit.id}` }));
  const limits = source.limits && { limits: named(source.limits) };
  const floor = source.floor?.limits && { floor: { ...source.floor, limits: named(source.floor.limits) } };
  return { ...source, ...own, ...limits, ...floor };
}

function boundsOf(delegated: Delegated): Partial<Match> {
  return {
    topics: delegated?.topics,
    capabilities: delegated?.capabilities,
  };
}
