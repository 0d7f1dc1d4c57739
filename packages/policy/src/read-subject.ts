// A request as match fields see it. Folding and scanning its content happens at most once, and only when a rule that
// everything else already fits asks for it.
import type { Finding } from '@countersign/contracts/decision';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { type ScannerName, scanValue } from '@countersign/scanners/scan';
import { splitTokens } from './match-glob.ts';
import { foldText, type Subject } from './match-subject.ts';

/** `scanned`: what was found, as far as anything asked; empty when nothing did. */
export type RequestSubject = Subject & { scanned: () => readonly Finding[] };

export function subjectOf(request: NamedRequest, actor: Actor, scanners: readonly ScannerName[]): RequestSubject {
  const { meta, prompt, payload } = request;
  const content = { ...(prompt !== undefined && { prompt }), ...(payload !== undefined && { payload }) };
  const texts = once(() => textsOf(content).map(foldText));
  let seen: readonly Finding[] = [];
  const findings = once(() => {
    const result = scanValue(content, scanners);
    seen = result.ok ? result.findings : [];
    return result.ok ? result.findings : null;
  });
  return {
    tenant: request.tenant,
    topic: splitTokens(request.topic),
    capability: meta.capability === undefined ? null : splitTokens(meta.capability),
    labels: request.labels,
    risk_tags: meta.risk_tags,
    requires: meta.requires,
    actor_id: actor.id,
    actor_type: actor.type,
    foldedTexts: texts,
    findings,
    scanned: () => seen,
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Keys too: a word is not less said for standing in front of a colon. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)]);
}
