/** What content is scanned for, countries and own rules, while no rule of the policy looks at what would be found. */

import { compileFindings, typesWanted } from '@countersign/policy/match-findings';
import { SCANNERS_FILE } from '@countersign/policy/own-rules';
import { POLICY_FILE, tenantFile } from '@countersign/policy/parse-bundle';
import { ownFindingTypes } from '@countersign/scanners/own-rules';
import type { Linted } from './linted.ts';

export function lintScanning(linted: Linted): void {
  lintOutput(linted);
  lintCountries(linted);
  lintOwnRules(linted);
}

/** What leaves unread leaves no trace of it, so that nobody notices. */
function lintOutput({ sources, report }: Linted): void {
  const { enabled, fail_mode, rules, binary } = sources.policy.output_policy;
  const told = (field: string, says: string) =>
    report('output_unscanned', { file: POLICY_FILE, path: ['output_policy', field] }, says);
  if (!enabled) told('enabled', 'no output is looked at: all of them leave');
  else if (rules?.length === 0) told('rules', 'no rule looks at any output: all of them leave');
  else if (fail_mode === 'open') told('fail_mode', 'an output that cannot be scanned leaves unread');
  else if (binary === 'allow') told('binary', 'a file that is no text leaves, whatever is packed into it');
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
