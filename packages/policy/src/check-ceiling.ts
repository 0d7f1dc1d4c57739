// Whether a request stays inside what its agent may at most ask for. Read before any rule, and again after every
// rewrite: no rule can lift it.
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { anyGlobMatches } from './match-glob.ts';

export const ENVIRONMENT_LABEL = 'env';

/** The first thing outside the ceiling, or null. A job without the label `env` is in no environment. */
export function outsideCeiling(actor: Actor, request: NamedRequest): 'topic' | 'capability' | 'environment' | null {
  const { ceiling } = actor;
  if (ceiling === null) return null;
  if (!anyGlobMatches(ceiling.topics, request.topic)) return 'topic';
  const { capability, requires } = request.meta;
  const wanted = capability === undefined ? requires : [capability, ...requires];
  if (!wanted.every((name) => anyGlobMatches(ceiling.capabilities, name))) return 'capability';
  const environment = environmentOf(request.labels);
  if (environment === null) return null;
  return ceiling.environments.some((allowed) => allowed === '*' || allowed === environment) ? null : 'environment';
}

export const environmentOf = (labels: Readonly<Record<string, string>>): string | null =>
  Object.hasOwn(labels, ENVIRONMENT_LABEL) ? labels[ENVIRONMENT_LABEL]! : null;
