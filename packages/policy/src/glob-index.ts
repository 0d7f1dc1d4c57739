/**
 * Finds which of many dotted patterns match a name, by the trie that finds rules, so that checking a large bundle does
 * not compare all names with all patterns.
 */
import { splitTokens } from './match-glob.ts';
import { compileMatch } from './match-subject.ts';
import { buildIndex, type IndexedFacts } from './rule-index.ts';

/** For matches that look at the topic alone. */
export const NOTHING_ELSE: Omit<IndexedFacts, 'topic'> = {
  tenant: '',
  capability_name: null,
  labels: {},
  label_names: [],
  risk_tags: [],
  requires: [],
  actor_id: '',
  actor_type: '',
  on_behalf_of: [],
};

/** Positions of the patterns, ascending. A `*` in the name is a token like any other. */
export function buildGlobIndex(patterns: readonly string[]): (name: string) => readonly number[] {
  const index = buildIndex(patterns.map((pattern) => compileMatch({ topics: [pattern] })));
  return (name) => index.candidates({ ...NOTHING_ELSE, topic: splitTokens(name) });
}
