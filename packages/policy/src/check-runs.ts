/**
 * Checks what a policy asks about runs: that it says which jobs are one, that a class it asks for is released by some topic,
 * and that what releases one carries the label by which its run is found.
 */
import type { Match } from '@countersign/contracts/policy';
import type { BundleSources } from './parse-bundle.ts';
import type { Sections } from './place-sections.ts';
import { type At, below, inPolicy, type Report } from './report-faults.ts';
import { suggestName } from './suggest-name.ts';

export function checkRuns({ policy }: BundleSources, sections: Sections, report: Report): void {
  const facts = Object.entries(policy.topics);
  const classes = new Set(facts.flatMap(([, { data }]) => data ?? []));
  const hasUntrusted = facts.some(([, { untrusted }]) => untrusted === true);
  for (const [topic, { data, untrusted, required_labels }] of facts) {
    if ((data ?? untrusted) === undefined) continue;
    const at = inPolicy('topics', topic);
    if (policy.run === undefined) report('run_undeclared', at, 'nothing says which jobs are one run');
    if (!required_labels?.includes('run'))
      report('field_misplaced', at, 'what it releases is found by the label run', 'add run to its required_labels');
  }
  const check = ({ run, not }: Match, at: At): void => {
    if (not !== undefined) check(not, below(at, 'not'));
    if (run === undefined) return;
    const where = below(at, 'run');
    if (policy.run === undefined) report('run_undeclared', where, 'nothing says which jobs are one run');
    for (const [i, data] of (run.released ?? []).entries())
      if (!classes.has(data))
        report('data_unknown', below(where, 'released', i), `no topic releases ${data}`, () =>
          suggestName(data, classes),
        );
    if (run.untrusted === true && !hasUntrusted)
      report('data_unknown', below(where, 'untrusted'), 'no topic is untrusted');
  };
  for (const placed of [...sections.tiers, ...sections.input_rules, ...sections.rules])
    check(placed.source.match, below(placed, 'match'));
}
