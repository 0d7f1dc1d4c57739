// What the audit service does: seal what was committed, publish it in order, and answer from the chains alone. It never
// writes an entry of its own.
import { LIMITS } from '@countersign/contracts/limits';
import { AUDIT } from '@countersign/contracts/streams';
import { patterns } from '@countersign/contracts/subjects';
import { ownStream } from '@countersign/platform/own-stream';
import { defineService } from '@countersign/platform/service';
import { z } from 'zod';
import { followLedger } from './follow-ledger.ts';
import { listDecisions } from './list-decisions.ts';
import { createPublisher } from './publish-entries.ts';
import { readRecord } from './read-record.ts';
import { readTimeline } from './read-timeline.ts';
import { answerReplay, mayReplay } from './replay-entries.ts';

export const audit = defineService({
  name: 'audit',
  config: z.object({}),
  metrics: ['ledger_sealed_total', 'ledger_unpublished', 'audit_leaves_missing_total'],
  functions: ['ledger.next_window', 'ledger.publish_from'],
  async start(context) {
    const { bus, config, database, log, metrics, onStop, ready, sweep } = context;
    // No consumers: who follows listens, who replays asks.
    await ownStream(context, AUDIT, async () => []);
    const publisher = createPublisher({ jetstream: bus.jetstream, database, log, metrics });
    const following = followLedger({ publisher, database_url: config.DATABASE_URL, log });
    onStop(() => following.stop());
    ready('publish', async () => following.check());
    bus.connection.onReconnect(() => {
      publisher.forget();
      following.nudge();
    });
    sweep('audit stream', LIMITS.audit_check_ms, async () => {
      if (await publisher.fillGaps()) following.nudge();
    });

    bus.serveRaw(patterns.replay(), { mayAnswer: mayReplay, handle: (message) => answerReplay(database, message) });
    bus.serve('audit.timeline', (job) => readTimeline(database, job));
    bus.serve('audit.decisions', (job) => listDecisions(database, job));
    bus.serve('audit.record', (job) => readRecord(database, job));
  },
});
