/** What the scheduler answers to a hand-over that it heard twice, because the first time was answered too late. */
import type { AdmitItem, Admitted } from '@countersign/contracts/admission';
import { openAdmissions } from '@countersign/ingress/admit-in-batches';
import type { Bus } from '@countersign/platform/bus';
import { expect, test } from 'vitest';
import { decisionOf } from './play-peers.ts';

const OWN = `sha256:${'a'.repeat(64)}`;
const EARLIER = `sha256:${'b'.repeat(64)}`;
const ITEM = { request: { tenant: 'acme', job_id: 'j1' }, job_hash: OWN, traceparent: '' } as unknown as AdmitItem;

test.each([
  ['its own first time is no replay', OWN, true, false],
  ['an earlier submission under the same name is one', EARLIER, true, true],
  ['what was just stored is none', OWN, false, false],
])('%s', async (_, job_hash, replayed, told) => {
  const decisions = [decisionOf({ gate: 'submit', job_hash, min_epoch: 1 }, {})];
  const value: Admitted = { tenant: 'acme', job_id: 'j1', state: 'cleared', decisions, replayed };
  const bus = { call: async () => ({ answers: [{ ok: true, value }] }) } as unknown as Bus;
  expect((await openAdmissions(bus)({ item: ITEM, bytes: 10 })).replayed).toBe(told);
});
