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

/** `served`: what comes in place of the file. */
async function get(change: object, served: Buffer = BYTES, ...args: string[]) {
  const digest = shaOf(BYTES);
  const listed = {
    ...{ name: 'a.csv', digest, artifact_digest: digest, salt: 's', decision: 'allow', findings: [] },
    ...{ released_digest: digest, released_bytes: BYTES.length, ...change },
  };
  const server = createServer((request, response) => {
    response.end(request.url!.endsWith('/artifacts') ? JSON.stringify({ artifacts: [listed] }) : served);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const out = newFolder();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ran = await runCli('--url', url, '--key', 'k', '--json', 'artifacts', 'get', 'j1', ...args, '--out', out);
  await new Promise((resolve) => server.close(resolve));
  return { ...ran, out };
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
