/** How publishing, activating and replaying look to a person. With `--json` the API's answers are printed as they came. */
import type {
  Activated,
  BundleView,
  GroupInWant,
  PublishedBundle,
  ReplayAnswer,
} from '@countersign/contracts/policy-rollout';
import type { BundleSummary } from './bundle-file.ts';
import { list } from './show.ts';
import { count, SAYS, showChanges } from './show-policy.ts';

type Group = ReplayAnswer['groups'][number];

export function showPublished({
  warnings = [],
  ...bundle
}: Omit<PublishedBundle, 'warnings'> & Partial<PublishedBundle>): string {
  const { version, snapshot, tenants, state, key_ids, not_before, not_after } = bundle;
  const shown = list({
    version,
    snapshot,
    scope: tenants.join(', '),
    state,
    'signed by': key_ids.join(', '),
    holds: `${not_before} to ${not_after}`,
  });
  return [shown, ...warnings.map(inWant)].join('\n');
}

export function showBundles(bundles: readonly BundleView[]): string {
  return bundles.length === 0 ? 'nothing was published' : bundles.map(row).join('\n');
}

export function showActivated(answer: Activated): string {
  const { version, snapshot, scopes, changed, asks_again = 0, warnings = [] } = answer;
  const where = scopes
    .map(({ scope, epoch }) => `${scope === '*' ? 'every tenant' : scope} (epoch ${epoch})`)
    .join(', ');
  const again = `${count(asks_again, 'held job')} will be decided again, and asked about anew where that takes a yes.`;
  return [
    `Version ${version} ${changed ? 'decides now' : 'decided already'} for ${where}.`,
    snapshot,
    ...(asks_again === 0 ? [] : [again]),
    ...warnings.map(inWant),
  ].join('\n');
}

function inWant({ tenant, group, asked, people }: GroupInWant): string {
  return `warning: ${asked} of ${group} are asked for, and ${tenant} has ${people}: nobody could agree there`;
}

export function showReissued({ file, version, key_ids }: BundleSummary & { file: string }): string {
  return `The old content is version ${version} now, in ${file}, signed by ${key_ids.join(', ')}.\nWhen enough have signed: publish it, then activate ${version}.`;
}

export function showReplay(answer: ReplayAnswer): string {
  const { policy, jobs, replayed, skipped, beyond_limit, complete, same, changes, groups, more_groups } = answer;
  const missing = [
    ...(skipped.denied > 0 ? [`${skipped.denied} were denied and keep no content`] : []),
    ...(skipped.erased > 0 ? [`the content of ${skipped.erased} was erased`] : []),
    ...(beyond_limit > 0 ? [`${beyond_limit} are beyond the limit`] : []),
  ];
  const changed = showChanges(changes);
  return [
    ...groups.map(showGroup),
    ...(more_groups > 0 ? [`and ${more_groups} more groups`] : []),
    `${count(jobs, 'job')} from ${answer.from} to ${answer.to}, ${replayed} decided again under ${policy.version === null ? 'the candidate' : `version ${policy.version}`}: ${same} alike${changed === '' ? '' : `, ${changed}`}`,
    complete ? 'Complete: every job of the window was decided again.' : `Not complete: ${missing.join('; ')}.`,
  ].join('\n');
}

function row({ version, state, tenants, published_at, published_by, snapshot }: BundleView): string {
  return `${String(version).padStart(6)}  ${state.padEnd(9)}  ${tenants.join(',')}  ${published_at}  ${published_by ?? '-'}  ${snapshot}`;
}

function showGroup({ kind, topic, before, after, jobs, examples }: Group): string {
  return [
    `${jobs} ${SAYS[kind]}: ${topic}`,
    `  before: ${before.decision} by ${before.rule_id ?? 'default'}`,
    `  after:  ${after.decision} by ${after.rule_id ?? 'default'}`,
    `  e.g. ${examples.join(', ')}`,
  ].join('\n');
}
