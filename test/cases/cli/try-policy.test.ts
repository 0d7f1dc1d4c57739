/**
 * What an author asks without a server: faults, tests, coverage, differences, reasons. Each answer has its exit code.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { describe, expect, test } from 'vitest';
import { newFolder, POLICY, runCli, SOUND, TESTS, writeFolder, writeOne } from './run-cli.ts';

const sound = writeFolder();
const opened = writeFolder({
  ...SOUND,
  'policy.yaml': POLICY.replace('decision: require_approval', 'decision: allow'),
});

describe('lint', () => {
  test('has nothing to say against a sound policy', async () => {
    expect(await runCli('policy', 'lint', sound)).toMatchObject({ code: EXIT.done, error: '' });
  });

  test('names every fault with its place, at once', async () => {
    const broken = writeFolder({
      'policy.yaml': 'rules:\n  - { id: a, match: {}, decision: allow, colour: red }\n  - { id: b }\n',
    });
    const { code, json } = await runCli('--json', 'policy', 'lint', broken);
    expect([code, json.ok]).toEqual([EXIT.faulty, false]);
    expect(json.faults).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: 'field_unknown', file: 'policy.yaml', line: 2 }),
        expect.objectContaining({ code: 'field_invalid', file: 'policy.yaml', line: 3 }),
      ]),
    );
    expect((await runCli('policy', 'lint', broken)).out).toContain('policy.yaml:2:');
  });

  test('tells what is likely a mistake; under --strict that is one', async () => {
    const odd = writeFolder({
      'policy.yaml': `${POLICY}  - { id: never, match: { topics: [job.disk.read] }, decision: require_approval }\n`,
    });
    const { code, json } = await runCli('--json', 'policy', 'lint', odd);
    expect([code, json.ok, json.faults]).toEqual([EXIT.done, true, []]);
    expect(json.lints).toContainEqual(expect.objectContaining({ code: 'rule_shadowed', line: 16 }));
    const strict = await runCli('policy', 'lint', odd, '--strict');
    expect([strict.code, strict.out]).toEqual([EXIT.faulty, expect.stringMatching(/rule_shadowed.*\(lint\)/)]);
  });

  test('judges quorums when it is told how many may vote', async () => {
    const two = writeFolder({
      'policy.yaml': POLICY.replace(
        'require_approval',
        'require_approval\n    approval: { stages: [{ group: approvers, count: 2 }] }',
      ),
    });
    const codes = async (...more: string[]) =>
      (await runCli('--json', 'policy', 'lint', two, ...more)).json.lints.map((lint: { code: string }) => lint.code);
    expect(await codes('--people', 'approvers=1')).toContain('quorum_unreachable');
    expect(await codes('--people', 'approvers=2', '--people', 'sre=1')).not.toContain('quorum_unreachable');
    expect((await runCli('policy', 'lint', two, '--people', 'many')).code).toBe(EXIT.usage);
  });

  test('reads YAML that is none as a fault, not as a crash', async () => {
    const { code, out } = await runCli('policy', 'lint', writeFolder({ 'policy.yaml': 'rules: [' }));
    expect(code).toBe(EXIT.faulty);
    expect(out).toMatch(/policy\.yaml:1:\d+ yaml_malformed/);
  });
});

test('lint says what each rule looks for, and how severe that is', async () => {
  const rules =
    'rules: [{ id: mail, match: { types: [email] }, decision: deny }, { id: all, match: { scanners: [pii] }, decision: deny }]';
  const folder = writeFolder({ 'policy.yaml': rules });
  const { out } = await runCli('policy', 'lint', folder);
  expect(out).toContain('mail looks for: low email\n');
  expect(out).toMatch(/all looks for: low email, phone.*; high .*iban.*; critical us_ssn, payment_card/);
  const { json } = await runCli('--json', 'policy', 'lint', folder);
  expect(json.finds[0]).toEqual({ id: 'mail', types: [{ type: 'email', severity: 'low' }] });
});

describe('test', () => {
  test('passes and says how much was reached', async () => {
    const { code, json } = await runCli('--json', 'policy', 'test', sound);
    expect(code).toBe(EXIT.done);
    expect(json).toMatchObject({ ok: true, total: 3, failed: 0, reach: { rules: 3, reached: 3, percent: 100 } });
  });

  test('fails with what was expected and what came', async () => {
    const { code, out } = await runCli('policy', 'test', opened);
    expect(code).toBe(EXIT.tests_failed);
    expect(out).toMatch(/FAILED tests\/promises\.yaml:9 a write is looked at/);
    expect(out).toMatch(/expected .*require_approval.*\n +got .*allow/);
  });

  test('asks for the coverage that was demanded, and names what no test reached', async () => {
    const gap = writeFolder({ ...SOUND, 'tests/promises.yaml': TESTS.slice(0, TESTS.indexOf('  - name: a write')) });
    expect((await runCli('policy', 'test', gap)).code).toBe(EXIT.done);
    expect((await runCli('policy', 'test', gap, '--min-coverage', '66')).code).toBe(EXIT.done);
    const { code, out } = await runCli('policy', 'test', gap, '--min-coverage', '67');
    expect(code).toBe(EXIT.tests_failed);
    expect(out).toContain('no test reached: approve-write');
    expect((await runCli('policy', 'test', gap, '--min-coverage', '0')).code).toBe(EXIT.usage);
  });

  test('writes JUnit, whether it passed or not', async () => {
    const file = join(newFolder(), 'junit.xml');
    await runCli('policy', 'test', opened, '--junit', file);
    const xml = readFileSync(file, 'utf8');
    expect(xml).toContain('tests="3" failures="1"');
    expect(xml).toContain('name="a write is looked at"');
  });

  test('writes JUnit of a policy that does not compile, too', async () => {
    const file = join(newFolder(), 'junit.xml');
    const broken = writeFolder({ ...SOUND, 'policy.yaml': POLICY.replace('decision: allow', 'decision: perhaps') });
    expect((await runCli('policy', 'test', broken, '--junit', file)).code).toBe(EXIT.faulty);
    const xml = readFileSync(file, 'utf8');
    expect(xml).toContain('tests="0" failures="0" errors="1"');
    expect(xml).toMatch(/<error type="field_invalid" message="[^"]*decision/);
    expect(xml).toContain('nothing was tested');
  });

  test('is not passed by a policy without tests', async () => {
    const { code, out } = await runCli('policy', 'test', writeFolder({ 'policy.yaml': SOUND['policy.yaml'] }));
    expect(code).toBe(EXIT.tests_failed);
    expect(out).toContain('no tests');
  });

  test('takes more cases, and refuses a file of none', async () => {
    const more = writeOne('incident.yaml', TESTS.replace('decision: allow', 'decision: deny'));
    const { code, json } = await runCli('--json', 'policy', 'test', sound, '--tests', more);
    expect([code, json.total, json.failed]).toEqual([EXIT.tests_failed, 6, 1]);
    const none = await runCli('policy', 'test', sound, '--tests', writeOne('none.yaml', 'cases: 7'));
    expect([none.code, none.error]).toEqual([EXIT.faulty, expect.stringMatching(/none\.yaml:1:/)]);
  });
});

describe('diff', () => {
  test('is silent about what is decided alike', async () => {
    const { code, json } = await runCli('--json', 'policy', 'diff', sound, sound, '--exit-code');
    expect(code).toBe(EXIT.done);
    expect(json).toMatchObject({ asked: 3, same: 3, changes: {}, examples: [], rules: { changed: [] } });
  });

  test('says which case would be decided otherwise, and how', async () => {
    const { json } = await runCli('--json', 'policy', 'diff', sound, opened);
    expect(json).toMatchObject({
      asked: 3,
      same: 2,
      changes: { newly_allowed: 1 },
      rules: { changed: ['approve-write'] },
    });
    expect(json.examples).toMatchObject([
      {
        name: 'tests/promises.yaml: a write is looked at',
        kind: 'newly_allowed',
        before: { decision: 'require_approval' },
        after: { decision: 'allow' },
      },
    ]);
    expect((await runCli('policy', 'diff', sound, opened)).code).toBe(EXIT.done);
    expect((await runCli('policy', 'diff', sound, opened, '--exit-code')).code).toBe(EXIT.differs);
  });

  const changed = (from: string, to: string): string =>
    writeFolder({ ...SOUND, 'policy.yaml': POLICY.replace(from, to) });
  test.each([
    ['newly_blocked', 'decision: allow\n', 'decision: deny\n'],
    ['newly_held', 'decision: allow\n', 'decision: require_approval\n'],
    [
      'changed_constraints',
      'decision: require_approval',
      'decision: require_approval\n    constraints: { timeout: 5s }',
    ],
    ['changed_job', 'default_decision: deny', 'topics: { job.disk.write: { capability: disk.write } }'],
    ['changed_rule', 'id: allow-read', 'id: allow-reading'],
  ])('%s', async (kind, from, to) => {
    const { json } = await runCli('--json', 'policy', 'diff', sound, changed(from, to));
    expect(Object.keys(json.changes)).toContain(kind);
  });

  test('names what changed besides rules, though no question shows it', async () => {
    const pools = 'pools: [{ id: disk, capabilities: [disk.read], concurrency: 1 }]';
    const other = writeFolder({ ...SOUND, 'pools.yaml': pools, 'policy.yaml': `groups: [approvers, ops]\n${POLICY}` });
    const { json } = await runCli('--json', 'policy', 'diff', sound, other);
    expect(json).toMatchObject({ same: 3, also: ['groups', 'pools'], rules: { added: [], removed: [], changed: [] } });
    expect((await runCli('policy', 'diff', other, sound)).out).toContain('changed besides: groups, pools');
  });

  test('asks more requests, from an array or from lines, and says which line is none', async () => {
    const wanted = { topic: 'job.disk.write', prompt: 'wipe it' };
    const softer = changed('keywords: [wipe]', 'keywords: [erase]');
    for (const text of [JSON.stringify([wanted]), `\n${JSON.stringify(wanted)}\n`]) {
      const file = writeOne('requests.json', text);
      const { json } = await runCli('--json', 'policy', 'diff', sound, softer, '--requests', file);
      expect(json).toMatchObject({ asked: 4, changes: { newly_held: 1 } });
    }
    const broken = writeOne('requests.jsonl', `${JSON.stringify(wanted)}\n{`);
    const { code, error } = await runCli('policy', 'diff', sound, softer, '--requests', broken);
    expect([code, error]).toEqual([EXIT.usage, expect.stringContaining('requests.jsonl: line 2')]);
  });
});

describe('simulate and explain by the policy in hand', () => {
  test('answer as the API would', async () => {
    const { code, json } = await runCli('--json', 'policy', 'simulate', '--policy', sound, '--topic', 'job.disk.write');
    expect(code).toBe(EXIT.done);
    expect(json).toMatchObject({ decision: 'require_approval', rule_id: 'approve-write', skipped: [] });
  });

  test('fail a pipeline on what would be denied', async () => {
    const ask = ['policy', 'simulate', '--policy', sound, '--topic', 'job.disk.read', '--prompt', 'wipe it'];
    expect(await runCli(...ask)).toMatchObject({ code: EXIT.denied, out: expect.stringMatching(/rule +deny-wipe/) });
  });

  test('explain says aloud who asks, what was looked at and what came of it', async () => {
    const ask = ['policy', 'explain', '--policy', sound, '--topic', 'job.disk.read', '--as', 'night-agent'];
    const { out } = await runCli(...ask);
    expect(out).toMatch(/night-agent.* asks for job\.disk\.read/);
    expect(out).toContain('reading is harmless');
    expect(await runCli('policy', 'explain', '--topic', 'job.a', '--as', 'x')).toMatchObject({ code: EXIT.usage });
  });

  test('answer a file of requests one by one', async () => {
    const file = writeOne('r.jsonl', '{"topic":"job.disk.read"}\n{"topic":"job.disk.read","prompt":"wipe"}\n');
    const { code, json } = await runCli('--json', 'policy', 'simulate', '--policy', sound, '--requests', file);
    expect(code).toBe(EXIT.denied);
    expect(json.answers.map((answer: { value: { decision: string } }) => answer.value.decision)).toEqual([
      'allow',
      'deny',
    ]);
    const shown = await runCli('policy', 'simulate', '--policy', sound, '--requests', file);
    expect(shown.out).toMatch(/r\.jsonl: line 1\n[\s\S]*line 2\n/);
  });

  test('a request that the topic refuses is no decision', async () => {
    const strict = writeFolder({
      'policy.yaml': 'topics: { job.disk.read: { required_labels: [host] } }\ndefault_decision: allow\n',
    });
    const { code, json } = await runCli('--json', 'policy', 'simulate', '--policy', strict, '--topic', 'job.disk.read');
    expect([code, json.code]).toEqual([EXIT.refused, 'facts_contradicted']);
  });
});

describe('what cannot be used is said with its name', () => {
  test.each([
    ['no such path', ['policy', 'lint', '/no/such/policy'], /the file \/no\/such\/policy does not exist/],
    ['no such request', ['jobs', 'submit', 'no-such.json'], /the file no-such\.json does not exist/],
    ['a folder as a request', ['jobs', 'submit', sound], /is a folder, not a file/],
    [
      'no folder to write to',
      ['policy', 'build', sound, '--scope', 'acme', '--version', '1', '--out', '/no/such/b.json'],
      /the folder \/no\/such does not/,
    ],
    ['no folder to make one in', ['policy', 'init', '/no/such/folder'], /the folder \/no\/such does not/],
    ['a folder without policy.yaml', ['policy', 'lint', newFolder()], /holds no policy\.yaml/],
    ['the file instead of its folder', ['policy', 'test', join(sound, 'policy.yaml')], /name the folder/],
    ['no bundle', ['policy', 'test', writeOne('b.json', '{"manifest":1}')], /b\.json is not a bundle: manifest/],
    ['no JSON', ['policy', 'test', writeOne('b.json', '{')], /b\.json is not JSON/],
    [
      'a home folder',
      ['policy', 'lint', writeFolder(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, ''])))],
      /more than the 256 files/,
    ],
    [
      'a request that is none',
      ['policy', 'simulate', '--policy', sound, '--topic', 'Job A'],
      /the request is not as the API takes it: topic/,
    ],
    ['no requests', ['policy', 'diff', sound, sound, '--requests', writeOne('r', '[]')], /holds no request/],
  ] as [string, string[], RegExp][])('%s', async (_name, args, says) => {
    const { code, error, out } = await runCli(...args);
    expect([code, out]).toEqual([EXIT.usage, '']);
    expect(error).toMatch(says);
    const { json } = await runCli('--json', ...args);
    expect(json).toMatchObject({ code: 'usage', detail: expect.stringMatching(says) });
  });

  test('a policy with faults decides nothing', async () => {
    const broken = writeFolder({ 'policy.yaml': 'colour: red' });
    for (const args of [
      ['test', broken],
      ['diff', sound, broken],
      ['simulate', '--policy', broken, '--topic', 'job.a'],
    ]) {
      const { code, error } = await runCli('policy', ...args);
      expect([code, error]).toEqual([EXIT.faulty, expect.stringMatching(/policy\.yaml:1:1 field_unknown/)]);
    }
  });
});
