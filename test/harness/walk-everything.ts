/**
 * A job of every kind through every step, and everything that can be asked about it: what plans, counts and soaks are
 * judged by. Needs a worker of `demo-read` with `answerWalk` as its handler.
 */
import { randomUUID } from 'node:crypto';
import { withPolicy } from './activate-policy.ts';
import { playWorker } from './play-worker.ts';
import type { TestSystem } from './start-system.ts';
import { waitForApproval, waitForEnd } from './wait-for-job.ts';

const REFUND = { topic: 'job.desk.refund.order', payload: { customer_id: 7, amount_cents: 9_900 } };
const READ = { topic: 'job.demo.read', prompt: 'status' };
const MINUTE_MS = 60_000;

export function answerWalk({ prompt }: { prompt?: string | null | undefined }): object {
  if (prompt === 'fails') throw new Error('as it was told');
  return prompt === 'leaks' ? { key: `AKIA${'ABCDEFGHIJKLMNOP'}` } : { ok: true };
}

/** Throws what did not end, or was refused where it should not be. */
export async function walkEverything(system: TestSystem): Promise<void> {
  const done = await submit(system, READ);
  await waitForEnd(system, done);
  await waitForEnd(system, await submit(system, { ...READ, prompt: 'fails' }));
  await waitForEnd(system, await submit(system, { ...READ, prompt: 'leaks' }));
  await submit(system, { topic: 'job.exec.shell', prompt: 'rm -rf /' });
  const twice = { ...READ, job_id: randomUUID() };
  await submit(system, twice);
  await submit(system, twice);
  await walkApprovals(system);
  const stopped = await walkAttempt(system);
  await readEverything(system, done, stopped);
  await askPolicy(system);
}

async function submit(system: TestSystem, body: object): Promise<string> {
  const answer = await system.api('agent', 'POST', '/api/v1/jobs', body);
  if (typeof answer.body?.job_id !== 'string') throw new Error(`submitting answered ${answer.status}`);
  return answer.body.job_id;
}

/** Rejected, cancelled while held, and out of time. */
async function walkApprovals(system: TestSystem): Promise<void> {
  const refused = await submit(system, REFUND);
  const cancelled = await submit(system, REFUND);
  const expired = await submit(system, { ...REFUND, deadline_ms: 1_000 });
  await vote(system, refused, 'reject');
  await waitForEnd(system, refused);
  await waitForApproval(system, cancelled);
  await cancel(system, cancelled);
  await waitForEnd(system, cancelled);
  await waitForEnd(system, expired);
}

async function vote(system: TestSystem, job_id: string, say: 'approve' | 'reject'): Promise<void> {
  const { approval_id, digest } = await waitForApproval(system, job_id);
  await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/${say}`, { digest });
}

function cancel(system: TestSystem, job_id: string) {
  return system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`, { reason: 'drill' });
}

/** Approved, held by a worker, and cancelled under its hands. Its id. */
async function walkAttempt(system: TestSystem): Promise<string> {
  const job_id = await submit(system, REFUND);
  await vote(system, job_id, 'approve');
  await using worker = await playWorker(system, 'desk-write');
  const held = await worker.hold(job_id);
  await worker.beat(held);
  await cancel(system, job_id);
  await worker.beat(held);
  await worker.report(held, { stopped: true }, { result: { status: 'stopped' } });
  await waitForEnd(system, job_id);
  return job_id;
}

async function readEverything(system: TestSystem, done: string, approved: string): Promise<void> {
  const paths = [
    'jobs?limit=5',
    'jobs?limit=5&state=succeeded&topic=job.demo.read',
    'jobs?limit=5&run=none&label=env%3Dprod&pool=demo-read&actor=desk-agent&rule=none&decision=allow',
    'jobs?limit=5&from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z',
    ...['', '/result', '/timeline', '/decisions', '/record'].map((part) => `jobs/${done}${part}`),
    'dead-letters?limit=5',
    'dead-letters?limit=5&all=true',
    'approvals?limit=5',
    'approvals?limit=5&state=open',
    'approvals?limit=5&state=granted',
    `approvals?job_id=${approved}`,
    `approvals?job_id=${approved}&state=voided`,
  ];
  for (const path of paths) await get(system, path);
  const { body } = await get(system, 'jobs?limit=2');
  if (body?.next) await get(system, `jobs?limit=2&after=${encodeURIComponent(body.next)}`);
  await get(system, `jobs/${done}/result`, 'agent');
  await get(system, 'jobs?limit=5', 'agent');
}

function get(system: TestSystem, path: string, who: 'agent' | 'auditor' | 'approver' | 'admin' = 'auditor') {
  return system.api(who, 'GET', `/api/v1/${path}`);
}

async function askPolicy(system: TestSystem): Promise<void> {
  for (const path of ['policy', 'policy/bundles?limit=5', 'policy/shadow']) await get(system, path, 'admin');
  const [from, to] = [-MINUTE_MS, MINUTE_MS].map((ms) => new Date(Date.now() + ms).toISOString());
  const candidate = { files: withPolicy((policy) => policy) };
  // A window that has few of all jobs.
  await system.api('admin', 'POST', '/api/v1/policy/replay', { from, to, candidate });
  await system.api('admin', 'POST', '/api/v1/policy/simulate', READ);
  for (const run of ['{ by: run }', '{ by: agent, within: 1h }']) await askAboutRun(system, run);
}

/** What was done before in one of the runs of the past. */
async function askAboutRun(system: TestSystem, run: string): Promise<void> {
  const rule = '  - { id: once, match: { run: { ran: [job.demo.read] } }, decision: deny, reason: it ran before }\n';
  const files = withPolicy((policy) => `run: ${run}\n${policy.replace('\nrules:\n', `\nrules:\n${rule}`)}`);
  const question = { requests: [{ ...READ, labels: { run: 'past-2' } }], candidate: { files } };
  const { body } = await system.api('admin', 'POST', '/api/v1/policy/simulate', question);
  const [answer] = body?.answers ?? [];
  if (answer?.value?.rule_id !== 'once') throw new Error(`a run was not looked at: ${JSON.stringify(body)}`);
}
