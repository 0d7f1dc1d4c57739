/** The example on real input: one run has to show every kind of decision, and its effects have to be real. */
import { mkdtempSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DECISIONS } from '@countersign/contracts/decision';
import { developmentEnv } from '@countersign/infra/development-env';
import { exampleEnv } from '@countersign/infra/start-example';
import { type ExampleRun, runExample } from '@countersign/support-desk/run';
import { startWorkers } from '@countersign/support-desk/start-workers';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDatabase } from '../harness/create-database.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';

const cleanUp = new AsyncDisposableStack();
const account: string[] = [];
let system: TestSystem;
let run: ExampleRun;
let desk: pg.Client;
let releases: string;

beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  const database = cleanUp.use(await createDatabase());
  releases = mkdtempSync(join(inject('test_stack').run_dir, 'releases-'));
  const urls = { url: system.url, metrics_url: '' };
  const env = {
    ...exampleEnv(system.prepared, developmentEnv(system.prepared, urls), database.admin_url),
    DESK_RELEASE_DIR: releases,
  };
  cleanUp.use(await startWorkers(env));
  desk = new pg.Client({ connectionString: database.admin_url });
  await desk.connect();
  cleanUp.defer(() => desk.end());
  run = await runExample(env, (line) => account.push(line));
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

function of(ticket_id: number) {
  return run.told.filter((one) => one.ticket_id === ticket_id);
}

test('one run shows all five decisions, a redaction and a quarantine', () => {
  expect(new Set(run.told.map((one) => one.decision))).toEqual(new Set(DECISIONS));
  expect(new Set(run.told.map((one) => one.output_decision))).toEqual(new Set(['allow', 'redact', 'quarantine', null]));
});

test('the deploy was countersigned by two different people and wrote its release', () => {
  const record = run.verdict.records.find((one) => one.topic === 'job.deploy.apply')!;
  expect(record.approval!.approvers.map((one) => one.approver)).toEqual(['alice', 'bob']);
  expect(record.state).toBe('succeeded');
  expect(readlinkSync(join(releases, 'checkout/current'))).toBe('2.4.1');
  const release = JSON.parse(readFileSync(join(releases, 'checkout/current/release.json'), 'utf8'));
  expect(release).toMatchObject({ service: 'checkout', env: 'prod', job_id: record.run_id });
});

test('the poisoned ticket was denied twice and changed nothing', async () => {
  expect(of(1007).map((one) => one.state)).toEqual(['succeeded', 'denied', 'denied']);
  const { rows } = await desk.query('SELECT count(*)::int AS kept FROM customers');
  expect(rows).toEqual([{ kept: 8 }]);
  expect((await desk.query('SELECT 1 FROM notes WHERE ticket_id = 1007')).rowCount).toBe(0);
});

test('what was promised was done, once, and what was refused was not', async () => {
  const { rows } = await desk.query('SELECT ticket_id, amount_cents FROM refunds ORDER BY ticket_id');
  expect(rows).toEqual([
    { ticket_id: 1003, amount_cents: 1999 },
    { ticket_id: 1005, amount_cents: 12000 },
  ]);
  expect(of(1010).at(-1)!.state).toBe('refused');
  const moved = await desk.query('SELECT street, city FROM customers WHERE customer_id = 2');
  expect(moved.rows).toEqual([{ street: 'Rua das Flores 88', city: 'Porto' }]);
});

test('nobody saw a social security number, a card or a password, and no evidence holds one', async () => {
  const seen = `${account.join('\n')}${JSON.stringify(run)}`;
  const notes = JSON.stringify((await desk.query('SELECT note FROM notes')).rows);
  const evidence = JSON.stringify(await system.sql('SELECT body FROM ledger.entries'));
  for (const text of [seen, notes, evidence]) {
    expect(text).not.toMatch(/536-90-4399|4242 4242|Vq8-tulip/);
  }
  expect(notes).toMatch(/redacted:us_ssn/);
});

test('the export became a summary', () => {
  const record = run.verdict.records.find(
    (one) => one.topic.startsWith('job.desk.export') || one.topic.endsWith('summary'),
  )!;
  expect(record.decisions.map((one) => one.decision)).toContain('remediate');
  expect(record.state).toBe('succeeded');
});

test('every record is complete, every chain holds and is sealed', () => {
  const { records, broken, unsealed, incomplete } = run.verdict;
  expect({ broken, unsealed, incomplete }).toEqual({ broken: [], unsealed: [], incomplete: [] });
  expect(records).toHaveLength(run.told.length);
});
