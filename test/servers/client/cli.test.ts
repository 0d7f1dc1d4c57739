import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EXIT } from '@countersign/cli/exit-codes';
import { runCommand } from '@countersign/cli/run-command';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { SHELL_ENV } from '../../harness/shell-env.ts';
import { type RunningIngress, runIngress, TENANT } from '../ingress/run-ingress.ts';

let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());

type Ran = { out: string; error: string; code: number };

async function run(args: string[], key: keyof RunningIngress['keys'] = 'agent'): Promise<Ran> {
  const ran: Ran = { out: '', error: '', code: EXIT.done };
  await runCommand(['--url', ingress.url, '--tenant', TENANT, '--key', ingress.keys[key], ...args], {
    write: (text) => {
      ran.out += text;
    },
    writeError: (text) => {
      ran.error += text;
    },
    exit: (code) => {
      ran.code = code;
    },
  });
  return ran;
}

describe('jobs submit', () => {
  test('shows the decision to a person, and all of the answer to a program', async () => {
    const shown = await run(['jobs', 'submit', '--topic', 'job.demo.read', '--label', 'env=dev']);
    expect(shown.code).toBe(EXIT.done);
    expect(shown.out).toMatch(/state +cleared\ndecision +allow\n/);
    const json = await run(['--json', 'jobs', 'submit', '--topic', 'job.demo.read']);
    expect(JSON.parse(json.out)).toMatchObject({ outcome: 'accepted', tenant: TENANT });
    expect(ingress.peers.admitted[0]?.request.labels).toEqual({ env: 'dev' });
  });

  test('takes a file, over which options count', async () => {
    const file = join(inject('test_stack').run_dir, 'request.json');
    writeFileSync(file, '{"topic":"job.exec.shell","prompt":"x","payload":{"n":1}}');
    const { out } = await run([
      '--json',
      'jobs',
      'submit',
      file,
      '--topic',
      'job.demo.read',
      '--capability',
      'demo.read',
    ]);
    expect(JSON.parse(out).outcome).toBe('accepted');
    expect(ingress.peers.admitted.at(-1)?.request).toMatchObject({
      topic: 'job.demo.read',
      prompt: 'x',
      payload: { n: 1 },
      meta: { capability: 'demo.read' },
    });
  });

  test('exits with the outcome', async () => {
    expect((await run(['jobs', 'submit', '--topic', 'job.exec.shell'])).code).toBe(EXIT.denied);
    expect((await run(['jobs', 'submit', '--topic', 'job.*'])).code).toBe(EXIT.refused);
    expect((await run(['jobs', 'submit', '--topic', 'job.demo.read'], 'auditor')).code).toBe(EXIT.refused);
  });

  test.each([
    ['no topic', ['jobs', 'submit']],
    ['no such file', ['jobs', 'submit', '/no/such/file']],
    ['a payload that is no JSON', ['jobs', 'submit', '--topic', 'job.a', '--payload', '{']],
    ['a payload with a key twice', ['jobs', 'submit', '--topic', 'job.a', '--payload', '{"a":1,"a":2}']],
    ['a payload that is a list', ['jobs', 'submit', '--topic', 'job.a', '--payload', '[]']],
    ['a label without value', ['jobs', 'submit', '--topic', 'job.a', '--label', 'env']],
    ['an unknown option', ['jobs', 'submit', '--colour', 'red']],
    ['an unknown command', ['jobs', 'juggle']],
  ])('is wrong usage with %s, and sends nothing', async (_name, args) => {
    const before = ingress.peers.decided.length;
    const { code, error } = await run(args);
    expect(code).toBe(EXIT.usage);
    expect(error).not.toBe('');
    expect(ingress.peers.decided).toHaveLength(before);
  });
});

describe('looking at a job', () => {
  test('shows its state', async () => {
    const { out } = await run(['--json', 'jobs', 'submit', '--topic', 'job.demo.read']);
    const { job_id } = JSON.parse(out);
    expect((await run(['jobs', 'get', job_id])).out).toContain(job_id);
    expect(await run(['jobs', 'result', job_id])).toMatchObject({
      code: EXIT.refused,
      error: expect.stringMatching(/result_not_ready/),
    });
    expect((await run(['jobs', 'timeline', job_id])).code).toBe(EXIT.done);
  });

  test('says in JSON what the API refused', async () => {
    const { code, error } = await run(['--json', 'jobs', 'get', 'none']);
    expect([code, JSON.parse(error).code]).toEqual([EXIT.refused, 'not_found']);
  });
});

describe('policy', () => {
  test('simulate fails a pipeline when the job would be denied', async () => {
    expect(await run(['policy', 'simulate', '--topic', 'job.deploy.apply'])).toMatchObject({
      code: EXIT.done,
      out: expect.stringMatching(/require_approval[\s\S]*skipped: schema/),
    });
    expect((await run(['policy', 'simulate', '--topic', 'job.exec.shell'])).code).toBe(EXIT.denied);
  });

  test('explain says why', async () => {
    expect((await run(['policy', 'explain', '--topic', 'job.deploy.apply'])).out).toContain('because');
  });
});

test('approvals need somebody who may see them, and a vote needs the digest of what was seen', async () => {
  expect((await run(['approvals', 'list'])).code).toBe(EXIT.refused);
  expect((await run(['approvals', 'list'], 'approver')).code).toBe(EXIT.done);
  const id = '00000000-0000-7000-8000-000000000000';
  await run(['approvals', 'approve', id], 'approver');
  expect(ingress.peers.votes).toEqual([]);
  const digest = `sha256:${'0'.repeat(64)}`;
  expect(await run(['approvals', 'reject', id, '--digest', digest, '--comment', 'no'], 'approver')).toMatchObject({
    code: EXIT.refused,
    error: expect.stringMatching(/approval_closed/),
  });
  expect(ingress.peers.votes).toMatchObject([{ vote: 'reject', digest, comment: 'no' }]);
});

describe('as a program', () => {
  const program = fileURLToPath(import.meta.resolve('@countersign/cli/main'));
  const spawn = async (args: string[], env: Record<string, string>): Promise<Ran> => {
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], {
        env: { ...SHELL_ENV, ...env },
      });
      return { out: stdout, error: stderr, code: 0 };
    } catch (thrown) {
      const { stdout, stderr, code } = thrown as { stdout: string; stderr: string; code: number };
      return { out: stdout, error: stderr, code };
    }
  };

  test('takes its settings from the environment', async () => {
    const env = { COUNTERSIGN_URL: ingress.url, COUNTERSIGN_TENANT: TENANT, COUNTERSIGN_API_KEY: ingress.keys.agent };
    expect(await spawn(['--json', 'jobs', 'submit', '--topic', 'job.demo.read'], env)).toMatchObject({
      code: EXIT.done,
    });
    expect((await spawn(['jobs', 'submit', '--topic', 'job.exec.shell'], env)).code).toBe(EXIT.denied);
  });

  test('says what is missing', async () => {
    expect(await spawn(['jobs', 'get', 'x'], {})).toMatchObject({
      code: EXIT.usage,
      error: expect.stringMatching(/COUNTERSIGN_API_KEY/),
    });
    const nobody = { COUNTERSIGN_URL: 'http://127.0.0.1:1', COUNTERSIGN_API_KEY: 'x' };
    expect((await spawn(['jobs', 'get', 'x'], nobody)).code).toBe(EXIT.unavailable);
    expect(await spawn(['--help'], {})).toMatchObject({ code: EXIT.done, out: expect.stringMatching(/Exit codes/) });
  });
});
