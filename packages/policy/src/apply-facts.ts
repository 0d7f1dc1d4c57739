/**
 * Fills in what the policy knows of a topic. A submitter who says otherwise is refused, never silently corrected; where
 * the policy knows nothing, the submitter's word is taken and marked as such.
 */
import type { Failure } from '@countersign/contracts/errors';
import type { NamedRequest } from '@countersign/contracts/job';
import { labelValue } from '@countersign/contracts/names';
import type { TopicFacts } from '@countersign/contracts/policy';
import type { CompiledPolicy, CompiledTopic } from './compiled-policy.ts';
import { NOTHING_ELSE } from './glob-index.ts';
import type { Json } from './json-types.ts';
import { splitTokens } from './match-glob.ts';

export type FactsMode = {
  /** After a rewrite the policy speaks to itself: its facts replace what is left of the submitter's. */
  overrule: boolean;
  /** False for a simulation without payload: what depends on it is left out, and `skipped` says so. */
  payloadKnown: boolean;
};
export type FactsResult =
  | { ok: true; request: NamedRequest; asserted: string[]; skipped: string[] }
  | { ok: false; failure: Failure };

const NO_FACTS: TopicFacts = {};
type Refused = Extract<FactsResult, { ok: false }>;

/** Entries are found by topic alone. */
type LabelsResult = { ok: true; labels: Record<string, string> } | Refused;

/** The most specific entry of `topics:` that covers the topic. */
export function findTopic(policy: Pick<CompiledPolicy, 'topics'>, topic: string): CompiledTopic | null {
  const { items, index } = policy.topics;
  if (items.length === 0) return null;
  const first = index.candidates({ ...NOTHING_ELSE, topic: splitTokens(topic) })[0];
  return first === undefined ? null : items[first]!;
}

export function applyFacts(known: CompiledTopic | null, request: NamedRequest, mode: FactsMode): FactsResult {
  if (known === null) return { ok: true, request, asserted: assertedOf(request, NO_FACTS), skipped: [] };
  const { facts } = known;
  const { capability, risk_tags } = facts;
  const { meta } = request;
  if (!mode.overrule && capability !== undefined && meta.capability !== undefined && meta.capability !== capability) {
    return contradicted('/meta/capability', `the topic's capability is ${capability}`);
  }
  if (!mode.overrule && risk_tags !== undefined && meta.risk_tags.some((tag) => !risk_tags.includes(tag))) {
    return contradicted('/meta/risk_tags', `the topic's risk tags are ${risk_tags.join(', ') || 'none'}`);
  }
  const labels = applyLabels(facts, request, mode);
  if (!labels.ok) return labels;
  const filled = { ...meta, risk_tags: risk_tags ?? meta.risk_tags };
  if (capability !== undefined) filled.capability = capability;
  const completed: NamedRequest = { ...request, labels: labels.labels, meta: filled };
  const violated = mode.payloadKnown ? schemaFailure(known, completed.payload) : null;
  if (violated !== null) return { ok: false, failure: violated };
  const skipped = mode.payloadKnown ? [] : skippedOf(known);
  return { ok: true, request: completed, asserted: assertedOf(request, facts), skipped };
}

/** A job without payload has the empty one. */
export function schemaFailure(known: CompiledTopic | null, payload: Json | undefined): Failure | null {
  const violation = known?.schema?.validate(payload ?? {}) ?? null;
  if (violation === null) return null;
  return { code: 'schema_violated', detail: `the payload ${violation.detail}`, at: `/payload${violation.at}` };
}

/** Labels that the submitter sets and the policy does not. */
function assertedOf({ meta }: NamedRequest, { capability, risk_tags }: TopicFacts): string[] {
  const asserted: string[] = [];
  if (capability === undefined && meta.capability !== undefined) asserted.push('capability');
  if (risk_tags === undefined && meta.risk_tags.length > 0) asserted.push('risk_tags');
  return asserted;
}

function contradicted(at: string, detail: string): Refused {
  return {
    ok: false,
    failure: { code: 'facts_contradicted', detail, at },
  };
}

function applyLabels(facts: TopicFacts, request: NamedRequest, mode: FactsMode): LabelsResult {
  if (facts.derive_labels === undefined && facts.required_labels === undefined) {
    return { ok: true, labels: request.labels };
  }
  const labels = new Map(Object.entries(request.labels));
  for (const [key, pointer] of mode.payloadKnown ? Object.entries(facts.derive_labels ?? {}) : []) {
    const derived = textAt(request.payload ?? {}, pointer);
    const stated = labels.get(key);
    if (!mode.overrule && stated !== undefined && stated !== derived) {
      return contradicted(`/labels/${key}`, `the label ${key} is what the payload says at ${pointer}`);
    }
    if (derived === undefined) labels.delete(key);
    else labels.set(key, derived);
  }
  const missing = facts.required_labels?.find((key) => !labels.has(key));
  if (missing !== undefined) return contradicted(`/labels/${missing}`, `the topic requires the label ${missing}`);
  return { ok: true, labels: Object.fromEntries(labels) };
}

/** RFC 6901, own properties only; undefined when nothing stands there that may be a label. */
export function textAt(payload: Json, pointer: string): string | undefined {
  let value: unknown = payload;
  for (const step of pointer.slice(1).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Json)[key];
  }
  return labelValue.safeParse(value).data;
}

function skippedOf(known: CompiledTopic | null): string[] {
  return [...(known?.schema ? ['schema'] : []), ...(known?.facts.derive_labels === undefined ? [] : ['derive_labels'])];
}
