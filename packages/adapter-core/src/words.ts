/**
 * What a model is told of an outcome: enough to act on, and of the policy no more than rule, reason and offer. Each has a
 * machine form beside the text.
 */
import { neverRun } from './gate.ts';
import type { Settled } from './read-outcome.ts';

export type Told = { text: string; error: boolean; data: Record<string, unknown> };

/** `output` as text: a string as it is, anything else as JSON. */
export function tell(outcome: Settled): Told {
  switch (outcome.kind) {
    case 'released': {
      const { output, failed, job_id } = outcome;
      const text = typeof output === 'string' ? output : JSON.stringify(output);
      return { text, error: failed, data: { status: failed ? 'failed' : 'released', job_id } };
    }
    case 'denied': {
      const { code, rule_id, reason, remediation, job_id } = outcome;
      const rule = rule_id === null ? '' : ` by rule ${rule_id}`;
      const offer = remediation === null ? '' : ` On offer instead: ${JSON.stringify(remediation)}.`;
      const text = `Not run. Denied${rule} (${code}): ${reason}.${offer} Asking again with the same arguments changes nothing.`;
      return { text, error: true, data: { status: 'denied', code, rule_id, job_id, remediation } };
    }
    case 'quarantined':
      return {
        text: 'The tool ran; its output is quarantined and is not shown.',
        error: true,
        data: { status: 'quarantined', job_id: outcome.job_id },
      };
    case 'pending':
      return pending(outcome);
    case 'unknown':
      return {
        text: `Nobody knows whether this ran (job ${outcome.job_id}). Do not repeat it; ask a person to look.`,
        error: true,
        data: { status: 'unknown', job_id: outcome.job_id },
      };
    case 'unavailable': {
      const { retry_after_ms } = outcome;
      const text = `Nothing was decided. Call the tool again with the same arguments after ${Math.ceil(retry_after_ms / 1000)} s.`;
      return { text, error: true, data: { status: 'unavailable', retry_after_ms } };
    }
    default:
      return neverRun(outcome);
  }
}

function pending({ kind, ...outcome }: Extract<Settled, { kind: 'pending' }>): Told {
  const { approval_id, groups, url, expires_at, job_id } = outcome;
  const until = expires_at === null ? '' : ` until ${expires_at}`;
  const by = groups.length === 0 ? '' : ` by ${groups.join(', ')}`;
  const what = approval_id === null ? `Waiting (job ${job_id})` : `Waiting for approval ${approval_id}`;
  const link = url === null ? '' : `: ${url}`;
  const text = `No result yet. ${what}${by}${until}${link}. Call the tool again with the same arguments to fetch the result.`;
  return { text, error: true, data: { status: kind, ...outcome } };
}
