/** Policy kernel: which of the five decisions. The table of contents: settings, verbs, sweeps. */
import type { DecideItem } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import { trustRoot } from '@countersign/contracts/policy';
import { monotonicMs } from '@countersign/platform/clock';
import { decisionSealKeys } from '@countersign/platform/decision-seal-keys';
import { jsonSetting } from '@countersign/platform/json-setting';
import { errorFields } from '@countersign/platform/logger';
import { modelSetting, openModelCalls } from '@countersign/platform/model-calls';
import { defineService } from '@countersign/platform/service';
import { z } from 'zod';
import { activateBundle } from './activate-bundle.ts';
import { openActivePolicies } from './active-policies.ts';
import { openCompiledPolicies } from './compiled-policies.ts';
import { openLimitCounts } from './count-limits.ts';
import { decideJob, type ItemAnswer, isBehind } from './decide-jobs.ts';
import { openDecideQueue } from './decide-queue.ts';
import { decideWithScans } from './decide-with-scans.ts';
import { openDecisionCache } from './decision-cache.ts';
import { openLastKnownGood } from './last-known-good.ts';
import { listBundles } from './list-bundles.ts';
import { openCandidates } from './open-candidate.ts';
import { publishDocument } from './publish-document.ts';
import { type KnownRun, openRuns, readAhead } from './read-runs.ts';
import { openReplay } from './replay-history.ts';
import { openScans } from './scan-apart.ts';
import { openSealer } from './seal-answer.ts';
import { shadowBundle, showShadow } from './set-shadow.ts';
import { openShadows } from './shadow-decisions.ts';
import { showDocument } from './show-document.ts';
import { showPolicy } from './show-policy.ts';
import { explainJobs, simulateJobs } from './simulate-jobs.ts';

export const policyKernel = defineService({
  name: 'policy-kernel',
  config: z.object({
    /** JSON: who may sign bundles, and how many of them must. */
    TRUST_ROOT: jsonSetting(trustRoot),
    /** Folder of this replica's own for the last known good bundles. */
    STATE_DIR: z.string().min(1),
    /** Milliseconds for which a decision stands at the dispatch gate, kept here or sealed; 0 keeps and seals none. */
    DECISION_CACHE_MS: z.coerce.number().int().min(0).max(LIMITS.decision_cache_ms).default(LIMITS.decision_cache_ms),
    /** Keys under which answers are sealed, the same as the scheduler's: 32 bytes each, base64url, by commas; the first one seals. */
    DECISION_SEAL_KEYS: decisionSealKeys,
    /** JSON: the detector that content is sent to where a policy names models: `url`, `token`, `deadline_ms`, `concurrency`, `max_chars`, `fail_mode`, `deterministic`. */
    MODEL_DETECTOR: modelSetting,
  }),
  metrics: [
    'policy_expired_total',
    'policy_observed_total',
    'policy_shadow_total',
    'decisions_total',
    'decision_seconds',
    'scans_failed_total',
    'model_calls_total',
    'decision_cache_total',
    'policy_epoch',
    'policy_rejected_total',
  ],
  async start({ bus, config, database, log, metrics, onStop, ready, sweep }) {
    const cache = openDecisionCache({
      rows: LIMITS.decision_cache_rows,
      ttl_ms: config.DECISION_CACHE_MS,
      monotonicMs,
      count: (outcome) => metrics.count('decision_cache_total', { outcome }),
    });
    const compiled = openCompiledPolicies(config.TRUST_ROOT);
    onStop(() => compiled.stop());
    const disk = openLastKnownGood(config.STATE_DIR);
    const policies = openActivePolicies({ database, log, metrics, compiled, disk, onChange: cache.clear });
    const sealer = openSealer({ keys: config.DECISION_SEAL_KEYS, lifetime_ms: config.DECISION_CACHE_MS });
    const scans = openScans(metrics, openModelCalls(metrics, config.MODEL_DETECTOR));
    onStop(() => scans.stop());
    const readRuns = openRuns(database);
    const known = new WeakMap<DecideItem, KnownRun>();
    const decideAll = openDecideQueue({
      decide: (item: Parameters<typeof decideJob>[1]) =>
        decideJob({ policies, cache, sealer, metrics, scans, runOf: (one) => known.get(one) }, item),
      max_items: LIMITS.queued_rows,
      deadline_ms: LIMITS.decide_ms,
      slice_ms: LIMITS.decide_slice_ms,
      monotonicMs,
    });
    const asking = { policies, scans, readRuns, openCandidate: openCandidates({ database, compiled }) };
    const shadows = openShadows({ database, compiled, metrics, log, scans, readRuns });
    const offerAll = (items: readonly DecideItem[], answers: readonly ItemAnswer[]): void => {
      for (const [i, item] of items.entries()) {
        const answer = answers[i]!;
        if (item.gate === 'submit' && answer.ok) shadows.offer(item, answer.value);
      }
    };
    await policies.refresh();

    bus.serve('policy.decide', async ({ items }) => {
      const started = monotonicMs();
      // Twice: the first may join a reading that began before the change which the caller has seen.
      for (let tries = 0; tries < 2 && items.some((item) => isBehind(policies, item)); tries++)
        await policies.refresh();
      await readAhead(policies, readRuns, items, known);
      const answers = await decideWithScans(items, decideAll, scans);
      offerAll(items, answers);
      metrics.observe('decision_seconds', { gate: items[0]!.gate }, (monotonicMs() - started) / 1_000);
      return { answers };
    });
    const counting = { ...asking, counts: openLimitCounts(database) };
    bus.serve('policy.simulate', (question) => simulateJobs(counting, question));
    bus.serve('policy.explain', (question) => explainJobs(counting, question));
    bus.serve('policy.active', async ({ tenant }) => showPolicy(policies, tenant));

    // Answers once it is stored; if it can't be loaded at once, the sweep loads it.
    const follow = async (load: () => Promise<void>): Promise<void> => {
      try {
        await load();
      } catch (thrown) {
        log.warn(errorFields(thrown), 'not loaded yet');
      }
    };
    const replay = openReplay({ ...asking, database });
    bus.serve('policy.replay', replay);
    bus.serve('policy.shadow', async (asked) => {
      const answer = await shadowBundle({ database, compiled, metrics, log }, asked);
      await follow(() => shadows.refresh());
      return answer;
    });
    bus.serve('policy.shadowing', ({ tenant }) => showShadow(database, tenant));
    bus.serve('policy.publish', (publishing) => publishDocument({ database, compiled, metrics, log }, publishing));
    bus.serve('policy.bundles', (page) => listBundles(database, page));
    bus.serve('policy.document', (asked) => showDocument(database, asked));
    bus.serve('policy.activate', async (activating) => {
      const answer = await activateBundle({ database, compiled, metrics, log, bus }, activating);
      await follow(() => policies.refresh());
      return answer;
    });

    const control = sweep('follow control', LIMITS.sweep_idle_ms, policies.refresh);
    sweep('shadow', LIMITS.sweep_seldom_ms, async () => {
      await shadows.refresh();
      await shadows.flush();
    });
    bus.onControl(control.nudge);
    ready('policy', async () => {
      control.check();
      if (policies.count() === 0) throw new Error('no policy is active');
    });
  },
});
