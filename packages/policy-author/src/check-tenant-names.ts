/**
 * Two tenants whose names a reader takes for one another: a rule for the wrong one is a hole that nobody sees. Names are
 * plain ASCII already, so what is left are digits that look like letters, and dashes.
 */

import { POOLS_FILE, tenantFile } from '@countersign/policy/parse-bundle';
import { type At, below } from '@countersign/policy/report-faults';
import type { Linted } from './linted.ts';

const LOOKALIKES: readonly (readonly [RegExp, string])[] = [
  [/[-_]/g, ''],
  [/0/g, 'o'],
  [/[1i]/g, 'l'],
  [/5/g, 's'],
  [/rn/g, 'm'],
  [/vv/g, 'w'],
];

export function checkTenantNames({ sections, sources, report }: Linted): void {
  const first = new Map<string, string>();
  const see = (tenant: string, at: At): void => {
    const shape = LOOKALIKES.reduce((text, [look, as]) => text.replace(look, as), tenant);
    const known = first.get(shape) ?? tenant;
    first.set(shape, known);
    if (known !== tenant) report('tenant_confusable', at, `${tenant} is easily taken for ${known}`);
  };
  for (const tenant of sources.tenants.keys()) see(tenant, { file: tenantFile(tenant), path: [] });
  for (const placed of [...sections.rules, ...sections.input_rules, ...sections.tiers]) {
    if (placed.tenant !== null) continue;
    placed.source.match.tenants?.forEach((tenant, i) => {
      see(tenant, below(placed, 'match', 'tenants', i));
    });
  }
  sources.pools?.forEach(({ tenants }, i) => {
    tenants?.forEach((tenant, j) => {
      see(tenant, { file: POOLS_FILE, path: ['pools', i, 'tenants', j] });
    });
  });
}
