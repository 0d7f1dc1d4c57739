/**
 * What the audit service does: seal what was committed, publish it in order, and answer from the chains alone. It never
 * writes an entry of its own.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { AUDIT } from '@countersign/contracts/streams';
import { patterns, subjects } from '@countersign/contracts/subjects';
import { ownStream } from '@countersign/platform/own-stream';
import { defineService } from '@countersign/platform/service';
import { webhookKeys, webhookTargets } from '@countersign/platform/webhook-keys';
import { z } from 'zod';
import { askWitnesses, witnessList } from './ask-witnesses.ts';
import { followLedger } from './follow-ledger.ts';
import { growTree } from './grow-tree.ts';
import { advanceCounts } from './kpi/advance-counts.ts';
import { showKpis } from './kpi/show-kpis.ts';
import { listDecisions } from './list-decisions.ts';
import { listEntries } from './list-entries.ts';
import { logKeys, logOrigin, logSigners } from './log-keys.ts';
import { createPublisher } from './publish-entries.ts';
import { readRecord } from './read-record.ts';
import { readTimeline } from './read-timeline.ts';
import { answerReplay, mayReplay } from './replay-entries.ts';
import { showPopulation } from './show-population.ts';
import { showCheckpoint, showConsistency, showInclusion, showTile } from './show-tree.ts';
import type { Window } from './store.ts';
import { serveWebhooks } from './webhooks/serve-webhooks.ts';

export const audit = defineService({
  name: 'audit',
  config: z.object({
    /** The name of the log, unlike any other's: it stands in each checkpoint and is the name of its keys. */
    LOG_ORIGIN: logOrigin,
    /** PKCS#8 PEMs of the Ed25519 keys that sign checkpoints, one behind the other; two while a key is changed. */
    LOG_KEYS: logKeys,
    /** Who watches the log: `<vkey> <url>` of each witness (C2SP tlog-witness), separated by commas. */
    WITNESSES: witnessList.optional(),
    /** Where webhooks may go: origins, split by commas. ` private` behind one allows an address that is not public, and no TLS. */
    WEBHOOK_TARGETS: webhookTargets,
    /** What webhooks' secrets are made of, for ingress and audit: 32 bytes each, base64url. The first makes new ones, the others serve. */
    WEBHOOK_KEYS: webhookKeys,
    /** Stands before the paths that webhooks name: where people reach ingress. Without it they are told paths alone. */
    WEBHOOK_LINKS: z
      .url({ protocol: /^https?$/ })
      .regex(/[^/]$/, 'must not end with a slash')
      .default(''),
  }),
  metrics: [
    'ledger_sealed_total',
    'ledger_unpublished',
    'ledger_tree_size',
    'ledger_unsigned',
    'ledger_checkpoints_total',
    'audit_leaves_missing_total',
    'webhook_deliveries_total',
    'webhook_deliveries_waiting',
  ],
  functions: ['ledger.next_window', 'ledger.publish_from', 'ledger.keep_checkpoint'],
  async start(context) {
    const { bus, config, database, log, metrics, onStop, ready, sweep } = context;
    // No consumers: who follows listens, who replays asks.
    await ownStream(context, AUDIT, async () => []);
    const signers = logSigners(config.LOG_ORIGIN, config.LOG_KEYS);
    const witnesses = askWitnesses({ witnesses: config.WITNESSES ?? [], database, log, metrics });
    onStop(() => witnesses.stop());
    const onSigned = (checkpoint: object): void => {
      bus.hint(subjects.checkpoint(), checkpoint);
      witnesses.show();
    };
    const tree = growTree({ database, signers, log, metrics, onSigned });
    onStop(() => tree.stop());
    ready('checkpoints', async () => tree.check());
    sweep('ledger tree', LIMITS.seal_idle_ms, () => tree.heal());
    const webhooks = serveWebhooks(context);
    const onWindow = (window: Window): void => {
      tree.take(window);
      webhooks.heard(window.entries);
    };
    const publisher = createPublisher({ jetstream: bus.jetstream, database, log, metrics, onWindow });
    const following = followLedger({ publisher, database_url: config.DATABASE_URL, log });
    onStop(() => following.stop());
    ready('publish', async () => following.check());
    const gaps = sweep('audit stream', LIMITS.audit_check_ms, async () => {
      if (await publisher.fillGaps()) following.nudge();
    });
    bus.connection.onReconnect(() => {
      publisher.forget();
      following.nudge();
      gaps.nudge();
    });

    bus.serveRaw(patterns.replay(), { mayAnswer: mayReplay, handle: (message) => answerReplay(database, message) });
    bus.serve('audit.timeline', (job) => readTimeline(database, job));
    bus.serve('audit.decisions', (job) => listDecisions(database, job));
    sweep('kpis', LIMITS.kpi_ms, async () => {
      while (await advanceCounts(database));
    });
    bus.serve('audit.kpis', (asked) => showKpis(database, asked));
    bus.serve('audit.record', (job) => readRecord(database, job));
    bus.serve('audit.entries', (question) => listEntries(database, question));
    bus.serve('audit.checkpoint', (asked) => showCheckpoint(database, asked));
    bus.serve('audit.inclusion', (asked) => showInclusion(database, asked));
    bus.serve('audit.consistency', (asked) => showConsistency(database, asked));
    bus.serve('audit.population', (asked) => showPopulation(database, signers, asked));
    bus.serve('audit.tile', (asked) => showTile(database, asked));
  },
});
