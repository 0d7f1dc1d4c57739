/** A job out of the ledger becomes a test that the policy's own tests can hold, without content that nobody kept. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { expect, test } from 'vitest';
import { type PlayedApi, playApi } from './play-api.ts';
import { runCli, SOUND, writeFolder } from './run-cli.ts';

const JOB = {
  job_id: 'job-7',
  tenant: 'default',
  topic: 'job.disk.read',
  labels: { host: 'web-1", }' },
  capability: 'disk.read',
  actor: 'night-agent',
  job_hash: `sha256:${'7'.repeat(64)}`,
};

function decided(gate: string, decision: string, rule_id: string | null) {
  return {
    gate,
    decision,
    rule_id,
    policy_version: 3,
    policy_snapshot: 's',
    decided_at: '2026-01-02T03:04:05.000001Z',
  };
}

function played(decisions: unknown[]): Promise<PlayedApi> {
  return playApi({
    'GET /jobs/job-7': () => ({ body: JOB }),
    'GET /jobs/job-7/decisions': () => ({ body: decisions }),
    'GET /jobs/job-7/timeline': () => ({ body: [{ body: { owner: 'olga', topic: JOB.topic } }] }),
  });
}

function ask(api: PlayedApi, ...jobs: string[]) {
  return runCli('--url', api.url, '--key', 'k', 'policy', 'incident', ...jobs);
}

test('what was decided then has to be decided now', async () => {
  await using api = await played([decided('dispatch', 'deny', null), decided('submit', 'allow', 'allow-read')]);
  const { out, code } = await ask(api, 'job-7');
  expect(code).toBe(EXIT.done);
  const policy = writeFolder(SOUND);
  writeFileSync(join(policy, 'tests/incidents.yaml'), out);
  const passed = await runCli('--json', 'policy', 'test', policy);
  expect(passed.json).toMatchObject({ ok: true, total: 4 });
  const incident = passed.json.cases.find((one: { file: string }) => one.file === 'tests/incidents.yaml');
  expect(incident).toMatchObject({ name: 'incident job-7', got: { decision: 'allow', rule_id: 'allow-read' } });
  expect(incident.skipped).toEqual(expect.arrayContaining(['prompt', 'payload']));
});

test('and is red when it would be decided otherwise', async () => {
  await using api = await played([decided('submit', 'deny', 'deny-wipe')]);
  const policy = writeFolder(SOUND);
  writeFileSync(join(policy, 'tests/incidents.yaml'), (await ask(api, 'job-7')).out);
  expect((await runCli('policy', 'test', policy)).code).toBe(EXIT.tests_failed);
});

test('a job that nobody knows, or that nobody decided, is no test', async () => {
  await using api = await played([]);
  expect((await ask(api, 'job-8')).code).toBe(EXIT.refused);
  expect(await ask(api, 'job-7')).toMatchObject({
    code: EXIT.refused,
    error: expect.stringMatching(/no decision/),
    out: '',
  });
});
