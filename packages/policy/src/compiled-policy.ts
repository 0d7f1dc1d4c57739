/**
 * A policy that can decide: everything checked, indexed and type-checked once. The noun alone; compile-policy.ts makes it.
 */
import type { LimitAsked, LimitSource } from '@countersign/contracts/counted-limits';
import type { Constraints, DecisionName, Obligations } from '@countersign/contracts/decision';
import type { PolicySource, RuleSource, ScanSettingsByTenant, TopicFacts } from '@countersign/contracts/policy';
import type { Pool } from '@countersign/contracts/policy-pools';
import type { RunsSource } from '@countersign/contracts/run-facts';
import type { ScannerName } from '@countersign/scanners/scan';
import type { When } from './compile-when.ts';
import type { CompiledOutputPolicy } from './decide-output.ts';
import type { Glob } from './match-glob.ts';
import type { CompiledMatch } from './match-subject.ts';
import type { BundleSources } from './parse-bundle.ts';
import type { PayloadSchema } from './payload-schema.ts';
import type { RuleIndex } from './rule-index.ts';

/** `approval`: whose yes it takes when there is no room. */
export type CompiledLimit = LimitSource & { approval?: LimitAsked['approval'] };
export type CompiledRule = {
  id: string;
  match: CompiledMatch;
  when: When | null;
  decision: DecisionName;
  reason: string;
  remediation: NonNullable<RuleSource['remediation']> | null;
  constraints: Constraints;
  obligations: Obligations;
  limits: readonly CompiledLimit[];
};
/** Applied on top of a decision: an input rule or a tier. */
export type CompiledFloor = {
  id: string;
  match: CompiledMatch;
  decision: DecisionName | null;
  reason: string;
  constraints: Constraints;
  obligations: Obligations;
  limits: readonly CompiledLimit[];
};
export type CompiledTopic = { pattern: string; glob: Glob; facts: TopicFacts; schema: PayloadSchema | null };

export type Indexed<T> = { items: readonly T[]; index: RuleIndex };

export type CompiledPolicy = {
  version: number;
  /** `sha256:<hex>` of the signed manifest. */
  snapshot: string;
  default_decision: PolicySource['default_decision'];
  /** Of agreements to the same under the policy before; null when everybody is asked again. */
  survive: 'same_terms' | null;
  rules: Indexed<CompiledRule>;
  input_rules: Indexed<CompiledFloor>;
  tiers: Indexed<CompiledFloor>;
  /** The most specific first. */
  topics: Indexed<CompiledTopic>;
  owners: ReadonlyMap<string, string>;
  /** Which jobs are one run, where a rule asks what it did; null when none does, and nobody looks. */
  run: RunsSource | null;
  /** Those that any rule looks at; content is scanned for all of them at once. */
  scanners: readonly ScannerName[];
  scanning: ScanSettingsByTenant;
  output: CompiledOutputPolicy;
  pools: readonly Pool[] | null;
  sources: BundleSources;
};
