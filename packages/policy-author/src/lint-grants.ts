/** Grants that nobody can give: they name a field of the payload that no job of their rule can have. */
import { schemaPath } from '@countersign/policy/check-policy';
import { below } from '@countersign/policy/report-faults';
import type { Linted } from './linted.ts';
import { isExcluded } from './typed-paths.ts';

export function lintGrants({ sources, sections, topics, report }: Linted): void {
  for (const placed of [...sections.rules, ...sections.input_rules]) {
    const met = topics.metBy(placed.source.match);
    const schemas = met.map(({ facts }) => facts.schema && sources.schemas.get(schemaPath(facts.schema)));
    for (const [i, field] of (placed.source.approval?.grant?.same ?? []).entries()) {
      const [where, ...path] = field.split('.');
      if (where !== 'payload' || schemas.length === 0) continue;
      if (schemas.every((schema) => isExcluded(schema, path)))
        report(
          'grant_field_excluded',
          below(placed, 'approval', 'grant', 'same', i),
          `no schema lets a job have ${field}`,
        );
    }
  }
}
