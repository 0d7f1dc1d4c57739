/**
 * A detector that this system does not have itself, a model most likely: what it is asked, and what it may answer. It is
 * sent texts and nothing of where they stand; what it answers is looked at as if a stranger wrote it.
 */
import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** `types`: what the policy has findings of, each `model-<name>`. */
export type DetectorQuestion = { readonly texts: readonly string[]; readonly types: readonly string[] };

/** Answers `detectorAnswer`, or throws. It has to end when the signal says so; nobody waits for it any more. */
export interface Detector {
  detect(question: DetectorQuestion, signal: AbortSignal): Promise<unknown>;
}

/** `text`: index into the question's; [start, end) in UTF-16 units of it; `score` from 0 to 1. */
export const detectorAnswer = z.strictObject({
  findings: z
    .array(
      z.strictObject({
        text: z.int().min(0),
        start: z.int().min(0),
        end: z.int().min(1),
        type: z.string().max(LIMITS.token_chars),
        score: z.number().min(0).max(1),
      }),
    )
    .max(LIMITS.model_findings),
});

export const MODEL_FAIL_MODES = ['closed', 'open'] as const;

/** Why a detector's word is missing. `missing`: the policy wants one, and the service has none. */
export const MODEL_FAULTS = ['deadline', 'busy', 'error', 'invalid', 'too_large', 'missing'] as const;
export type ModelFault = (typeof MODEL_FAULTS)[number];
