/**
 * Conditions of rules that restrict, comparing what no schema gives a type: whoever sends a value of another type is
 * denied, and the author should know before it happens.
 */
import type { Match } from '@countersign/contracts/policy';
import { schemaPath } from '@countersign/policy/check-policy';
import type { PayloadPath } from '@countersign/policy/payload-types';
import { below } from '@countersign/policy/report-faults';
import type { Linted } from './linted.ts';
import { isTyped } from './typed-paths.ts';

export function lintConditions({ policy, sources, sections, topics, report }: Linted): void {
  sections.rules.forEach((placed, position) => {
    const { id, decision, match } = placed.source;
    const { compared = [] } = policy.rules.items[position]!.when ?? {};
    if (decision === 'allow' || compared.length === 0) return;
    const schemas = schemasOf(match);
    const untyped = compared.filter((path) => !schemas.every((schema) => isTyped(schema, path)));
    for (const path of new Set(untyped.map(written))) {
      const says = `no schema gives ${path} a type, so ${id} denies every job in which it is of another one`;
      report('when_untyped', below(placed, 'when'), says);
    }
  });

  /** Of the listed topics that the rule is for; undefined for one without. */
  function schemasOf(match: Match): unknown[] {
    const met = topics.metBy(match);
    if (met.length === 0) return [undefined];
    return met.map(({ facts }) =>
      facts.schema === undefined ? undefined : sources.schemas.get(schemaPath(facts.schema)),
    );
  }
}

function written(path: PayloadPath): string {
  return ['payload', ...path].join('.').replaceAll('.[]', '[]');
}
