/**
 * What the README tells people to type, typed as it stands against a running system: over HTTP, over NATS, and the
 * replay of the evidence. It needs bash, curl and jq, as its reader does.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { developmentEnv } from '@countersign/infra/development-env';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { exampleEnv } from '@countersign/infra/start-example';
import { startWorkers } from '@countersign/support-desk/start-workers';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDatabase } from '../harness/create-database.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';

const missing = ['bash', 'curl', 'jq'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
const readme = readFileSync(join(PROJECT_DIR, 'README.md'), 'utf8');

/** The shell block under a heading. The environment is given, and this process' Node is new enough. */
function commandsUnder(heading: string): string {
  const block = /```sh\n([\s\S]*?)```/.exec(readme.slice(readme.indexOf(`## ${heading}\n`)))?.[1] ?? '';
  return block.replace('set -a; . .dev/env; set +a', '').replaceAll('node infra/bootstrap.mjs exec ', '');
}

const title = `the README's commands${missing.map((tool) => ` (no ${tool} here)`)}`;

// Each line of a shell starts programs of its own, and a busy machine takes its time.
describe.skipIf(missing.length > 0)(title, { timeout: 120_000 }, () => {
  const cleanUp = new AsyncDisposableStack();
  let system: TestSystem;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    system = cleanUp.use(await startSystem());
    const desk = cleanUp.use(await createDatabase());
    const known = developmentEnv(system.prepared, { url: system.url, metrics_url: '' });
    const DESK_RELEASE_DIR = mkdtempSync(join(inject('test_stack').run_dir, 'releases-'));
    cleanUp.use(await startWorkers({ ...exampleEnv(system.prepared, known, desk.admin_url), DESK_RELEASE_DIR }));
    env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...known };
  }, 120_000);
  afterAll(() => cleanUp.disposeAsync());

  const type = async (heading: string, before = ''): Promise<string> => {
    const text = `set -euo pipefail\n${before}${commandsUnder(heading)}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', text], { cwd: PROJECT_DIR, env, timeout: 110_000 });
    return stdout;
  };

  test('over HTTP: a simulation, a run, a denial, a countersigned deploy and its record', async () => {
    const said = await type('Over HTTP');
    expect(said).toContain('"rule_id": "require-approval-prod-deploy"');
    expect(said).toMatch(/^event: job_succeeded$/m);
    expect(said).toContain('"status": "ok"');
    expect(said).toContain('"decision": "deny"');
    expect(said).toMatch(/^"granted"$/m);
    expect(said).toMatch(/"state": "succeeded",\n {2}"policy_decision": "require_approval"/);
  });

  test('from a shell: a run, and a decision in words', async () => {
    const said = await type('From a shell');
    expect(said).toMatch(/^state +succeeded$/m);
    expect(said).toContain('The decision is require_approval, by require-approval-prod-deploy');
  });

  test('try the controls: every step of the drill passes', async () => {
    const [alias] = commandsUnder('From a shell')
      .split('\n')
      .filter((line) => line.startsWith('countersign()'));
    const said = await type('Try the controls', `${alias}\ncd "$(mktemp -d)"\nln -s ${PROJECT_DIR}/* .\n`);
    expect(said).toMatch(/^passed {2}ledger verified: holds, \d+ entries$/m);
    // The counters have no page here, and nobody takes the kernel of a running system down.
    expect(said).toMatch(/^\d+ passed, 0 failed, 3 skipped$/m);
  });

  test('over NATS: the decision, at once', async () => {
    expect(await type('Over NATS')).toMatch(/outcome: 'accepted'/);
  });

  test('the evidence: every entry from the stream, and each hash holds', async () => {
    const said = await type('Follow the evidence');
    expect(said).toMatch(/^\d+ \S+ job_admitted job\.demo\.read holds$/m);
    expect(said).toMatch(/^\d+ entries, 0 broken$/m);
  });
});
