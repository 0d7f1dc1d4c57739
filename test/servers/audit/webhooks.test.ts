/**
 * Webhooks by the running service: whoever is told can verify it, gets it at least once and knows it again, is told nothing that
 * has to stay inside, and sits where the settings say and nowhere else.
 */
import { createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventsOf } from '@countersign/audit/webhooks/events-of';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { WEBHOOK_EVENTS, type WebhookDelivery, type WebhookFormat } from '@countersign/contracts/webhooks';
import { waitUntil } from '@countersign/infra/wait-until';
import type { Running } from '@countersign/platform/service';
import { openWebhookKeys } from '@countersign/platform/webhook-keys';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { appendAll } from './ledger-database.ts';
import { type RunningAudit, runAudit } from './run-audit.ts';

type Got = { path: string; headers: IncomingHttpHeaders; text: string };

const MASTER = randomBytes(32);
const KEYS = openWebhookKeys([MASTER]);
/** What no webhook may carry, in every place where an entry could hold it. */
const INSIDE = 'what-stays-inside';

const got: Got[] = [];
/** The status by path; 204 unless said. */
const answers = new Map<string, number>();
/** For what an answer waits, by path. */
const holds = new Map<string, Promise<void>>();
const receiver = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => {
    text += chunk;
  });
  request.on('end', async () => {
    got.push({ path: request.url!, headers: request.headers, text });
    await holds.get(request.url!);
    const status = answers.get(request.url!) ?? 204;
    // A redirect leads to a place that would take it.
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
});

let run: RunningAudit;
let origin: string;
let first: string;
const services: Running[] = [];
beforeAll(async () => {
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  run = await runAudit();
  const settings = {
    WEBHOOK_KEYS: MASTER.toString('base64url'),
    WEBHOOK_TARGETS: `${origin} private,http://localhost:1 private,https://127.0.0.1`,
    WEBHOOK_LINKS: 'https://countersign.example',
  };
  // Before any look, so that the first one finds that somebody has to be told.
  first = await register({ tenant: 'acme' });
  // Two, so that each could take what is the other's.
  services.push(await run.startAudit(settings), await run.startAudit(settings));
});
afterAll(async () => {
  for (const service of services) await service[Symbol.asyncDispose]();
  await run[Symbol.asyncDispose]();
  await new Promise((closed) => receiver.close(closed));
});
beforeEach(() => {
  got.length = 0;
});

type Given = {
  tenant: string;
  url?: string;
  format?: WebhookFormat;
  events?: string[];
  key_id?: string;
  /** Leaves after which it hears. */
  later?: number;
};

/** As ingress registers it. */
async function register({ tenant, url, format = 'cloudevents', ...given }: Given): Promise<string> {
  const webhook_id = `wh-${randomBytes(8).toString('hex')}`;
  await run.ledger.admin.query('INSERT INTO identity.tenants (tenant) VALUES ($1) ON CONFLICT DO NOTHING', [tenant]);
  const sealed = KEYS.seal(webhook_id, Buffer.from(url ?? `${origin}/${webhook_id}`));
  const events = given.events ?? Object.keys(WEBHOOK_EVENTS);
  await run.ledger.admin.query(
    `INSERT INTO identity.webhooks (webhook_id, tenant, target, sealed_url, key_id, format, events, since_leaf, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, control.log_end() + $8, 'admin')`,
    [webhook_id, tenant, origin, sealed, given.key_id ?? KEYS.key_id, format, events, given.later ?? 0],
  );
  return webhook_id;
}

function entry(tenant: string, kind: string, more: object = {}): NewEntry {
  const job_id = randomUUID();
  return {
    ...{ chain: `job:${tenant}:${job_id}`, kind, tenant, topic: 'job.deploy.apply' },
    body: {
      ...{ tenant, job_id, topic: 'job.deploy.apply', capability: 'infra.write', actor: 'bot', owner: 'olga' },
      ...{ payload: INSIDE, reason: INSIDE, findings: [{ place: INSIDE }], labels: { x: INSIDE }, output: INSIDE },
      ...more,
    },
  };
}

const ASKS = {
  ...{ approval_id: randomUUID(), rule_id: 'prod-deploy', expires_at: '2026-05-01T10:00:00.000000Z' },
  stages: [
    { group: 'sre', count: 1 },
    { group: 'security', count: 2 },
  ],
};

function ask(tenant: string, more: object = {}): Promise<void> {
  return appendAll(run.ledger.as('approval'), [entry(tenant, 'approval_opened', { ...ASKS, ...more })]);
}

