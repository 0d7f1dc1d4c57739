/** Where in a job a policy finds a value: `labels.<name>`, or `payload.<name>` with names below it. */
import { z } from 'zod';

export const fieldPath = z
  .string()
  .regex(
    /^(labels\.[a-z][a-z0-9_.-]{0,63}|payload(\.[A-Za-z_][A-Za-z0-9_-]{0,63}){1,8})$/,
    'must be payload.<name> or labels.<name>',
  );

type Held = { labels: Readonly<Record<string, unknown>>; payload?: unknown };

/** Undefined where the job has no such. Elements of a list have no name. */
export function fieldAt(path: string, job: Held): unknown {
  if (path.startsWith('labels.')) return ownOf(job.labels, path.slice('labels.'.length));
  return path.split('.').reduce<unknown>(ownOf, job);
}

function ownOf(holder: unknown, name: string): unknown {
  const inside = typeof holder === 'object' && holder !== null && !Array.isArray(holder) && Object.hasOwn(holder, name);
  return inside ? (holder as Record<string, unknown>)[name] : undefined;
}
