/** A review stands on a run that policy marked or on what one person granted alone, and is signed once, by somebody apart. */
import { Signoffs } from '@countersign/ledger/rederive-signoff';
import { expect, it } from 'vitest';

type Body = Record<string, unknown>;
type Step = [string, Body];

const FACTS = { tenant: 'acme', job_id: 'one', actor: 'bot', owner: 'olga', on_behalf_of: 'carla desk/dora' };
const ASKED: Step = ['job_dispatched', { decision: { obligations: { review: 'required' } } }];
const UNASKED: Step = ['job_dispatched', { decision: {} }];
const RAN: Step = ['job_running', { state: 'running' }];
const ENDED: Step = ['job_succeeded', { state: 'succeeded' }];
const OPENED: Step = ['run_review_opened', { ...FACTS, review_id: 'r' }];
const VOTED: Step = ['approval_voted', { voter: 'sam', delegated_by: 'sue' }];
const BY_GRANT: Step = ['approval_by_grant', { approvers: [{ approver: 'gus' }] }];
const GLASS: Step = ['approval_granted', { approval_id: 'r', break_glass: true }];

function signed(reviewer: string, review_id = 'r'): Step {
  return ['review_signed', { ...FACTS, review_id, reviewer }];
}

function faultsOf(steps: readonly Step[]): string[] {
  const signoffs = new Signoffs();
  return steps.flatMap(([kind, body]) => signoffs.take('job:acme:one', kind, body));
}

it.each<[string, string[], Step[]]>([
  ['of a marked run', [], [VOTED, ASKED, RAN, ENDED, OPENED, signed('rita')]],
  ['of a run that a later attempt did not mark', [], [ASKED, UNASKED, RAN, ENDED, OPENED, signed('rita')]],
  ['of what one person granted alone', [], [VOTED, GLASS, signed('rita')]],
  ['of what nobody marked', ['review_without_cause'], [UNASKED, RAN, ENDED, OPENED]],
  ['of what never ran', ['review_without_cause'], [ASKED, ENDED, OPENED]],
  ['of what still runs', ['review_without_cause'], [ASKED, RAN, OPENED]],
  ['opened twice', ['review_opened_twice'], [ASKED, RAN, ENDED, OPENED, OPENED]],
  ['signed, and never opened', ['review_without_cause'], [ASKED, RAN, ENDED, signed('rita')]],
  ['signed twice', ['review_signed_twice'], [ASKED, RAN, ENDED, OPENED, signed('rita'), signed('ruth')]],
  ...['bot', 'olga', 'carla', 'desk', 'dora', 'sam', 'sue', 'gus'].map((who): [string, string[], Step[]] => [
    `signed by ${who}`,
    ['reviewed_by_the_wrong_person'],
    [VOTED, BY_GRANT, ASKED, RAN, ENDED, OPENED, signed(who)],
  ]),
])('%s: %j', (_, faults, steps) => {
  expect(faultsOf(steps)).toEqual(faults);
});
