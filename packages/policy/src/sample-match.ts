/**
 * One request out of those that a match holds for, so that the index can be asked which rules might hold for all of them.
 */
import type { Match } from '@countersign/contracts/policy';
import { splitTokens } from './match-glob.ts';
import type { IndexedFacts } from './rule-index.ts';

/** Every rule that covers the match is among the candidates for this request. */
export function sampleOf(match: Match): IndexedFacts {
  const labels = Object.fromEntries(
    Object.entries(match.labels ?? {}).map(([key, values]) => [key, [values].flat()[0]!]),
  );
  return {
    tenant: match.tenants?.[0] ?? '',
    topic: splitTokens(match.topics?.[0] ?? 'job.*'),
    capability_name: match.capabilities?.[0] ?? null,
    labels,
    label_names: Object.keys(labels),
    risk_tags: match.risk_tags ?? [],
    requires: match.requires ?? [],
    actor_id: match.actors?.[0] ?? '',
    actor_type: match.actor_types?.[0] ?? '',
    on_behalf_of: match.on_behalf_of ?? [],
  };
}
