/** Output-safety: may this output leave. The table of contents: settings, the verbs, the workers' door. */
import { LIMITS } from '@countersign/contracts/limits';
import { patterns } from '@countersign/contracts/subjects';
import { modelSetting, openModelCalls } from '@countersign/platform/model-calls';
import { s3Setting } from '@countersign/platform/s3-store';
import { createSealer, SEAL_KEY_BYTES } from '@countersign/platform/seal-content';
import { defineService } from '@countersign/platform/service';
import { z } from 'zod';
import { openActivePolicies } from './active-policies.ts';
import { serveArtifacts } from './artifacts/serve-artifacts.ts';
import { listPage } from './quarantine/list-quarantined.ts';
import { reviewOutputs } from './quarantine/review-output.ts';
import { readOutput } from './read-output.ts';
import { mayAnswer, receiveResults } from './receive-results.ts';
import { openScreen } from './screen-apart.ts';
import { probe } from './store.ts';
import { eraseOutputs } from './store-erased.ts';

const sealKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, `must be ${SEAL_KEY_BYTES} bytes, base64url`)
  .transform((text) => Buffer.from(text, 'base64url'));

export const outputSafety = defineService({
  name: 'output-safety',
  config: z.object({
    /** Seals what is quarantined and what was redacted. */
    OUTPUT_SEAL_KEY: sealKey,
    /** Keys that sealed before and still open what they sealed, by commas. */
    OUTPUT_SEAL_FORMER_KEYS: z
      .string()
      .default('')
      .transform((text) => text.split(',').filter((each) => each !== ''))
      .pipe(z.array(sealKey)),
    /** Folder that artifacts lie in, sealed; the same for every instance. Without it and `ARTIFACT_S3` none are taken. */
    ARTIFACT_DIR: z.string().min(1).optional(),
    /** JSON: a store behind the S3 API in its place: `endpoint`, `region`, `bucket`, `prefix`, `access_key_id`, `secret_access_key`. */
    ARTIFACT_S3: s3Setting.optional(),
    /** JSON: the detector that content is sent to where a policy names models: `url`, `token`, `deadline_ms`, `concurrency`, `max_chars`, `fail_mode`, `deterministic`. */
    MODEL_DETECTOR: modelSetting,
  }),
  metrics: [
    'output_policy_allow_total',
    'output_policy_redact_total',
    'output_policy_quarantine_total',
    'output_fail_open_total',
    'quarantine_reviews_total',
    'scans_failed_total',
    'model_calls_total',
    'jobs_ended_total',
    'results_rejected_total',
    'content_erased_total',
    'content_sweeps_total',
  ],
  functions: ['ledger.append', 'scheduler.fence', 'scheduler.kept_by', 'scheduler.take_erasable'],
  async start(context) {
    const { bus, database, metrics, config } = context;
    const sealer = createSealer(config.OUTPUT_SEAL_KEY, config.OUTPUT_SEAL_FORMER_KEYS);
    const policies = openActivePolicies(database);
    const screen = openScreen(metrics, openModelCalls(metrics, config.MODEL_DETECTOR));
    context.onStop(() => screen.stop());
    const reviewing = reviewOutputs({ database, metrics, sealer, screen, policies });
    bus.serve('output.read', (request) => readOutput(database, request));
    bus.serve('output.quarantined', (request) => listPage(database, request));
    bus.serve('output.open', reviewing.open);
    bus.serve('output.release', reviewing.release);
    bus.serve('output.discard', reviewing.discard);
    const named = serveArtifacts(context, { sealer, screen, policies });
    const handle = receiveResults(context, { sealer, screen, policies, named });
    for (const subject of [patterns.results(), patterns.forwardedResults()])
      bus.serveRaw(subject, { mayAnswer, handle });
    const erasing = context.sweep('erase outputs', LIMITS.erase_ms, async () => {
      if (await eraseOutputs(context)) erasing.nudge();
    });
    context.ready('fence and policy', () => probe(database));
  },
});
