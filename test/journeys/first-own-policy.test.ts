// The example that the documents tell people to run, against a whole system: edit, test, sign, activate, see it bite, and
// back. What it prints is what they read.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { developmentEnv } from '@countersign/infra/development-env';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startSystem, type TestSystem } from '../harness/start-system.ts';

const SCRIPT = join(PROJECT_DIR, 'examples/first-own-policy/run.sh');
const RUN_MS = 240_000;

let system: TestSystem;
let told: string;
let work: string;

const run = async (): Promise<string> => {
  work = join(mkdtempSync(join(inject('test_stack').run_dir, 'own-policy-')), 'work');
  const env = { ...developmentEnv(system.prepared, { url: system.url, metrics_url: '' }), PATH: process.env.PATH! };
  const { stdout } = await promisify(execFile)(SCRIPT, [work], { env });
  return stdout;
};
const part = (title: string): string => told.split('\n== ').find((each) => each.startsWith(title)) ?? '';

beforeAll(async () => {
  system = await startSystem();
  told = await run();
}, RUN_MS);
afterAll(() => system[Symbol.asyncDispose]());

test('the agent may read the payroll before, and again after', () => {
  expect(part('Today')).toMatch(/decision +allow/);
  expect(part('And back')).toMatch(/decision +allow/);
});

test('the edit passes its tests, and what it would change is told beforehand', () => {
  expect(part('Edit')).toMatch(/\d+ tests, all passed/);
  expect(part('What would change')).toContain('rules added: deny-payroll');
  expect(part('What would change')).toMatch(/newly blocked: tests\/payroll\.yaml: nobody reads the payroll/);
  expect(part('What would change')).toMatch(
    /1 newly blocked: job\.demo\.read\n +before: allow by allow-demo-read\n +after: +deny by deny-payroll/,
  );
});

test('it bites, by that rule, and says why', () => {
  expect(part('The same request')).toMatch(/decision +deny\nrule +deny-payroll\nreason +payroll is nobody's/);
  expect(part('The same request')).toMatch(/desk-agent.* asks for job\.demo\.read/);
  expect(part('The same request')).toContain('The rule deny-payroll matches');
});

test('the ledger says who put which version in force, each newer than the last', async () => {
  const rows = await system.sql<{ body: string }>(
    "SELECT body FROM ledger.entries WHERE chain = 'policy:default' AND kind = 'policy_activated' ORDER BY seq",
  );
  const versions = rows.map(({ body }) => JSON.parse(body).policy_version);
  expect(versions).toHaveLength(2);
  expect(versions[1]).toBe(versions[0] + 1);
});

test('nothing it leaves behind holds the private key', () => {
  expect(readdirSync(work).sort()).toEqual(['after.json', 'before.json', 'policy']);
});

test(
  'it can be run again',
  async () => {
    told = await run();
    expect(part('The same request')).toMatch(/decision +deny/);
  },
  RUN_MS,
);
