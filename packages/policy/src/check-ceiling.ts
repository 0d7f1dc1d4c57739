/**
 * Whether a request stays inside what its agent may at most ask for. Read before any rule, and again after every
 * rewrite: no rule can lift it.
 */
import type { Actor, Ceiling, NamedRequest } from '@countersign/contracts/job';
import { anyGlobMatches } from './match-glob.ts';

export const ENVIRONMENT_LABEL = 'env';

type Outside = 'topic' | 'capability' | 'environment';
/** What a ceiling is about, of a request or of what will really run. */
export type Bounded = {
  topic: string;
  capability: string | null;
  requires: readonly string[];
  labels: Readonly<Record<string, string>>;
};

/** The first thing outside the actor's ceiling, or null; people have none. */
export function outsideCeiling({ ceiling }: Actor, { topic, labels, meta }: NamedRequest): Outside | null {
  const { capability = null, requires } = meta;
  return ceiling && exceedsCeiling(ceiling, { topic, capability, requires, labels });
}

/** The first thing outside, or null. A job without the label `env` is in no environment. */
export function exceedsCeiling(ceiling: Ceiling, { topic, capability, requires, labels }: Bounded): Outside | null {
  if (!anyGlobMatches(ceiling.topics, topic)) return 'topic';
  const wanted = capability === null ? requires : [capability, ...requires];
  if (!wanted.every((name) => anyGlobMatches(ceiling.capabilities, name))) return 'capability';
  const environment = environmentOf(labels);
  if (environment === null) return null;
  return ceiling.environments.some((allowed) => allowed === '*' || allowed === environment) ? null : 'environment';
}

export function environmentOf(labels: Readonly<Record<string, string>>): string | null {
  return Object.hasOwn(labels, ENVIRONMENT_LABEL) ? labels[ENVIRONMENT_LABEL]! : null;
}
