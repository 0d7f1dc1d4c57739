/** How a policy author's answers look to a person. With `--json` they are printed as they are. */
import { SEVERITIES } from '@countersign/contracts/decision';
import { DIFFERENCES, type Difference } from '@countersign/contracts/policy-rollout';
import { describeFault } from '@countersign/policy/policy-fault';
import type { Answers } from './answers.ts';
import type { BundleSummary } from './bundle-file.ts';
import type { Change, Comparison, Verdict } from './compare-policies.ts';
import type { Linted } from './lint-at-hand.ts';
import { list } from './show.ts';
import type { TrustedKey } from './signing-key.ts';
import type { TestedPolicy } from './tested-policy.ts';

export const SAYS: Readonly<Record<Difference, string>> = {
  newly_blocked: 'newly blocked',
  newly_allowed: 'newly allowed',
  newly_held: 'newly held for approval',
  changed_constraints: 'bound otherwise',
  changed_job: 'something else would run',
  changed_rule: 'same outcome by another rule',
};

export type Diff = Comparison & { before: string; after: string };

type InFile = BundleSummary & { file: string };

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

export function showLinted({ name, ok, faults, lints, finds }: Linted): string {
  const found = [...faults.map(describeFault), ...lints.map((lint) => `${describeFault(lint)} (lint)`)];
  const sum = `${count(faults.length, 'fault')}, ${count(lints.length, 'lint')}`;
  return [
    ...found,
    ...finds.map(showFinds),
    `${name}: ${found.length === 0 ? 'no problems' : sum}${ok ? '' : '; not good enough'}`,
  ].join('\n');
}

export function showTestRun({ cases, total, failed, reach }: TestedPolicy): string {
  const wrong = cases
    .filter(({ ok }) => !ok)
    .flatMap(({ name, file, line, expected, got }) => [
      `FAILED ${file}:${line} ${name}`,
      `  expected ${JSON.stringify(expected)}`,
      `  got      ${JSON.stringify(got)}`,
    ]);
  const uncovered = reach.unreached.length === 0 ? [] : [`no test reached: ${reach.unreached.join(', ')}`];
  return [
    ...wrong,
    `${total === 0 ? 'no tests, so nothing says what this policy promises' : `${count(total, 'test')}, ${failed === 0 ? 'all passed' : `${failed} failed`}`}; ${reach.reached} of ${count(reach.rules, 'rule')} reached (${reach.percent} %)`,
    ...uncovered,
  ].join('\n');
}

/** `3 newly blocked, 1 newly held for approval`. */
export function showChanges(changes: Partial<Record<Difference, number>>): string {
  return DIFFERENCES.flatMap((kind) => ((changes[kind] ?? 0) > 0 ? [`${changes[kind]} ${SAYS[kind]}`] : [])).join(', ');
}

export function showDiff({ before, after, asked, same, changes, examples, rules, also }: Diff): string {
  const named = Object.entries(rules).flatMap(([how, ids]) =>
    ids.length === 0 ? [] : [`rules ${how}: ${ids.join(', ')}`],
  );
  const sum = examples.length === 0 ? 'all decided alike' : `${same} decided alike, ${showChanges(changes)}`;
  const others = also.length === 0 ? [] : [`changed besides: ${also.join(', ')}`];
  return [
    ...named,
    ...others,
    ...examples.map(showChange),
    `${before} → ${after}: ${count(asked, 'request')}, ${sum}`,
  ].join('\n');
}

export function showKey({ file, key }: { file: string; key: TrustedKey }): string {
  return [
    `The private key is in ${file}. Only you can read it; there is no other copy.`,
    'Whoever runs the kernel adds this to the keys of its trust root:',
    JSON.stringify(key, null, 2),
  ].join('\n');
}

export function showBuilt(built: InFile & { tests: number }): string {
  return list({
    ...summary(built),
    tests: built.tests === 0 ? 'none: nothing says what this policy promises' : `${built.tests}, all passed`,
  });
}

export function showSigned(signed: InFile & { standing: { code: string; detail: string } | null }): string {
  return list({ ...summary(signed), standing: signed.standing?.detail ?? null });
}

/** Each under the name of its request. */
export function showAnswers<V>(
  named: readonly { name: string }[],
  { policy, answers }: Answers<V>,
  show: (value: V) => string,
): string {
  return [
    `policy  ${policy.version === null ? 'a candidate' : `version ${policy.version}`}, ${policy.snapshot}`,
    ...answers.map((answer, i) => {
      const said = answer.ok ? show(answer.value) : `refused   ${answer.error.code}: ${answer.error.detail}`;
      return `== ${named[i]?.name ?? i + 1}\n${said}`;
    }),
  ].join('\n\n');
}

/** `no-personal-data-out looks for: low email, phone; high iban`. */
function showFinds({ id, types }: Linted['finds'][number]): string {
  const bySeverity = Map.groupBy(types, ({ severity }) => severity);
  const groups = SEVERITIES.flatMap((severity) => {
    const names = bySeverity.get(severity)?.map(({ type }) => type) ?? [];
    return names.length === 0 ? [] : [`${severity} ${names.join(', ')}`];
  });
  return `${id} looks for: ${groups.join('; ')}`;
}

function showChange({ name, topic, kind, before, after }: Change): string {
  return `${SAYS[kind]}: ${name} (${topic})\n  before: ${showVerdict(before)}\n  after:  ${showVerdict(after)}`;
}

function showVerdict(verdict: Verdict): string {
  if ('refused' in verdict) return `refused (${verdict.refused})`;
  const { decision, rule_id, remediated_by, constraints, obligations } = verdict;
  const bounds = { ...constraints, ...obligations };
  return [
    `${decision} by ${rule_id ?? 'default'}`,
    ...(remediated_by === null ? [] : [`after ${remediated_by}`]),
    ...(Object.keys(bounds).length === 0 ? [] : [JSON.stringify(bounds)]),
  ].join(' ');
}

function summary({ file, version, snapshot, tenants, not_before, not_after, files, key_ids }: InFile) {
  return {
    file,
    version,
    snapshot,
    scope: tenants.includes('*') ? 'every tenant' : tenants.join(', '),
    holds: `${not_before} to ${not_after}`,
    files,
    'signed by': key_ids.length === 0 ? 'nobody yet' : key_ids.join(', '),
  };
}