function deliveries(asked: {
  tenant: string;
  state?: 'pending' | 'delivered' | 'dead';
  limit?: number;
  cursor?: string;
}) {
  return run.ingress.call('audit.deliveries', asked);
}

async function settled(tenant: string, holds: (each: WebhookDelivery) => boolean): Promise<WebhookDelivery> {
  let found: WebhookDelivery | undefined;
  await waitUntil('the delivery is settled', async () => {
    found = (await deliveries({ tenant })).deliveries.find(holds);
    return found !== undefined;
  });
  return found!;
}

function receivedBy(webhook_id: string): Promise<Got> {
  const of = () => got.find(({ path }) => path === `/${webhook_id}`);
  return waitUntil('it is received', async () => of() !== undefined).then(() => of()!);
}

test('who is told can verify it, and hears what an approver needs and nothing from inside', async () => {
  await ask('acme');
  const { headers, text } = await receivedBy(first);
  expect(headers['content-type']).toBe('application/cloudevents+json');
  const { hmac, public_key } = KEYS.secretsOf(first, KEYS.key_id);
  const receiver = new Webhook(`whsec_${hmac.toString('base64')}`);
  const event = receiver.verify(text, headers as Record<string, string>) as { data: object };
  expect(() => receiver.verify(text.replace('sre', 'dev'), headers as Record<string, string>)).toThrow();
  // `v1a`: Ed25519 over the same, under the key that was shown.
  const v1a = String(headers['webhook-signature'])
    .split(' ')
    .find((each) => each.startsWith('v1a,'))!;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: public_key.toString('base64url') };
  const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`);
  const check = (message: Buffer) =>
    verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(v1a.slice(4), 'base64'));
  expect([check(signed), check(Buffer.concat([signed, Buffer.from(' ')]))]).toEqual([true, false]);

  const { approval_id, rule_id, expires_at } = ASKS;
  expect(event).toEqual({
    ...{
      specversion: '1.0',
      id: expect.stringMatching(/^\d+\/approval\.opened$/),
      source: 'urn:countersign:log.test:acme',
    },
    ...{ type: 'dev.countersign.approval.opened', subject: approval_id, datacontenttype: 'application/json' },
    time: expect.stringMatching(/Z$/),
    data: {
      ...{ tenant: 'acme', agent: 'bot', topic: 'job.deploy.apply', capability: 'infra.write', groups: ['sre'] },
      ...{ job_id: expect.any(String), approval_id, rule_id, expires_at },
      url: `https://countersign.example/console/approvals/${approval_id}`,
    },
  });
  expect(text).not.toContain(INSIDE);
});

test('each event that there is has an entry that makes it, without anything from inside', () => {
  const told = [
    ['approval_opened', ASKS],
    ['approval_voted', { asks_next: ['security'] }],
    ['approval_escalated', { to: 'managers' }],
    ['approval_granted', { break_glass: true, approvers: [{ approver: 'alice', comment: INSIDE }] }],
    ['approval_refused', {}],
    ['approval_expired', {}],
    ['approval_voided', { superseded_by: ASKS.approval_id }],
    ['approval_voided', { superseded_by: null }],
    ['approval_withdrawn', {}],
    ['job_failed', {}],
    ['job_timed_out', {}],
    ['job_quarantined', {}],
  ] as const;
  const made = told.flatMap(([kind, more]) => {
    const { body, ...rest } = entry('acme', kind, more);
    return eventsOf({ ...rest, body: JSON.stringify(body) });
  });
  expect(new Set(made.map(({ event }) => event))).toEqual(new Set(Object.keys(WEBHOOK_EVENTS)));
  expect(JSON.stringify(made)).not.toContain(INSIDE);
  expect(made.map(({ data }) => data.groups).filter(Boolean)).toEqual([['sre'], ['security'], ['managers']]);
  // A vote that completes no stage is nobody's to hear of, and neither is what is said of another chain's job.
  const { body, ...vote } = entry('acme', 'approval_voted');
  expect(eventsOf({ ...vote, body: JSON.stringify(body) })).toEqual([]);
  expect(eventsOf({ ...vote, kind: 'job_failed', chain: 'job:acme:another', body: JSON.stringify(body) })).toEqual([]);
});

test('Slack is told in a line that no name can break out of', async () => {
  const webhook_id = await register({ tenant: 'slack', format: 'slack', events: ['approval.opened'] });
  await ask('slack', { rule_id: '<!channel> & <https://evil|here>' });
  const { headers, text } = await receivedBy(webhook_id);
  expect(headers['content-type']).toBe('application/json');
  const line = (JSON.parse(text) as { text: string }).text;
  expect(line).toContain('approval.opened: somebody has to countersign · job.deploy.apply of bot');
  expect(line).toContain('&lt;!channel&gt; &amp; &lt;https://evil|here&gt;');
  expect(line).not.toMatch(/[<>]/);
});

