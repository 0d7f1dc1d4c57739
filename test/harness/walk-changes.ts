/**
 * What a walk does not need and a store has statements for: stops, a warrant that a worker refuses, a forged result, a
 * policy that is published, activated and shadowed, an agent on the bus, a key that is revoked.
 */

import { generateKeyPairSync } from 'node:crypto';
import { listEntries } from '@countersign/audit/list-entries';
import { showCheckpoint, showConsistency, showInclusion, showTile } from '@countersign/audit/show-tree';
import { subjects } from '@countersign/contracts/subjects';
import { waitUntil } from '@countersign/infra/wait-until';
import { changeCeiling, listAgents } from '@countersign/ingress/registry/store-registry';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { countGiven, findLinks, listDelegations } from '@countersign/ingress/store-delegations';
import type { Tx } from '@countersign/platform/database';
import { uuidv7 } from '@countersign/platform/ids';
import { readStops } from '@countersign/scheduler/view/store-stops';
import { actAs, keepEndsApart, setSwitch } from './act-as-role.ts';
import { activateOverHttp, publishOverHttp, withPolicy } from './activate-policy.ts';
import { knockAsAgent } from './knock-as-agent.ts';
import { playWorker } from './play-worker.ts';
import type { TestSystem } from './start-system.ts';
import { waitForApproval, waitForEnd, waitForState } from './wait-for-job.ts';
import { walkErasure } from './walk-erasure.ts';

const READ = { topic: 'job.demo.read', prompt: 'status' };
const FIRST_RULE = / {2}- id: allow-demo-read\n/;
const COUNTED_RULE = `  - id: counted-reads
    match: { topics: [job.demo.read], labels: { counted: "yes" } }
    decision: allow
    limits: [{ id: reads, per: [agent], count: 1, within: 2s, exceeded: park }]
  - id: asked-reads
    match: { topics: [job.demo.read], labels: { counted: asked } }
    decision: allow
    limits: [{ id: asks, per: [agent], count: 1, within: 1h, exceeded: require_approval }]
  - id: reads-at-once
    match: { topics: [job.demo.read], labels: { counted: at-once } }
    decision: allow
    limits: [{ id: at-once, per: [agent], max_running: 1 }]
`;
const REFUND = { topic: 'job.desk.refund.order', payload: { customer_id: 7, amount_cents: 9_900 } };

/** `version`: of the policy, higher each time. `key_id`: is revoked. */
export async function walkChanges(system: TestSystem, version: number, key_id: string): Promise<void> {
  await stopAndLetGo(system);
  await changePolicy(system, version);
  await replaceKeys(system, version);
  await letStopEnd(system);
  await keepEndsApart(system, true);
  await using agent = await knockAsAgent(system);
  const reply = await agent.ask(agent.seal(subjects.rpcSubmit(system.tenant), READ));
  if (!reply.ok) throw new Error(`a signed request was refused: ${reply.error.code}`);
  const job_id = String((reply.value as { job_id: unknown }).job_id);
  await waitForEnd(system, job_id);
  await walkErasure(system, job_id);
  await keepEndsApart(system, false);
  await actAs(system, 'audit', (tx) => readAsAuditor(tx, system.tenant));
  await actAs(system, 'scheduler', (tx) => readStops(tx, null));
  await actAs(system, 'ingress', (tx) => readRegistry(tx, system.tenant));
  await actAs(system, 'ingress', (tx) => tx.query('SELECT control.forget_tokens($1)', [[uuidv7()]]));
  await actAs(system, 'ingress', (tx) =>
    revokeIdentity(tx, { what: 'api_key', id: key_id, reason: 'tried by a test', by_key: null }),
  );
}

/** A yes that waits behind a stop; then its worker refuses the warrant once and reports a forged result before its own. */
async function stopAndLetGo(system: TestSystem): Promise<void> {
  await using worker = await playWorker(system, 'desk-write');
  const { body } = await system.api('agent', 'POST', '/api/v1/jobs', REFUND);
  const { approval_id, digest } = await waitForApproval(system, body.job_id);
  await setSwitch(system, 'walk', { kind: 'topic', target: REFUND.topic }, true);
  await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
  await waitForState(system, body.job_id, 'cleared');
  await setSwitch(system, 'walk', { kind: 'topic', target: REFUND.topic }, false);
  const { claims, message } = await worker.handleDelivery(body.job_id);
  const offered = await worker.refuse(claims.jti, 'warrant_signature');
  if (offered.outcome !== 'wait') throw new Error(`a refused warrant is not offered again: ${offered.outcome}`);
  message.nak(offered.retry_ms);
  const held = await worker.hold(body.job_id);
  await worker.report(held, {}, { tamper: { duration_ms: 2 } });
  await worker.beat(held, true);
  await worker.report(held, { done: true });
  await waitForEnd(system, body.job_id);
}

/** Of an agent and of a worker, made for it; the ones before go on meanwhile. */
async function replaceKeys(system: TestSystem, version: number): Promise<void> {
  const name = `walk-${version}`;
  const ceiling = { topics: ['job.demo.*'], capabilities: ['*'], environments: ['*'] };
  await ask(system, '/agents', { id: name, owner: 'alice', ceiling, signing_key: newKey() });
  await ask(system, '/workers', { pool: 'demo-read', worker: name, public_key: newKey() });
  for (const path of [`/agents/${name}/rotate`, `/workers/demo-read/${name}/rotate`])
    for (const body of [{ signing_key: newKey() }, { overlap_minutes: 50 }]) await ask(system, path, body);
}

