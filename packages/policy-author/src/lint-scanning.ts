/** What content is scanned for, countries and own rules, while no rule of the policy looks at what would be found. */

import { compileFindings, typesWanted } from '@countersign/policy/match-findings';
import { SCANNERS_FILE } from '@countersign/policy/own-rules';
import { POLICY_FILE, tenantFile } from '@countersign/policy/parse-bundle';
import { ownFindingTypes } from '@countersign/scanners/own-rules';
import type { Linted } from './linted.ts';

export function lintScanning(linted: Linted): void {
  lintCountries(linted);
  lintOwnRules(linted);
}

function lintCountries({ policy, sources, report }: Linted): void {
  const { enabled, scanners } = policy.output;
  if (policy.scanners.includes('pii') || (enabled && scanners.includes('pii'))) return;
  const files = [...sources.tenants].map(([tenant, { scanning }]) => ({ file: tenantFile(tenant), scanning }));
  for (const { file, scanning } of [{ file: POLICY_FILE, scanning: sources.policy.scanning }, ...files]) {
    if (scanning === undefined) continue;
    const says = 'no rule looks at personal data, so these countries change nothing';
    report('scanning_unused', { file, path: ['scanning', 'countries'] }, says);
  }
}

function lintOwnRules({ policy, sources, sections, report }: Linted): void {
  if (sources.own === undefined) return;
  const own = ownFindingTypes(sources.own);
  const matches = [...sections.rules, ...sections.input_rules, ...sections.tiers].map(({ source }) => source.match);
  const looking = matches.flatMap((match) => [compileFindings(match), compileFindings(match.not ?? {})]);
  const out = policy.output.enabled ? policy.output.rules.map(({ findings }) => findings) : [];
  if (out.includes(null)) return;
  const wanted = [...looking, ...out].filter((one) => one !== null);
  const seen = new Set(wanted.flatMap((one) => typesWanted(one, own)).map(({ type }) => type));
  for (const { type } of own)
    if (!seen.has(type)) report('own_rule_unused', { file: SCANNERS_FILE, path: [] }, `no rule looks at ${type}`);
}
