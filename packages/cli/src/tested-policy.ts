/** What the tests of a policy came to, and how much of it they reached. */
import type { PolicyTestRun } from '@countersign/policy-author/run-policy-tests';

export type Coverage = {
  /** Rules of all three kinds: rules, input rules, tiers. */
  rules: number;
  reached: number;
  /** Rounded down, so that 100 means all; 100 for a policy without rules. */
  percent: number;
  /** By id, in file order. */
  unreached: string[];
};
export type TestedPolicy = PolicyTestRun & { total: number; failed: number; reach: Coverage };
