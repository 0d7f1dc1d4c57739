/** The client's calls for policy authors go where the API listens, with the body that the contracts describe. */
import { createClient } from '@countersign/client/create-client';
import { policyQuestion } from '@countersign/contracts/http';
import { activateRequest, replayRequest, shadowRequest } from '@countersign/contracts/policy-rollout';
import { expect, test } from 'vitest';
import { type PlayedApi, playApi } from '../cli/play-api.ts';

const DOCUMENT = {
  manifest: {
    format: 'countersign/bundle/v1',
    version: 3,
    scope: { tenants: ['acme'] },
    not_before: '2026-01-01T00:00:00Z',
    not_after: '2027-01-01T00:00:00Z',
    files: [],
  },
  files: {},
  signatures: [],
} as const;
const WINDOW = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
const QUESTION = { requests: [{ topic: 'job.a' }], candidate: { version: 3 } };

function clientOf(api: PlayedApi) {
  return createClient({ url: api.url, api_key: 'k', tenant: 'acme' });
}

test('questions, bundles, activation and replay', async () => {
  const said = (what: string) => () => ({ body: { what } });
  await using api = await playApi({
    'POST /policy/simulate': said('simulations'),
    'POST /policy/explain': said('explanations'),
    'GET /policy/bundles': said('page'),
    'POST /policy/bundles': said('view'),
    'POST /policy/bundles/3/activate': said('activated'),
    'POST /policy/replay': said('replayed'),
  });
  const client = clientOf(api);
  expect(await client.simulateAll(QUESTION)).toEqual({ what: 'simulations' });
  expect(await client.explainAll(QUESTION)).toEqual({ what: 'explanations' });
  expect(await client.bundles({ cursor: '7', limit: 2 })).toEqual({ what: 'page' });
  expect(await client.publishBundle(structuredClone(DOCUMENT) as never)).toEqual({ what: 'view' });
  expect(await client.activateBundle(3, { scope: 'acme' })).toEqual({ what: 'activated' });
  expect(await client.activateBundle(3)).toEqual({ what: 'activated' });
  expect(await client.replay(WINDOW)).toEqual({ what: 'replayed' });
  const [simulated, explained, listed, published, activated, plainly, replayed] = api.asked;
  expect(policyQuestion.safeParse(simulated!.body).success).toBe(true);
  expect(explained!.body).toEqual(QUESTION);
  expect(listed!.query).toEqual({ cursor: '7', limit: '2' });
  expect(published!.body).toEqual(DOCUMENT);
  expect(activateRequest.parse(activated!.body)).toEqual({ scope: 'acme' });
  expect(activateRequest.parse(plainly!.body)).toEqual({});
  expect(replayRequest.parse(replayed!.body)).toMatchObject(WINDOW);
});

test('a shadow is set, seen and ended', async () => {
  const shadow = { scope: 'acme', version: 3, snapshot: 's', until: WINDOW.to, set_by: 'admin' };
  await using api = await playApi({
    'POST /policy/bundles/3/shadow': ({ body }) => ({ body: { shadow: body.until === null ? null : shadow } }),
    'GET /policy/shadow': () => ({ body: { shadow } }),
  });
  const client = clientOf(api);
  expect(await client.setShadow(3, { until: WINDOW.to })).toEqual(shadow);
  expect(await client.shadow()).toEqual(shadow);
  expect(await client.setShadow(3, { until: null })).toBeNull();
  expect(shadowRequest.parse(api.asked[0]!.body)).toEqual({ until: WINDOW.to });
});

test('a bundle that is not believed is an error with its code', async () => {
  const body = { code: 'bundle_threshold_unmet', detail: '1 of 2', trace_id: '0' };
  await using api = await playApi({ 'POST /policy/bundles': () => ({ status: 422, body }) });
  const published = clientOf(api).publishBundle(structuredClone(DOCUMENT) as never);
  await expect(published).rejects.toMatchObject({ status: 422, code: 'bundle_threshold_unmet' });
});
