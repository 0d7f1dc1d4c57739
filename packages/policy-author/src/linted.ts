/** The input of every lint. */
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import type { KnownTopics } from '@countersign/policy/known-topics';
import type { BundleSources } from '@countersign/policy/parse-bundle';
import type { Sections } from '@countersign/policy/place-sections';
import type { Report } from '@countersign/policy/report-faults';

export type LintContext = {
  /** How many people each approval group has; left out, quorums are not judged. */
  people?: Readonly<Record<string, number>>;
};
/** The input of every lint. */
export type Linted = LintContext & {
  policy: CompiledPolicy;
  sources: BundleSources;
  sections: Sections;
  topics: KnownTopics;
  report: Report;
};