function newKey(): string {
  return generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!;
}

async function ask(system: TestSystem, path: string, sent: object): Promise<any> {
  const { status, body } = await system.api('admin', 'POST', `/api/v1${path}`, sent);
  if (status >= 300) throw new Error(`${path} answered ${status} ${JSON.stringify(body)}`);
  return body;
}

async function letStopEnd(system: TestSystem): Promise<void> {
  const stop = { kind: 'topic', target: 'job.nobody.asks', reason: 'tried by a test', expires_in: 1 };
  const set = await ask(system, '/stops', stop);
  await waitUntil('the stop has ended', async () => {
    const { body: listed } = await system.api('admin', 'GET', '/api/v1/stops');
    return listed.stops.every((each: { switch_id: string }) => each.switch_id !== set.switch_id);
  });
}

/** A held job is asked about again under the new one. */
async function changePolicy(system: TestSystem, version: number): Promise<void> {
  const { body } = await system.api('agent', 'POST', '/api/v1/jobs', REFUND);
  await waitForApproval(system, body.job_id);
  const files = withPolicy((policy) => `${policy.replace(FIRST_RULE, `${COUNTED_RULE}$&`)}\n# ${version}\n`);
  await publishOverHttp(system, files, version);
  await shadow(system, version, new Date(Date.now() + 3_600_000).toISOString());
  await system.api('agent', 'POST', '/api/v1/jobs', READ);
  await shadow(system, version, null);
  await activateOverHttp(system, version);
  await waitForRoom(system);
  await system.api('agent', 'POST', `/api/v1/jobs/${body.job_id}/cancel`, {});
  await waitForEnd(system, body.job_id);
}

/** The second one is parked until there is room for it. */
async function waitForRoom(system: TestSystem): Promise<void> {
  const counted = { ...READ, labels: { counted: 'yes' } };
  const first = await system.api('agent', 'POST', '/api/v1/jobs', counted);
  const second = await system.api('agent', 'POST', '/api/v1/jobs', counted);
  if (second.body.state !== 'parked') throw new Error(`a job without room was ${second.body.state}`);
  const { body: told } = await system.api('admin', 'POST', '/api/v1/policy/simulate', counted);
  if (told.counts?.[0]?.id !== 'reads') throw new Error(`no count was told: ${JSON.stringify(told.counts)}`);
  const atOnce = { ...READ, labels: { counted: 'at-once' } };
  const bounded = await Promise.all([1, 2, 3].map(() => system.api('agent', 'POST', '/api/v1/jobs', atOnce)));
  for (const { body } of [first, second, ...bounded]) await waitForEnd(system, body.job_id);
  await askForMore(system);
}

/** The second one within an hour takes a yes, which is spent when it is dispatched. */
async function askForMore(system: TestSystem): Promise<void> {
  const asked = { ...READ, labels: { counted: 'asked' } };
  await system.api('agent', 'POST', '/api/v1/jobs', asked);
  const { body } = await system.api('agent', 'POST', '/api/v1/jobs', asked);
  if (body.state !== 'held') throw new Error(`a job beyond its limit was ${body.state}`);
  const { approval_id, digest } = await waitForApproval(system, body.job_id);
  await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
  const { state } = await waitForEnd(system, body.job_id);
  const [spent] = await system.sql<{ approval_id: string }>(
    'SELECT approval_id FROM scheduler.attempts WHERE job_id = $1',
    [body.job_id],
  );
  if (state !== 'succeeded' || spent?.approval_id !== approval_id) throw new Error(`its yes was not spent: ${state}`);
}

async function shadow(system: TestSystem, version: number, until: string | null): Promise<void> {
  const { status, body } = await system.api('admin', 'POST', `/api/v1/policy/bundles/${version}/shadow`, { until });
  if (status !== 200) throw new Error(`shadowing answered ${status} ${JSON.stringify(body)}`);
}

/** By time, by chain, as proofs and as tiles. */
async function readAsAuditor(tx: Tx, tenant: string): Promise<void> {
  const question = { tenant, all: false, from: 0, limit: 5 };
  const now = new Date().toISOString();
  await listEntries(tx, { ...question, since: now, until: now, actor: 'desk-agent' });
  await listEntries(tx, { ...question, chain: 'control' });
  const { tree_size } = await showCheckpoint(tx, { tree_size: null });
  await showInclusion(tx, { leaf_index: 0, tree_size: null });
  await showConsistency(tx, { from: tree_size, to: tree_size });
  const full = tree_size >= 256;
  const tiles = full
    ? ['tile/0/000', 'tile/1/000.p/1', 'tile/entries/000']
    : ['tile/0/000.p/1', 'tile/entries/000.p/1'];
  for (const path of tiles) await showTile(tx, { path });
}

/** What the door reads of the registry by statements that are put together. */
async function readRegistry(tx: Tx, tenant: string): Promise<void> {
  await listAgents(tx, { tenant, after: '', rows: 5 });
  await findLinks(tx, tenant, ['desk-agent'], 'desk-agent');
  await listDelegations(tx, 'desk-agent', 5);
  await countGiven(tx, 'desk-agent');
  // As it is already: nothing changes, and what comes after walks on.
  const ceiling = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };
  await changeCeiling(tx, 'desk-agent', ceiling, { key_id: null, id: null, auth_method: null });
}