test('each is told once by two instances, only of its own tenant, of what it asked for, since it was made', async () => {
  await ask('many', { rule_id: 'before' });
  await waitUntil('it is sealed', async () => {
    const [row] = await run.ledger.admin.query<{ open: number }>(
      `SELECT count(*) FILTER (WHERE l.entry_id IS NULL) AS open FROM ledger.entries e LEFT JOIN ledger.leaves l ON l.entry_id = e.id`,
    );
    return row!.open === 0;
  });
  const own = await register({ tenant: 'many', events: ['approval.opened'] });
  const foreign = await register({ tenant: 'foreign', events: ['approval.opened'] });
  const later = await register({ tenant: 'many', later: 1_000_000 });
  for (let i = 0; i < 20; i += 1) await ask('many', { rule_id: `r${i}` });
  await appendAll(run.ledger.as('approval'), [entry('many', 'approval_expired', ASKS)]);
  await waitUntil('all are delivered', async () => {
    const { deliveries: rows } = await deliveries({ tenant: 'many', state: 'delivered', limit: 100 });
    return rows.length === 20;
  });
  const rules = got.filter(({ path }) => path === `/${own}`).map(({ text }) => JSON.parse(text).data.rule_id);
  expect(rules.toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => `r${i}`).toSorted());
  expect(got.filter(({ path }) => [`/${foreign}`, `/${later}`].includes(path))).toEqual([]);
  // In pages, newest first.
  const page = await deliveries({ tenant: 'many', limit: 15 });
  const rest = await deliveries({ tenant: 'many', limit: 15, cursor: page.next_cursor! });
  const ids = [...page.deliveries, ...rest.deliveries].map(({ delivery_id }) => delivery_id);
  expect([ids.length, rest.next_cursor]).toEqual([20, null]);
  expect(ids).toEqual(ids.toSorted().reverse());
});

test('while one instance sends, no other one sends the same', async () => {
  const webhook_id = await register({ tenant: 'slow' });
  const answer = Promise.withResolvers<void>();
  holds.set(`/${webhook_id}`, answer.promise);
  await ask('slow');
  await receivedBy(webhook_id);
  const [{ delivery_id }] = (await deliveries({ tenant: 'slow' })).deliveries as [WebhookDelivery];
  // Whichever instance answers looks for what is due at once.
  for (let i = 0; i < 12; i += 1) await run.ingress.call('audit.retry_delivery', { tenant: 'slow', delivery_id });
  await register({ tenant: 'quick' });
  await ask('quick');
  await settled('quick', ({ state }) => state === 'delivered');
  expect((await deliveries({ tenant: 'slow' })).deliveries).toMatchObject([{ state: 'pending', attempts: 1 }]);
  answer.resolve();
  await settled('slow', ({ state, attempts }) => state === 'delivered' && attempts === 1);
});

test('what fails waits for another try under the same id; a redirect is not followed', async () => {
  const webhook_id = await register({ tenant: 'fails' });
  answers.set(`/${webhook_id}`, 302);
  await ask('fails');
  const first = await receivedBy(webhook_id);
  const waits = await settled('fails', ({ outcome }) => outcome === 'status_302');
  expect(waits).toMatchObject({ state: 'pending', attempts: 1, webhook_id });
  expect(Date.parse(waits.due_at!)).toBeGreaterThan(Date.now());
  answers.set(`/${webhook_id}`, 200);
  got.length = 0;
  await hurry('fails');
  const second = await receivedBy(webhook_id);
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
  await settled('fails', ({ state, attempts }) => state === 'delivered' && attempts === 2);
  expect(got.map(({ path }) => path)).not.toContain('/elsewhere');
});

test('a try that its instance did not survive is made again after its lease', async () => {
  const webhook_id = await register({ tenant: 'killed' });
  answers.set(`/${webhook_id}`, 500);
  await ask('killed');
  await settled('killed', ({ outcome }) => outcome === 'status_500');
  // As a try leaves it that was begun and never settled.
  await run.ledger.admin.query(
    `UPDATE hook.deliveries SET attempts = 2, due_at = clock_timestamp() - interval '1 ms' WHERE tenant = 'killed'`,
  );
  answers.delete(`/${webhook_id}`);
  await wake();
  await settled('killed', ({ state, attempts }) => state === 'delivered' && attempts === 3);
});

