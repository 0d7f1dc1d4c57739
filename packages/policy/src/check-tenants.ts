/**
 * A tenant's own rules may restrict whatever they like, and let through only what the global part delegates. That is
 * settled here, when the bundle is compiled, so that deciding needs no second kind of rule.
 */
import { globCovers, splitTokens } from './match-glob.ts';
import type { BundleSources } from './parse-bundle.ts';
import { mayLetThrough, type SectionName, type Sections } from './place-sections.ts';
import { below, type Report } from './report-faults.ts';

export function checkTenants({ policy, tenants }: BundleSources, sections: Sections, report: Report): void {
  const { delegated } = policy;
  const bounds = {
    topics: delegated?.topics.map(splitTokens) ?? [],
    capabilities: delegated?.capabilities.map(splitTokens) ?? [],
  };
  for (const placed of [...sections.rules, ...sections.input_rules, ...sections.tiers]) {
    if (placed.tenant === null) continue;
    const [section, position] = placed.path as [SectionName, number];
    const { match } = tenants.get(placed.tenant)![section][position]!;
    if (match.tenants !== undefined) {
      const fix = 'remove it: the name of the file says which tenant this is for';
      report('field_misplaced', below(placed, 'match', 'tenants'), 'a tenant’s rule is for that tenant alone', fix);
    }
    if (!mayLetThrough(section, placed.source)) continue;
    if (delegated === undefined) {
      report('tenant_crosses', below(placed, 'decision'), 'policy.yaml delegates nothing, so this may only deny');
      continue;
    }
    for (const field of ['topics', 'capabilities'] as const) {
      match[field]?.forEach((pattern, i) => {
        const narrow = splitTokens(pattern);
        if (bounds[field].some((wide) => globCovers(wide, narrow))) return;
        report('tenant_crosses', below(placed, 'match', field, i), `${pattern} is not among the delegated ${field}`);
      });
    }
  }
}
