/**
 * Asks a detector that somebody else runs about the texts of a document, and makes findings of its answer. An answer that is
 * not exactly what was asked for is none: a span outside of its text, a type that nobody asked for, a field too many.
 */
import { type Detector, detectorAnswer, type ModelFault } from '@countersign/contracts/detector';
import type { OwnModel } from '@countersign/contracts/scanner-rules';
import { type Confidence, SEVERITY_RANK, type Severity } from './finding-types.ts';
import type { Match } from './match-text.ts';
import { type Finding, findingsOf, textsOf } from './scan.ts';
import { SCAN_LIMITS } from './scan-limits.ts';

/** `matches`: of each text of the document, in its order, for redaction. They hold places and no text. */
export type ModelResult =
  | { ok: true; findings: Finding[]; matches: Match[][] }
  | { ok: false; fault: Extract<ModelFault, 'invalid' | 'too_large'> };

/** From this score on a finding is likely; no model is certain. */
const LIKELY = 0.8;

/** Throws what the detector throws. `max_chars`: of all texts and names together. */
export async function askDetector(
  detector: Detector,
  value: unknown,
  models: readonly OwnModel[],
  max_chars: number,
  signal: AbortSignal,
): Promise<ModelResult> {
  const texts = textsOf(value, { ...SCAN_LIMITS, max_chars });
  if (texts === null) return { ok: false, fault: 'too_large' };
  const matches: Match[][] = texts.map(() => []);
  if (texts.length === 0) return { ok: true, findings: [], matches };
  const question = { texts: texts.map(({ text }) => text), types: models.map(({ type }) => type) };
  const answer = detectorAnswer.safeParse(await detector.detect(question, signal));
  if (!answer.success) return { ok: false, fault: 'invalid' };
  for (const { text, start, end, type, score } of answer.data.findings) {
    const model = models.find((one) => one.type === type);
    const asked = texts[text]?.text;
    if (model === undefined || asked === undefined || start >= end || end > asked.length)
      return { ok: false, fault: 'invalid' };
    const severity = severityOf(model, score);
    if (severity === null) continue;
    const confidence: Confidence = score >= LIKELY ? 'likely' : 'possible';
    matches[text]!.push({
      type: model.type,
      scanner: model.scanner,
      start,
      end,
      severity,
      confidence,
      why: 'model',
      open: false,
    });
  }
  for (const found of matches) found.sort((a, b) => a.start - b.start || b.end - a.end);
  return { ok: true, findings: findingsOf(texts, matches), matches };
}

/** The most severe whose score was reached. */
function severityOf({ severities }: OwnModel, score: number): Severity | null {
  let best: Severity | null = null;
  for (const [severity, least] of Object.entries(severities) as [Severity, number | undefined][])
    if (least !== undefined && score >= least && (best === null || SEVERITY_RANK[severity] > SEVERITY_RANK[best]))
      best = severity;
  return best;
}
