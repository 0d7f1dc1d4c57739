/**
 * Ids stand once, so that a decision, a log and a person mean the same rule. Tenants' ids carry the tenant's name and
 * can meet only each other.
 */
import type { TenantSource } from '@countersign/contracts/policy';
import { type BundleSources, POLICY_FILE, POOLS_FILE, tenantFile } from './parse-bundle.ts';
import type { At, Report } from './report-faults.ts';

type Counting = Pick<TenantSource, 'rules' | 'tiers'>;
type Named = readonly { id: string }[];

export function checkIds({ policy, pools, tenants }: BundleSources, report: Report): void {
  const once = (lists: readonly (readonly [At, Named])[], what: string): void => {
    const seen = new Set<string>();
    for (const [{ file, path }, list] of lists) {
      list.forEach(({ id }, i) => {
        if (seen.has(id)) report('id_duplicate', { file, path: [...path, i, 'id'] }, `the ${what} ${id} stands twice`);
        seen.add(id);
      });
    }
  };
  const limitsOf = (file: string, { rules, tiers }: Counting) => [
    ...rules.map(({ limits }, i) => [{ file, path: ['rules', i, 'limits'] }, limits ?? []] as const),
    ...tiers.map(({ floor }, i) => [{ file, path: ['tiers', i, 'floor', 'limits'] }, floor.limits ?? []] as const),
  ];
  const at = (file: string, ...path: string[]): At => ({ file, path });
  const sectionsOf = (file: string, source: Record<'tiers' | 'input_rules' | 'rules', Named>) =>
    (['tiers', 'input_rules', 'rules'] as const).map((section) => [at(file, section), source[section]] as const);
  once(sectionsOf(POLICY_FILE, policy), 'id');
  once([[at(POLICY_FILE, 'output_policy', 'rules'), policy.output_policy.rules ?? []]], 'id');
  once(limitsOf(POLICY_FILE, policy), 'limit');
  for (const [tenant, source] of tenants) once(limitsOf(tenantFile(tenant), source), 'limit');
  for (const [tenant, source] of tenants) once(sectionsOf(tenantFile(tenant), source), 'id');
  once([[at(POOLS_FILE, 'pools'), pools ?? []]], 'pool');
}
