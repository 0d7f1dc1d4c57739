/** The development bundle keeps what its own tests promise, and answers the runbook's requests. */
import { readdirSync, readFileSync } from 'node:fs';
import { decideAnswer } from '@countersign/contracts/decision';
import type { Actor } from '@countersign/contracts/job';
import { eligiblePools } from '@countersign/policy/choose-pool';
import { compilePolicy } from '@countersign/policy/compile-policy';
import { decideOutput } from '@countersign/policy/decide-output';
import { describeFault } from '@countersign/policy/policy-fault';
import { scanValue } from '@countersign/scanners/scan';
import { describe, expect, it } from 'vitest';
import { AGENT, answerOf, ask, finalOf, SNAPSHOT } from './ask-policy.ts';

const folder = new URL('../../../examples/policies/development/', import.meta.url);
const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const files = Object.fromEntries(
  names.map((entry) => {
    const path = `${entry.parentPath}/${entry.name}`;
    return [
      path.slice(path.indexOf('development/') + 'development/'.length).replace(/^\//, ''),
      readFileSync(path, 'utf8'),
    ];
  }),
);
const result = compilePolicy(files, { version: 1, snapshot: SNAPSHOT });
if (!result.ok) throw new Error(result.faults.map(describeFault).join('\n'));
const { policy } = result;
const cases = [...policy.sources.tests.values()].flatMap((tests) => tests.cases);

describe('its own tests', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_, { request, tenant, actor, expect: wanted }) => {
    const asking: Actor = { ...AGENT, ...actor };
    const outcome = answerOf(ask(policy, { tenant, ...request }, { actor: asking }));
    decideAnswer.parse(outcome.answer);
    const final = finalOf(outcome);
    expect(final.decision).toBe(wanted.decision);
    if (wanted.rule_id !== undefined) expect(final.rule_id).toBe(wanted.rule_id);
    if (wanted.stages !== undefined) expect(final.obligations.approval?.stages).toEqual(wanted.stages);
    const applied = outcome.answer.decisions.flatMap(({ remediation }) =>
      remediation?.applied ? [remediation.id] : [],
    );
    expect(applied).toEqual(wanted.remediated_by === undefined ? [] : [wanted.remediated_by]);
  });
});

describe('the runbook', () => {
  const simulated = {
    job_id: 'sim-prod-write-1',
    topic: 'job.deploy.apply',
    tenant: 'default',
    labels: { env: 'prod' },
    meta: { capability: 'infra.write', risk_tags: ['change'] },
  };

  it('simulates a production deploy without payload and says what it skipped', () => {
    const outcome = answerOf(ask(policy, simulated, {}, { simulation: true }));
    expect(finalOf(outcome)).toMatchObject({ decision: 'require_approval', rule_id: 'require-approval-prod-deploy' });
    expect(outcome.skipped).toEqual(['schema']);
  });

  it('refuses the same when it is submitted in earnest', () => {
    expect(ask(policy, simulated)).toMatchObject({ ok: false, failure: { code: 'schema_violated' } });
  });

  it('routes the deploy to its pool only', () => {
    const need = {
      tenant: 'default',
      capability: 'infra.write',
      requires: [],
      environment: 'prod',
      worker_constraints: [],
    };
    expect(eligiblePools(policy.pools!, need).map(({ id }) => id)).toEqual(['infra-prod-write']);
    expect(eligiblePools(policy.pools!, { ...need, environment: null })).toEqual([]);
  });

  it('redacts personal data and quarantines credentials on the way out', () => {
    const judge = (output: unknown) => {
      const scan = scanValue(output, policy.output.scanners);
      if (!scan.ok) throw new Error(scan.code);
      return decideOutput(policy.output, {
        tenant: 'default',
        topic: 'job.desk.read.ticket',
        capability: 'desk.read',
        findings: scan.findings,
      });
    };
    expect(judge({ text: 'hello' }).decision).toBe('allow');
    expect(judge({ text: 'ssn 536-90-4399' })).toMatchObject({
      decision: 'redact',
      redact: expect.arrayContaining(['us_ssn', 'email', 'phone']),
    });
    expect(judge({ text: 'ssn 536-90-4399, key AKIAQ3EGRIRJ6Z5XOV7P' }).decision).toBe('quarantine');
  });
});
