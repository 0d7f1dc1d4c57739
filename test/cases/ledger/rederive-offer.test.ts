/** A job that is made of an approver's counter-offer is made of one that stands in evidence, once, and not past who proposed it. */
import { Rederivation } from '@countersign/ledger/rederive';
import { expect, it } from 'vitest';

type Body = Record<string, unknown>;

const POLICY = { policy_snapshot: 'snap', policy_epoch: 1 };
const OFFER = { offer_id: 'a-one', offered_by: 'ann', constraints: { timeout_ms: 1_000 } };
const FOLLOWS = { kind: 'remediates', job_id: 'one', asked_by: 'bot', ...OFFER };

function refused(counter_offer: Body | undefined): [string, string, Body] {
  return ['one', 'approval_refused', { tenant: 'acme', job_id: 'one', approval_id: 'a-one', counter_offer }];
}

function made(job: string, follows: Body, on_behalf_of: string | null): [string, string, Body] {
  const decisions = [{ gate: 'submit', decision: 'require_approval', ...POLICY }];
  return [
    job,
    'job_admitted',
    { tenant: 'acme', job_id: job, job_hash: job, effective_digest: 'eff', decisions, follows, on_behalf_of },
  ];
}

function faultsOf(...steps: [string, string, Body][]): string[] {
  const derive = new Rederivation();
  const entry = { tenant: 'acme', time_us: 1 };
  derive.take(
    { ...entry, chain: 'policy:acme', kind: 'policy_activated' },
    { scope: 'acme', policy_version: 1, ...POLICY },
  );
  return steps.flatMap(([job, kind, body]) => derive.take({ ...entry, chain: `job:acme:${job}`, kind }, body));
}

it('holds, alone and for others', () => {
  expect(faultsOf(refused(OFFER), made('two', FOLLOWS, 'ann'))).toEqual([]);
  expect(faultsOf(refused(OFFER), made('two', FOLLOWS, 'carla desk/olga ann'))).toEqual([]);
  expect(faultsOf(made('two', { ...FOLLOWS, offered_by: undefined, offer_id: 'of-the-policy' }, null))).toEqual([]);
});

it.each<[string, string, string[]]>([
  ['nobody offered it', 'offer_missing', faultsOf(refused(undefined), made('two', FOLLOWS, 'ann'))],
  [
    'it was taken',
    'offer_taken_twice',
    faultsOf(refused(OFFER), made('two', FOLLOWS, 'ann'), made('three', FOLLOWS, 'ann')),
  ],
  [
    'another proposed it',
    'offer_without_its_proposer',
    faultsOf(refused(OFFER), made('two', { ...FOLLOWS, offered_by: 'bob' }, 'bob')),
  ],
  ['its proposer is left out', 'offer_without_its_proposer', faultsOf(refused(OFFER), made('two', FOLLOWS, null))],
  [
    'it says that the policy made it',
    'offer_without_its_proposer',
    faultsOf(refused(OFFER), made('two', { ...FOLLOWS, offered_by: undefined }, 'ann')),
  ],
  [
    'its bounds are wider',
    'offer_of_something_else',
    faultsOf(refused(OFFER), made('two', { ...FOLLOWS, constraints: { timeout_ms: 2_000 } }, 'ann')),
  ],
])('says so when %s', (_, fault, faults) => {
  expect(faults).toContain(fault);
});
