/** Files of a result from a shell: what is not what its digest says, or has a name that leads elsewhere, is not written. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { expect, test } from 'vitest';
import { newFolder, runCli } from './run-cli.ts';

const BYTES = Buffer.from('a,b\n1,2\n');
const shaOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const DIGEST = shaOf(BYTES);
const LISTED = {
  ...{ name: 'a.csv', digest: DIGEST, artifact_digest: DIGEST, salt: 's', decision: 'allow', findings: [] },
  ...{ released_digest: DIGEST, released_bytes: BYTES.length },
};

/** `served`: what comes in place of the file. */
function get(change: object, served: Buffer = BYTES, ...args: string[]) {
  const list = JSON.stringify({ artifacts: [{ ...LISTED, ...change }] });
  return against((path) => (path.endsWith('/artifacts') ? list : served), '--json', 'artifacts', 'get', 'j1', ...args);
}

/** `--out` is a new folder. */
async function against(answer: (path: string) => string | Buffer, ...args: string[]) {
  const server = createServer((request, response) => response.end(answer(request.url!)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const out = newFolder();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ran = await runCli('--url', url, '--key', 'k', ...args, '--out', out);
  await new Promise((resolve) => server.close(resolve));
  return { ...ran, printed: ran.out, out };
}

test('a file is written once, whole, and says its digest', async () => {
  const { code, json, out } = await get({});
  expect([code, json]).toEqual([EXIT.done, [{ file: join(out, 'a.csv'), digest: shaOf(BYTES), bytes: BYTES.length }]]);
  expect(readFileSync(join(out, 'a.csv')).equals(BYTES)).toBe(true);
});

test.each<[string, object, Buffer, string[]]>([
  ['other bytes', {}, Buffer.from('other'), []],
  ['a name that leads elsewhere', { name: '../a.csv' }, BYTES, []],
  ['a name with a line break', { name: 'a\nb' }, BYTES, []],
  ['a name that the result does not have', {}, BYTES, ['b.csv']],
])('nothing is written for %s', async (_, change, served, args) => {
  const { code, out } = await get(change, served, ...args);
  expect([code, readdirSync(out)]).toEqual([EXIT.usage, []]);
});

test('a quarantined result is opened with its files: types and places, and they are fetched', async () => {
  const at = '2026-11-26T12:00:00.000Z';
  const found = { scanner: 'secrets', type: 'aws_key', place: '/text', count: 2, severity: 'high', confidence: 1 };
  const opened = {
    ...{ tenant: 'acme', job_id: 'j1', dispatch_id: 'd', topic: 'job.a', actor: 'bot', owner: null, rule_id: null },
    ...{ reason: 'r', findings: [], output_digest: DIGEST, screened_at: at, state: 'waiting', reviews: [], output: 1 },
    artifacts: [{ ...LISTED, decision: 'quarantine', findings: [found] }],
  };
  const asked: string[] = [];
  const answer = (path: string) => {
    asked.push(path);
    return path.endsWith('/open') ? JSON.stringify(opened) : BYTES;
  };
  const { code, printed, out } = await against(answer, 'quarantine', 'open', 'j1', '--reason', 'asked');
  expect(code).toBe(EXIT.done);
  for (const told of ['a.csv', 'quarantine', 'aws_key ×2 at /text', join(out, 'a.csv')])
    expect(printed).toContain(told);
  expect(asked.at(-1)).toBe(`/api/v1/quarantine/j1/artifacts/${encodeURIComponent(DIGEST)}`);
  expect(readFileSync(join(out, 'a.csv')).equals(BYTES)).toBe(true);
});
