/**
 * The rewrite that a policy offers instead of a denial: topic, capability, labels, payload. It never changes who asks,
 * the job's id or the prompt.
 */
import type { Remediation } from '@countersign/contracts/decision';
import type { NamedRequest } from '@countersign/contracts/job';
import type { RuleSource } from '@countersign/contracts/policy';
import { mergePatch } from './merge-patch.ts';

type Source = NonNullable<RuleSource['remediation']>;

export function applyRemediation(request: NamedRequest, remediation: Source): NamedRequest {
  const { labels, payload, topic = request.topic } = remediation;
  const removed = new Set(labels?.remove);
  const kept = Object.entries(request.labels).filter(([key]) => !removed.has(key));
  const { capability: before, ...meta } = request.meta;
  // Another topic is another power: what the submitter said of the first must not travel to the second.
  const capability = remediation.capability ?? (topic === request.topic ? before : undefined);
  return {
    ...request,
    topic,
    labels: { ...Object.fromEntries(kept), ...labels?.set },
    meta: { ...meta, ...(capability !== undefined && { capability }) },
    ...(payload !== undefined && { payload: mergePatch(request.payload ?? {}, payload) }),
  };
}

/** As a decision shows it. */
export function describeRemediation(source: Source, applied: boolean): Remediation {
  return {
    id: source.id,
    applied,
    ...(source.topic !== undefined && { topic: source.topic }),
    ...(source.capability !== undefined && { capability: source.capability }),
    ...(source.labels !== undefined && { labels: source.labels }),
    ...(source.payload !== undefined && { payload: source.payload }),
  };
}
