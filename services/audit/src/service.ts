// What the audit service does: seal what was committed, publish it in order, and answer from the chains alone. It never
// writes an entry of its own.
import { LIMITS } from '@countersign/contracts/limits';
import { defineService } from '@countersign/platform/service';
import { z } from 'zod';
import { listDecisions } from './list-decisions.ts';
import { publishEntries } from './publish-entries.ts';
import { readRecord } from './read-record.ts';
import { readTimeline } from './read-timeline.ts';
import { sealEntries } from './seal-entries.ts';

export const audit = defineService({
  name: 'audit',
  config: z.object({}),
  metrics: ['ledger_sealed_total', 'ledger_unpublished'],
  async start({ bus, database, log, metrics, sweep }) {
    const publish = publishEntries({ bus, database, log });
    const publishing = sweep('publish', LIMITS.sweep_ms, async () => {
      if (await publish()) publishing.nudge();
    });
    const sealing = sweep('seal', LIMITS.seal_idle_ms, async () => {
      const { sealed, unpublished } = await sealEntries({ database, metrics });
      if (unpublished > 0) publishing.nudge();
      // A pause while busy: it makes batches out of what trickles in.
      if (sealed > 0) setTimeout(() => sealing.nudge(), LIMITS.seal_busy_ms).unref();
    });

    bus.serve('audit.timeline', (job) => readTimeline(database, job));
    bus.serve('audit.decisions', (job) => listDecisions(database, job));
    bus.serve('audit.record', (job) => readRecord(database, job));
  },
});
