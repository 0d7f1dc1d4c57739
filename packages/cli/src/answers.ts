/** What a policy answered to several requests, by a server or by the policy in hand. */
import type { Failure } from '@countersign/contracts/errors';
import type { AskedPolicy } from '@countersign/contracts/policy-rollout';

export type Answer<V> = { ok: true; value: V } | { ok: false; error: Failure };
export type Answers<V> = { policy: AskedPolicy; answers: Answer<V>[] };
