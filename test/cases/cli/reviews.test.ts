/** `countersign reviews`: which reviews it asks for, what it prints of each, and what signing one off sends. */
import type { ReviewView } from '@countersign/contracts/review';
import { expect, test } from 'vitest';
import { playApi } from './play-api.ts';
import { runCli } from './run-cli.ts';

const OPEN: ReviewView = {
  ...{
    review_id: '0198a1b2-0000-7000-8000-000000000001',
    kind: 'run',
    tenant: 'default',
    job_id: 'job-1',
    state: 'open',
  },
  ...{ topic: 'job.deploy.apply', capability: 'infra.write', requester: 'bot', owner: 'olga', on_behalf_of: null },
  ...{ rule_id: 'deploys', opened_at: '2026-01-02T03:04:05Z', apart: ['bot', 'olga'] },
  ...{ outcome: null, signed_by: null, signed_at: null, reason: null },
};
const SIGNED: ReviewView = {
  ...OPEN,
  ...{ review_id: '0198a1b2-0000-7000-8000-000000000002', kind: 'break_glass', rule_id: null, state: 'signed' },
  ...{ outcome: 'finding', signed_by: 'rita', signed_at: '2026-01-03T00:00:00Z', reason: 'restarted\ntwice\u202e' },
};

async function list(...options: string[]) {
  await using api = await playApi({
    'GET /reviews': ({ query }) => ({
      body:
        query.cursor === undefined ? { reviews: [OPEN], next_cursor: 'c1' } : { reviews: [SIGNED], next_cursor: null },
    }),
  });
  const told = await runCli('--url', api.url, '--key', 'k', 'reviews', 'list', ...options);
  return { ...told, asked: api.asked.map(({ query }) => query) };
}

test('a list is the whole list, one line for each, and says who signed it off with what words', async () => {
  const { out, code, asked } = await list();
  expect(out.trimEnd().split('\n')).toEqual([
    `${OPEN.review_id}  run  open  job-1  job.deploy.apply  bot  deploys  2026-01-02T03:04:05Z`,
    `${SIGNED.review_id}  break_glass  finding  job-1  job.deploy.apply  bot  -  2026-01-02T03:04:05Z  by rita  "restarted\\ntwice\\u202e"`,
  ]);
  expect([code, asked]).toEqual([0, [{ state: 'open' }, { state: 'open', cursor: 'c1' }]]);
});

test.each<[string[], Record<string, string>]>([
  [['--all'], {}],
  [['--outcome', 'finding'], { outcome: 'finding' }],
  [['--kind', 'run', '--job', 'job-1'], { state: 'open', kind: 'run', job_id: 'job-1' }],
])('%j asks for %j', async (options, query) => {
  expect((await list(...options)).asked[0]).toEqual(query);
});

test('as JSON it is what the API answered', async () => {
  expect((await list('--json')).json).toEqual([OPEN, SIGNED]);
});

test('one is shown with who may not sign it off, and signed with an outcome and its reason', async () => {
  const path = `/reviews/${OPEN.review_id}`;
  await using api = await playApi({
    [`GET ${path}`]: () => ({ body: OPEN }),
    [`POST ${path}/sign`]: () => ({ body: SIGNED }),
  });
  const run = (...argv: string[]) => runCli('--url', api.url, '--key', 'k', 'reviews', ...argv);
  const { out } = await run('show', OPEN.review_id);
  expect(out).toMatch(/^apart .*bot.*olga/m);
  const signed = await run('sign', OPEN.review_id, '--outcome', 'finding', '--reason', 'restarted twice');
  expect(api.asked.at(-1)!.body).toEqual({ outcome: 'finding', reason: 'restarted twice' });
  expect(signed.out).toMatch(/^signed_by +rita$/m);
  expect((await run('sign', OPEN.review_id)).code).not.toBe(0);
});