test('after its last try it is dead, and a person tries it again; what was delivered is not', async () => {
  const webhook_id = await register({ tenant: 'dead' });
  answers.set(`/${webhook_id}`, 500);
  await ask('dead');
  await settled('dead', ({ outcome }) => outcome === 'status_500');
  await run.ledger.admin.query('UPDATE hook.deliveries SET attempts = $1 WHERE tenant = $2', [
    LIMITS.webhook_tries - 1,
    'dead',
  ]);
  await hurry('dead');
  const dead = await settled('dead', ({ state }) => state === 'dead');
  expect(dead).toMatchObject({ attempts: LIMITS.webhook_tries, due_at: null, ended_at: expect.any(String) });
  answers.delete(`/${webhook_id}`);
  const { delivery_id } = dead;
  const foreign = run.ingress.call('audit.retry_delivery', { tenant: 'acme', delivery_id });
  expect(await codeOf(foreign)).toBe('not_found');
  const again = await run.ingress.call('audit.retry_delivery', { tenant: 'dead', delivery_id });
  expect(again).toMatchObject({ delivery_id, attempts: 0, ended_at: null });
  await settled('dead', ({ state }) => state === 'delivered');
  expect(await codeOf(run.ingress.call('audit.retry_delivery', { tenant: 'dead', delivery_id }))).toBe(
    'state_conflict',
  );
});

test('a webhook that ended is sent nothing, and what waited is dead for good', async () => {
  const webhook_id = await register({ tenant: 'ended' });
  answers.set(`/${webhook_id}`, 503);
  await ask('ended');
  await settled('ended', ({ outcome }) => outcome === 'status_503');
  await run.ledger.admin.query(
    `UPDATE identity.webhooks SET ended_at = clock_timestamp(), sealed_url = '' WHERE webhook_id = $1`,
    [webhook_id],
  );
  await wake();
  const dead = await settled('ended', ({ state }) => state === 'dead');
  expect(dead.outcome).toBe('webhook_ended');
  const { delivery_id } = dead;
  expect(await codeOf(run.ingress.call('audit.retry_delivery', { tenant: 'ended', delivery_id }))).toBe(
    'state_conflict',
  );
});

describe('is not sent', () => {
  test.each([
    ['to what is not on the list', { url: 'http://127.0.0.1:9/x' }, 'target_refused', 'dead'],
    ['with a user in the address', { url: 'http://me:you@localhost:1/x' }, 'target_refused', 'dead'],
    [
      'to an address inside, where the list does not say so',
      { url: 'https://127.0.0.1/x' },
      'address_refused',
      'pending',
    ],
    ['under a key that is there no more', { key_id: 'former' }, 'key_missing', 'dead'],
    ['to a receiver that is gone for good', { gone: true }, 'status_410', 'dead'],
    ['where nobody listens', { url: 'http://localhost:1/x' }, 'unreachable', 'pending'],
  ] as const)('%s', async (name, { gone, ...given }: Partial<Given> & { gone?: boolean }, outcome, state) => {
    const tenant = name.replaceAll(/[^a-z]/g, '-');
    const webhook_id = await register({ tenant, ...given });
    if (gone) answers.set(`/${webhook_id}`, 410);
    await ask(tenant);
    expect(await settled(tenant, (each) => each.outcome !== null)).toMatchObject({ outcome, state });
  });

  test('beyond what one webhook may have waiting', async () => {
    const webhook_id = await register({ tenant: 'flooded' });
    answers.set(`/${webhook_id}`, 500);
    await run.ledger.admin.query(
      `INSERT INTO hook.deliveries (delivery_id, tenant, webhook_id, event, leaf_index, data, time_us, due_at)
       SELECT gen_random_uuid(), 'flooded', $1, 'job.dead_letter', -i, '{"path":"/x"}', 0, clock_timestamp() + interval '1 day'
         FROM generate_series(1, $2::int) AS i`,
      [webhook_id, LIMITS.webhook_backlog],
    );
    await ask('flooded');
    const dead = () => deliveries({ tenant: 'flooded', state: 'dead' });
    await waitUntil('it is dead at once', async () => (await dead()).deliveries.length > 0);
    expect((await dead()).deliveries[0]).toMatchObject({ outcome: 'backlog', attempts: 0, event: 'approval.opened' });
  });
});

/** As if its pause were over. */
async function hurry(tenant: string): Promise<void> {
  await run.ledger.admin.query(
    `UPDATE hook.deliveries SET due_at = clock_timestamp() - interval '1 ms' WHERE tenant = $1 AND state = 'pending'`,
    [tenant],
  );
  await wake();
}

/** Nobody waits for the look that comes by itself. */
function wake(): Promise<void> {
  return appendAll(run.ledger.as('approval'), [entry('nobody', 'approval_expired')]);
}
