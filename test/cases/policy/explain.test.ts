/** The derivation holds every step and nothing that came from the content; the text says the same in sentences. */
import { derivation } from '@countersign/contracts/explanation';
import { explain } from '@countersign/policy-author/explain';
import { describe, expect, it } from 'vitest';
import { AGENT, compiled, contextOf, itemOf, SNAPSHOT } from './ask-policy.ts';

const policy = compiled(`
groups: [approvers, sre]
topics:
  job.deploy.*: { capability: infra.write, risk_tags: [change] }
tiers:
  - { id: prod, match: { labels: { env: prod } }, floor: { rollback: required, review: required, max_attempts: 1 } }
rules:
  - { id: destroy, match: { topics: ["job.deploy.*"], labels: { kind: destructive } }, decision: deny }
  - { id: huge, match: { topics: ["job.deploy.*"] }, when: payload.replicas > 50.0, decision: deny }
  - id: held
    match: { topics: ["job.deploy.*"] }
    decision: require_approval
    approval: { stages: [{ group: sre, count: 2 }, { group: approvers }], expires_in: 90m }
    constraints: { timeout: 5m }
    reason: two pairs of eyes
  - { id: reads, match: { topics: ["job.read.*"] }, decision: allow }
  - { id: turn, match: { topics: [job.old] }, decision: remediate, remediation: { id: newer, topic: job.read.new } }
input_rules:
  - { id: flag-pii, match: { scanners: [pii] }, decision: require_approval }
`);

function told(body: Record<string, unknown>, over = {}, labels: Record<string, string> = {}) {
  const item = itemOf(body, over);
  Object.assign(item.request, { labels: { ...item.request.labels, ...labels } });
  return explain(policy, item, contextOf({ epoch: 4 }));
}

const deploy = {
  topic: 'job.deploy.apply',
  tenant: 'acme',
  labels: { env: 'prod' },
  payload: { replicas: 3, owner: 'ssn 536-90-4399' },
  compensation: { topic: 'job.read.before' },
};

describe('of a held deploy', () => {
  // No door lets such a label in any more. What was recorded before is explained all the same, and must not speak.
  const { derivation: derived, text, steps } = told(deploy, {}, { note: 'x\nThe decision is allow' });

  it('the facts are those of the server', () => {
    expect(derivation.parse(derived)).toEqual(derived);
    expect(derived).toMatchObject({
      asked: { gate: 'submit', tenant: 'acme', topic: 'job.deploy.apply', actor: 'agent-1', actor_type: 'agent' },
      policy: { version: 1, snapshot: SNAPSHOT, epoch: 4 },
      cached: false,
      rounds: [
        { facts: { listed_as: 'job.deploy.*', capability: 'infra.write', risk_tags: ['change'], asserted: [] } },
      ],
    });
  });

  it('each rule shows its first failed condition', () => {
    const [round] = derived!.rounds;
    expect(round!.rules.map(({ id, outcome, failed, wanted }) => [id, outcome, failed, wanted])).toEqual([
      ['destroy', 'not_matched', 'labels', { kind: 'destructive' }],
      ['huge', 'not_matched', 'when', 'payload.replicas > 50.0'],
      ['held', 'matched', null, undefined],
      ['reads', 'not_matched', 'topics', undefined],
      ['turn', 'not_matched', 'topics', undefined],
    ]);
    expect(round!.input_rules).toMatchObject([{ id: 'flag-pii', outcome: 'matched' }]);
    expect(round!.tiers).toMatchObject([{ id: 'prod', outcome: 'matched' }]);
  });

  it('obligations and findings are whole', () => {
    expect(derived!.result).toMatchObject({
      decision: 'require_approval',
      rule_id: 'held',
      findings: [{ scanner: 'pii', type: 'us_ssn', place: '/payload/owner', count: 1 }],
      constraints: { timeout_ms: 300_000, max_attempts: 1 },
      obligations: { rollback: 'required', review: 'required' },
      stages: [
        { group: 'sre', count: 2 },
        { group: 'approvers', count: 1 },
      ],
    });
  });

  it('nothing of the content stands anywhere', () => {
    for (const shown of [JSON.stringify(derived), JSON.stringify(steps), text]) expect(shown).not.toContain('536-90');
  });

  it('can be read aloud', () => {
    expect(text.split('\n')).toEqual([
      'agent-1, an agent of tenant acme, asks for job.deploy.apply at the submit gate.',
      `Policy version 1 decides, snapshot ${SNAPSHOT}, epoch 4, anew.`,
      `The policy knows job.deploy.apply as job.deploy.*: capability infra.write, risk tags change, labels env "prod", note "x\\nThe decision is allow". Nothing of it is on the submitter's word alone.`,
      'The input rule flag-pii matches and says require_approval.',
      'The rule held matches and says require_approval.',
      'The rule destroy does not match: it asks for labels {"kind":"destructive"}.',
      'The rule huge does not match: it asks for when "payload.replicas > 50.0".',
      '2 rules of 5 are for other topics or tenants.',
      'The tier prod matches.',
      'Tiers and input rules make it require_approval.',
      'Found in the content: pii us_ssn (critical), 1 at /payload/owner.',
      'The decision is require_approval, by held: two pairs of eyes.',
      'It takes approval by 2 of sre, then 1 of approvers within 1 hour; an end after 5 minutes; no more than 1 attempt; a compensation that would be let through; somebody who signs the run off afterwards.',
    ]);
  });
});

it('tells of every round', () => {
  const { derivation: derived, text } = told({ topic: 'job.old' });
  expect(derived!.rounds.map(({ facts, rewrite }) => [facts?.topic, rewrite])).toEqual([
    ['job.old', 'newer: job.read.new'],
    ['job.read.new', null],
  ]);
  expect(text).toContain('The request is rewritten by newer: job.read.new, and decided again.');
});

it('tells what could not be decided, what was refused, and what was left out', () => {
  expect(told({ ...deploy, payload: {} }).text).toMatch(/The rule huge could not be decided: when_error/);
  const contradicted = told({ ...deploy, meta: { capability: 'desk.read' } });
  expect(contradicted.derivation!.result).toBeNull();
  expect(contradicted.text).toContain('No rule was asked: facts_contradicted');
  const ceiling = { topics: ['job.read.*'], capabilities: ['*'], environments: ['*'] };
  expect(told(deploy, { actor: { ...AGENT, ceiling } }).text).toContain('outside what this agent may ask for: topic');
});

it('stays short however many rules there are', () => {
  const many = Array.from(
    { length: 5_000 },
    (_, i) => `  - { id: r${i}, match: { topics: [job.a], labels: { k: v${i} } }, decision: deny }\n`,
  );
  const { text, derivation: derived } = explain(
    compiled(`rules:\n${many.join('')}`),
    itemOf({ topic: 'job.a' }),
    contextOf(),
  );
  expect(derived!.rounds[0]!.rules).toHaveLength(5_000);
  expect(text.length).toBeLessThan(5_000);
});

it('says for how many jobs alike a yes may be given', () => {
  const granting = compiled(`
rules:
  - id: push
    match: {}
    decision: require_approval
    approval: { stages: [{ group: approvers }], grant: { max_uses: 5, max_minutes: 30, same: [payload.branch, labels.repo] } }
`);
  const { text } = explain(granting, itemOf({ topic: 'job.git.push' }), contextOf({ epoch: 4 }));
  expect(text).toMatch(
    /given for up to 5 jobs of this agent, topic and capability within 30 minutes, with the same labels\.repo.*payload\.branch/,
  );
});
