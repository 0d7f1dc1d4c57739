/** What no walk erases by itself: the content of one job, by every service that has some, and a page of what somebody asks for. */
import { eraseComments } from '@countersign/approval/store-erased';
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import { eraseOutputs } from '@countersign/output-safety/store-erased';
import type { Database } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import type { Metrics } from '@countersign/platform/metrics';
import { erasePayloads } from '@countersign/scheduler/retention/store-erased';
import { listAsked, listOld } from '@countersign/scheduler/retention/store-listed';
import { insertErasure } from '@countersign/scheduler/retention/store-retention';
import { actAs } from './act-as-role.ts';
import type { TestSystem } from './start-system.ts';

const METRICS = { count() {} } as unknown as Metrics;
const ERASERS: readonly [ServiceName, typeof erasePayloads][] = [
  ['scheduler', erasePayloads],
  ['output-safety', eraseOutputs],
  ['approval', eraseComments],
];

/** `job_id`: has ended. */
export async function walkErasure(system: TestSystem, job_id: string): Promise<void> {
  const { status } = await system.api('admin', 'POST', '/api/v1/erasures', { job_id, reason: 'tried by a test' });
  if (status !== 202) throw new Error(`an erasure was answered ${status}`);
  for (const [service, erase] of ERASERS)
    await actAs(system, service, (tx) =>
      erase({ database: { transaction: (act: (of: typeof tx) => unknown) => act(tx) } as Database, metrics: METRICS }),
    );
  const { tenant } = system;
  await actAs(system, 'scheduler', async (tx) => {
    const asked = { erasure_id: uuidv7(), tenant, job_id: null, subject: 'nobody', reason: 'x', asked_by: 'ada' };
    await insertErasure(tx, asked);
    await listAsked(tx);
    await tx.query('UPDATE scheduler.erasures SET listed = true WHERE erasure_id = $1', [asked.erasure_id]);
    await listOld(tx);
  });
}
