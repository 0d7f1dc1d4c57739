/**
 * The example that the documents tell people to run, against a whole system: edit, test, sign, activate, see it bite, and
 * back. What it prints is what they read.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EXIT } from '@countersign/cli/exit-codes';
import { runCommand } from '@countersign/cli/run-command';
import { developmentEnv } from '@countersign/infra/development-env';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { SHELL_ENV } from '../harness/shell-env.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';

const SCRIPT = join(PROJECT_DIR, 'examples/first-own-policy/run.sh');
const RUN_MS = 240_000;

let system: TestSystem;
let told: string;
let work: string;

async function run(): Promise<string> {
  work = join(mkdtempSync(join(inject('test_stack').run_dir, 'own-policy-')), 'work');
  const env = { ...SHELL_ENV, ...developmentEnv(system.prepared, { url: system.url, metrics_url: '' }) };
  const { stdout } = await promisify(execFile)(SCRIPT, [work], { env });
  return stdout;
}

function part(title: string): string {
  return told.split('\n== ').find((each) => each.startsWith(title)) ?? '';
}

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

async function auditor(...args: string[]): Promise<{ out: string; code: number }> {
  const ran = { out: '', code: 0 };
  const write = (text: string): void => {
    ran.out += text;
  };
  const exit = (code: number): void => {
    ran.code = code;
  };
  const who = ['--url', system.url, '--key', system.keys.api_keys.auditor];
  await runCommand([...who, ...args], { write, writeError: write, exit });
  return ran;
}

test('the server decides by a candidate, a folder or a bundle, as the command decides by it here', async () => {
  const ask = ['--json', 'policy', 'simulate', '--topic', 'job.demo.read', '--label', 'report=payroll'];
  const here = await auditor(...ask, '--policy', join(work, 'policy'));
  expect([here.code, JSON.parse(here.out).rule_id]).toEqual([EXIT.denied, 'deny-payroll']);
  for (const candidate of ['policy', 'after.json']) {
    const { out, code } = await auditor(...ask, '--candidate', join(work, candidate));
    expect([code, JSON.parse(out).answers[0].value.rule_id]).toEqual([EXIT.denied, 'deny-payroll']);
  }
  expect((await auditor(...ask)).code).toBe(EXIT.done);
});

test('the denied job becomes a test that the edited policy passes', async () => {
  const job_id = /job_id +(\S+)/.exec(part('The same request'))![1]!;
  const { out, code } = await auditor('policy', 'incident', job_id);
  expect([code, out]).toEqual([EXIT.done, expect.stringContaining(job_id)]);
  writeFileSync(join(work, 'policy/tests/incidents.yaml'), out);
  const tested = await auditor('--json', 'policy', 'test', join(work, 'policy'));
  expect(JSON.parse(tested.out)).toMatchObject({ ok: true, failed: 0 });
});

test(
  'it can be run again',
  async () => {
    told = await run();
    expect(part('The same request')).toMatch(/decision +deny/);
  },
  RUN_MS,
);
