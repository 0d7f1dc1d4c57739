// What every lint looks at.
import type { CompiledPolicy } from './compiled-policy.ts';
import type { KnownTopics } from './known-topics.ts';
import type { BundleSources } from './parse-bundle.ts';
import type { Sections } from './place-sections.ts';
import type { Report } from './report-faults.ts';

export type LintContext = {
  /** How many people each approval group has; left out, quorums are not judged. */
  people?: Readonly<Record<string, number>>;
};
/** What every lint looks at. */
export type Linted = LintContext & {
  policy: CompiledPolicy;
  sources: BundleSources;
  sections: Sections;
  topics: KnownTopics;
  report: Report;
};
