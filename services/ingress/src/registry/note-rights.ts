/**
 * Which parts of an agent's ceiling its accepted jobs needed: of what was asked for and of what will really run, because
 * a ceiling has to hold both. Noted by the ceiling's own patterns, so that nobody's topics make more of them.
 */
import { matchesPattern } from '@countersign/contracts/control';
import type { EffectiveJob } from '@countersign/contracts/decision';
import type { Ceiling, JobRequest } from '@countersign/contracts/job';

export type Needed = Pick<JobRequest, 'topic' | 'labels' | 'meta'>;
export type Right = 'topic' | 'capability' | 'environment';

export function rightSubject(agent: string, right: Right, pattern: string): string {
  return `right:${agent}/${right}/${pattern}`;
}

export function rightsUsed(agent: string, ceiling: Ceiling, asked: Needed, effective: EffectiveJob | null): string[] {
  const topics = [asked.topic, effective?.topic];
  const capabilities = [
    asked.meta.capability,
    ...asked.meta.requires,
    effective?.capability,
    ...(effective?.requires ?? []),
  ];
  const environments = [asked.labels.env, effective?.labels.env];
  const used = (right: Right, patterns: readonly string[], names: readonly (string | null | undefined)[]): string[] =>
    patterns
      .filter((pattern) => names.some((name) => name && covers(right, pattern, name)))
      .map((pattern) => rightSubject(agent, right, pattern));
  return [
    ...used('topic', ceiling.topics, topics),
    ...used('capability', ceiling.capabilities, capabilities),
    ...used('environment', ceiling.environments, environments),
  ];
}

/** An environment is named whole, or any. */
function covers(right: Right, pattern: string, name: string): boolean {
  return right === 'environment' ? pattern === '*' || pattern === name : matchesPattern(pattern, name);
}
