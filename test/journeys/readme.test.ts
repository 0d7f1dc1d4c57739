/**
 * What the README tells people to type, typed as it stands against a running system: over HTTP, over NATS, and the
 * replay of the evidence. It needs bash, curl and jq, as its reader does.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { developmentEnv } from '@countersign/infra/development-env';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { exampleEnv } from '@countersign/infra/start-example';
import { startWorkers } from '@countersign/support-desk/start-workers';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { runCli } from '../cases/cli/run-cli.ts';
import { createDatabase } from '../harness/create-database.ts';
import { connectMcp, countersignCommand, FILESYSTEM } from '../harness/mcp-client.ts';
import { SHELL_ENV } from '../harness/shell-env.ts';
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
  let started_ms: number;

  beforeAll(async () => {
    const begun = performance.now();
    system = cleanUp.use(await startSystem());
    const desk = cleanUp.use(await createDatabase());
    const known = developmentEnv(system.prepared, { url: system.url, metrics_url: '' });
    const DESK_RELEASE_DIR = mkdtempSync(join(inject('test_stack').run_dir, 'releases-'));
    cleanUp.use(await startWorkers({ ...exampleEnv(system.prepared, known, desk.admin_url), DESK_RELEASE_DIR }));
    env = { ...SHELL_ENV, PATH: `${dirname(process.execPath)}:${SHELL_ENV.PATH}`, ...known };
    started_ms = performance.now() - begun;
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

  // What docs/mcp.md tells to type, each command in this process; the server is the installed one, since nothing is fetched here.
  test('a newcomer’s path: an empty folder, a server wrapped, a read allowed, a move held, approved and delivered', async () => {
    const begun = performance.now();
    const home = mkdtempSync(join(inject('test_stack').run_dir, 'newcomer-'));
    const server = [...FILESYSTEM, home];
    for (const [name, value] of Object.entries({ ...env, XDG_CONFIG_HOME: join(home, '.config') }))
      vi.stubEnv(name, value);
    const argv = vi.spyOn(process, 'argv', 'get').mockReturnValue(countersignCommand());
    const typed = async (line: string) => {
      const [, key = 'ADMIN_KEY', rest] = /^(?:COUNTERSIGN_API_KEY=\$(\w+) )?countersign ([^#]+)/.exec(line)!;
      vi.stubEnv('COUNTERSIGN_API_KEY', env[key]!);
      return runCli(
        ...rest!
          .trim()
          .split(' ')
          .flatMap((word) => (word === '$SERVER' ? server : [word])),
      );
    };
    const guide = readFileSync(join(PROJECT_DIR, 'docs/mcp.md'), 'utf8');
    const block = /## Five minutes[\s\S]*?```sh\n([\s\S]*?)```/.exec(guide)![1]!;
    const lines = block.split('\n').filter((line) => / mcp /.test(line));
    expect(lines).toHaveLength(4);
    const [added, seen, reviewed] = [await typed(lines[0]!), await typed(lines[1]!), await typed(lines[2]!)];
    expect([added.error, added.code, reviewed.code]).toEqual(['', 0, 0]);
    expect(seen.out).toContain('move_file');
    const shown = await typed(lines[3]!.replace('mcp demo', 'mcp demo --client claude-code --json'));
    const { command, args } = shown.json[0].configuration.mcpServers.filesystem;

    writeFileSync(join(home, 'notes.txt'), 'water the plants');
    await using mcp = await connectMcp([command, ...args]);
    const read = await mcp.call('read_text_file', { path: join(home, 'notes.txt') });
    expect(read.content[0]!.text).toBe('water the plants');
    const move = { source: join(home, 'notes.txt'), destination: join(home, 'kept.txt') };
    const held = await mcp.call('move_file', move, { 'countersign/wait-ms': 0 });
    expect([held.isError, held.content[0]!.text]).toEqual([true, expect.stringMatching(/^No result yet/)]);
    // Held at once; the question is open a moment later.
    const open = async () =>
      (await typed('COUNTERSIGN_API_KEY=$APPROVER_KEY countersign approvals list --state open --json')).json;
    const ours = ({ topic }: any) => topic === 'job.mcp.filesystem.move_file';
    await expect.poll(async () => (await open()).filter(ours)).toHaveLength(1);
    const { approval_id, digest } = (await open()).find(ours);
    const approved = await typed(
      `COUNTERSIGN_API_KEY=$APPROVER_KEY countersign approvals approve ${approval_id} --digest ${digest}`,
    );
    expect([approved.error, approved.code]).toEqual(['', 0]);
    expect((await mcp.call('move_file', move)).isError ?? false).toBe(false);
    expect(readFileSync(move.destination, 'utf8')).toBe('water the plants');
    argv.mockRestore();
    vi.unstubAllEnvs();
    const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
    console.info(
      `a newcomer: ${seconds(started_ms)} s to start, ${seconds(performance.now() - begun)} s to the result`,
    );
  });
});
