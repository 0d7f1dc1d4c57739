/** Where to go on from a job, as paths on the same server. */
import { API_PREFIX } from '@countersign/contracts/http';
import type { JobState } from '@countersign/contracts/states';

export function linksOf(job_id: string, state: JobState): Record<string, string> {
  const self = `${API_PREFIX}/jobs/${job_id}`;
  const evidence = { self, decisions: `${self}/decisions`, timeline: `${self}/timeline`, record: `${self}/record` };
  if (state === 'denied') return { ...evidence, explain: `${API_PREFIX}/policy/explain` };
  return {
    ...evidence,
    result: `${self}/result`,
    events: `${self}/events`,
    cancel: `${self}/cancel`,
    ...(state === 'held' ? { approvals: `${API_PREFIX}/approvals?job_id=${job_id}` } : {}),
  };
}
