// Countries that content is scanned for while no rule looks at what would be found.
import { POLICY_FILE, tenantFile } from '@countersign/policy/parse-bundle';
import type { Linted } from './linted.ts';

export function lintScanning({ policy, sources, report }: Linted): void {
  const { enabled, scanners } = policy.output;
  if (policy.scanners.includes('pii') || (enabled && scanners.includes('pii'))) return;
  const files = [...sources.tenants].map(([tenant, { scanning }]) => ({ file: tenantFile(tenant), scanning }));
  for (const { file, scanning } of [{ file: POLICY_FILE, scanning: sources.policy.scanning }, ...files]) {
    if (scanning === undefined) continue;
    const says = 'no rule looks at personal data, so these countries change nothing';
    report('scanning_unused', { file, path: ['scanning', 'countries'] }, says);
  }
}
