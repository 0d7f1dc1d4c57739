/**
 * `control`: what a gate has read stays true until its transaction ends, and every change is compared, counted and
 * recorded.
 */
import { type ControlState, controlState } from '@countersign/contracts/control';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { hashApiKey, keyIdOf, newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { type Revocation, revokeIdentity } from '@countersign/ingress/revoke-identity';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { ChainEntry } from '@countersign/ledger/chain-entry';
import { verifyChain } from '@countersign/ledger/chain-hash';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { type LedgerDatabase, openLedger, refusalOf, untilWaiting } from './ledger-database.ts';

const [ADMIN_KEY, LOST_KEY, EXPIRED_KEY] = [newApiKey(), newApiKey(), newApiKey()];

function SNAPSHOT(n: number) {
  return `sha256:${String(n).repeat(64)}`;
}
let ledger: LedgerDatabase;
let kernel: Tx;
let scheduler: Tx;
let ingress: Tx;
beforeAll(async () => {
  ledger = await openLedger();
  [kernel, scheduler, ingress] = [ledger.as('policy_kernel'), ledger.as('scheduler'), ledger.as('ingress')];
  const human = (id: string, tenant = 'acme') => ({ type: 'human' as const, id, tenant, groups: [] });
  const key = (principal: string, key: string) => ({ principal, key, permissions: ['jobs:read' as const] });
  await ledger.as('ingress').transaction((tx) =>
    registerIdentities(tx, {
      tenants: ['acme', 'other'],
      principals: [...['ada', 'pat', 'lou', 'olga', 'mallory', 'bump'].map((id) => human(id)), human('fay', 'other')],
      api_keys: [
        key('ada', ADMIN_KEY!),
        key('lou', LOST_KEY!),
        { ...key('ada', EXPIRED_KEY!), expires_at: '2026-01-01T00:00:00Z' },
      ],
      workers: [
        { worker: 'w1', pool: 'desk', public_key: 'A'.repeat(43) },
        { worker: 'w1', pool: 'till', public_key: 'B'.repeat(43) },
      ],
    }),
  );
});
afterAll(() => ledger[Symbol.asyncDispose]());

type Activation = { scope: string; version: number; snapshot?: string; not_after?: string | null; expected?: number };

async function activate(
  by: Tx,
  { scope, version, snapshot, not_after = null, expected = 0 }: Activation,
): Promise<number> {
  const [row] = await by.query<{ epoch: string | number }>(
    'SELECT control.activate_policy($1, $2, $3, $4, $5, $6) AS epoch',
    [scope, version, snapshot ?? SNAPSHOT(version), not_after, expected, { actor: 'admin', signers: ['k1'] }],
  );
  return Number(row!.epoch);
}

function setSwitch(by: Tx, id: string, tenant: string | null, on: boolean) {
  return by.query('SELECT control.set_switch($1, $2, $3, $4, $5, $6)', [id, 'all', '*', tenant, on, 'drill']);
}

async function revoke(what: Revocation['what'], id: string, more: Partial<Revocation> = {}): Promise<number> {
  return revokeIdentity(ingress, { what, id, reason: 'left', by_key: null, ...more });
}

function gateOf(tenants: string[], subjects: string[] = []): Promise<ControlState> {
  return gate(scheduler, tenants, subjects);
}

async function chainOf(chain: string) {
  const rows = await ledger.admin.query<
    Omit<ChainEntry, 'seq' | 'time_us'> & { seq: number; time_us: number; tenant: string | null }
  >('SELECT * FROM ledger.entries WHERE chain = $1 ORDER BY seq', [chain]);
  expect(verifyChain(rows.map((row) => ({ ...row, seq: BigInt(row.seq), time_us: BigInt(row.time_us) })))).toEqual({
    ok: true,
  });
  return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as Record<string, unknown>, text: row.body }));
}

describe('activation', () => {
  test('is compared, counted and recorded; the same again changes nothing', async () => {
    const first = await activate(kernel, { scope: 'once', version: 3 });
    expect(await activate(kernel, { scope: 'once', version: 3 })).toBe(first);
    const second = await activate(kernel, { scope: 'once', version: 4, expected: first });
    expect(second).toBeGreaterThan(first);
    const entries = await chainOf('policy:once');
    expect(entries.map(({ kind, recorded_by, tenant }) => [kind, recorded_by, tenant])).toEqual([
      ['policy_activated', 'countersign_policy_kernel', 'once'],
      ['policy_activated', 'countersign_policy_kernel', 'once'],
    ]);
    expect(entries[1]!.body).toMatchObject({
      scope: 'once',
      policy_version: 4,
      policy_snapshot: SNAPSHOT(4),
      policy_epoch: second,
      previous_epoch: first,
      actor: 'admin',
      signers: ['k1'],
    });
    for (const { body, text } of entries) expect(text).toBe(canonicalize(body));
  });

  test('refuses another epoch than the active one, a version that does not grow, and a policy past its end', async () => {
    const epoch = await activate(kernel, { scope: 'strict', version: 5 });
    const refused = (more: Partial<Activation>) =>
      refusalOf(activate(kernel, { scope: 'strict', version: 6, expected: epoch, ...more }));
    expect(await refused({ expected: 0 })).toBe('CS001');
    expect(await refused({ expected: epoch + 1 })).toBe('CS001');
    expect(await refused({ version: 5, snapshot: SNAPSHOT(9) })).toBe('CS002');
    expect(await refused({ version: 4 })).toBe('CS002');
    expect(await refused({ not_after: '2020-01-01T00:00:00Z' })).toBe('CS003');
    expect((await gateOf(['strict'])).policies.strict).toEqual({
      scope: 'strict',
      version: 5,
      snapshot: SNAPSHOT(5),
      epoch,
    });
    expect(await chainOf('policy:strict')).toHaveLength(1);
  });

  test('of two at once with the same expectation one wins', async () => {
    const outcomes = await Promise.all(
      [1, 2].map((version) => refusalOf(activate(kernel, { scope: 'race', version }))),
    );
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'CS001' || outcome === 'CS002')).toHaveLength(1);
  });
});

describe('the gate', () => {
  test('gives each tenant its own policy, else the one of all, else none', async () => {
    expect((await gateOf(['nobody-yet'])).policies).toEqual({});
    const everyone = await activate(kernel, { scope: '*', version: 1 });
    const own = await activate(kernel, { scope: 'own', version: 1 });
    expect(own).not.toBe(everyone);
    expect((await gateOf(['own', 'other', 'own'])).policies).toEqual({
      own: { scope: 'own', version: 1, snapshot: SNAPSHOT(1), epoch: own },
      other: { scope: '*', version: 1, snapshot: SNAPSHOT(1), epoch: everyone },
    });
  });

  test('tells the stops that can hit these tenants until they are lifted', async () => {
    await setSwitch(scheduler, 'everyone', null, true);
    await setSwitch(scheduler, 'only-x', 'x', true);
    expect((await gateOf(['x'])).switches.map((stop) => stop.switch_id)).toEqual(['everyone', 'only-x']);
    expect((await gateOf(['y'])).switches).toEqual([
      { switch_id: 'everyone', kind: 'all', target: '*', tenant: null, reason: 'drill' },
    ]);
    await setSwitch(scheduler, 'everyone', null, false);
    expect((await gateOf(['y'])).switches).toEqual([]);
    const entries = await chainOf('control');
    expect(entries.map(({ kind, body }) => [kind, body.switch_id, body.on])).toEqual([
      ['switch_set', 'everyone', true],
      ['switch_set', 'only-x', true],
      ['switch_set', 'everyone', false],
    ]);
  });

  test('records who set a stop by the key that was verified, or by the role, and by nothing else', async () => {
    const set = (reason: string, by_key: string | null) =>
      scheduler.query('SELECT control.set_switch($1, $2, $3, NULL, true, $4, $5)', [
        'who',
        'tenant',
        'acme',
        reason,
        by_key,
      ]);
    const key = keyIdOf(hashApiKey(ADMIN_KEY!));
    await set('drill', key);
    await set('drill', null);
    expect(
      (await chainOf('control')).slice(-2).map(({ body }) => [body.actor, body.actor_tenant, body.by_key]),
    ).toEqual([
      ['ada', 'acme', key],
      ['countersign_scheduler', null, null],
    ]);
    expect(await refusalOf(set('drill', 'operator'))).toBe('CS006');
    expect(await refusalOf(set('', key))).toBe('CS005');
  });

  test('tells which of the subjects asked about are revoked, for good', async () => {
    const revision = await revoke('principal', 'mallory');
    expect(await revoke('principal', 'mallory')).toBe(revision);
    expect((await gateOf([], ['alice', 'mallory'])).revoked).toEqual(['mallory']);
    expect((await gateOf([], ['alice'])).revoked).toEqual([]);
    expect((await chainOf('identity:mallory')).map(({ kind }) => kind)).toEqual([
      'identity_created',
      'identity_revoked',
    ]);
  });

  test('what it read holds until its transaction ends, and nobody reads the old state after a change has returned', async () => {
    const epoch = await activate(kernel, { scope: 'held', version: 1 });
    const [inGate, changer, late] = [
      await ledger.session('scheduler'),
      await ledger.session('policy_kernel'),
      await ledger.session('scheduler'),
    ];
    await inGate.begin();
    expect((await gate(inGate, ['held'])).policies.held!.epoch).toBe(epoch);
    let returned = false;
    const changing = activate(changer, { scope: 'held', version: 2, expected: epoch }).then((next) => {
      returned = true;
      return next;
    });
    await untilWaiting(ledger.admin, changer);
    // A gate that comes now waits behind the change, so gates cannot starve it.
    await late.begin();
    const lateGate = gate(late, ['held']);
    await untilWaiting(ledger.admin, late);
    expect(returned).toBe(false);
    await inGate.commit();
    const next = await changing;
    expect((await lateGate).policies.held!.epoch).toBe(next);
    expect((await gateOf(['held'])).policies.held!.epoch).toBe(next);
    await late.commit();
  });

  test('gates do not wait for each other', async () => {
    const [one, two] = [await ledger.session('scheduler'), await ledger.session('output_safety')];
    await one.begin();
    await two.begin();
    await gate(one, ['a']);
    await gate(two, ['a']);
    await one.commit();
    await two.commit();
  });

  test('under a storm of gates and activations no gate sees an epoch older than one that was returned', async () => {
    let returned = await activate(kernel, { scope: 'storm', version: 1 });
    let running = true;
    const gates = Array.from({ length: 4 }, async () => {
      while (running) {
        const before = returned;
        expect((await gateOf(['storm'])).policies.storm!.epoch).toBeGreaterThanOrEqual(before);
      }
    });
    for (let version = 2; version <= 25; version += 1) {
      returned = await activate(kernel, { scope: 'storm', version, expected: returned });
    }
    running = false;
    await Promise.all(gates);
  });

  test('answers in the shape of the contracts', async () => {
    expect(controlState.safeParse(await gateOf(['own', 'x'], ['mallory'])).success).toBe(true);
  });
});

describe('a revocation', () => {
  const last = async (chain: string) => (await chainOf(chain)).at(-1)!;
  const KEYS = { admin: keyIdOf(hashApiKey(ADMIN_KEY)), lost: keyIdOf(hashApiKey(LOST_KEY)) };

  test('takes a principal, a key or a worker, and records tenant, reason and who did it', async () => {
    await revoke('principal', 'pat', { by_key: KEYS.admin });
    await revoke('api_key', KEYS.lost);
    await revoke('worker', 'desk/w1', { reason: 'stolen' });
    const role = { actor: 'countersign_ingress', actor_tenant: null, auth_method: 'database', by_key: null };
    const admin = { actor: 'ada', actor_tenant: 'acme', auth_method: 'api_key', by_key: KEYS.admin };
    expect(await last('identity:pat')).toMatchObject({
      kind: 'identity_revoked',
      recorded_by: 'countersign_ingress',
      tenant: 'acme',
      body: { what: 'principal', id: 'pat', principal: 'pat', tenant: 'acme', reason: 'left', ...admin },
    });
    expect(await last('identity:lou')).toMatchObject({
      tenant: 'acme',
      body: { what: 'api_key', id: KEYS.lost, principal: 'lou', tenant: 'acme', reason: 'left', ...role },
    });
    expect(await last('identity:w1')).toMatchObject({
      tenant: null,
      body: { what: 'worker', id: 'desk/w1', subject: 'worker:desk/w1', principal: null, reason: 'stolen', ...role },
    });
    const asked = ['pat', 'lou', `key:${KEYS.lost}`, 'worker:desk/w1', 'worker:till/w1'];
    expect((await gateOf([], asked)).revoked).toEqual([`key:${KEYS.lost}`, 'pat', 'worker:desk/w1']);
  });

  test.each<[Revocation['what'], string]>([
    ['principal', 'bobb'],
    ['principal', ''],
    ['principal', keyIdOf(hashApiKey(ADMIN_KEY))],
    ['api_key', 'ada'],
    ['api_key', 'key_0000000000000000'],
    ['worker', 'w1'],
    ['worker', 'desk/w2'],
    ['worker', 'ada'],
  ])('of %s "%s", which nobody is, is refused and leaves nothing', async (what, id) => {
    const before = await ledger.admin.query('SELECT * FROM control.revocations, control.revision');
    expect(await codeOf(revoke(what, id))).toBe('identity_unknown');
    expect(await ledger.admin.query('SELECT * FROM control.revocations, control.revision')).toEqual(before);
  });

  test('needs a reason, and a key that may be used, for somebody of its own tenant', async () => {
    expect(await codeOf(revoke('principal', 'olga', { reason: '' }))).toBe('field_invalid');
    expect(await codeOf(revoke('principal', 'olga', { reason: 'x'.repeat(LIMITS.reason_chars + 1) }))).toBe(
      'field_invalid',
    );
    expect(await codeOf(revoke('principal', 'fay', { by_key: KEYS.admin }))).toBe('identity_unknown');
    for (const by_key of ['olga', 'key_0000000000000000', KEYS.lost, keyIdOf(hashApiKey(EXPIRED_KEY))]) {
      expect(await codeOf(revoke('principal', 'olga', { by_key }))).toBe('unauthenticated');
    }
    expect((await gateOf([], ['olga', 'fay'])).revoked).toEqual([]);
  });

  test('is made by its function alone: no role can write one, change one or take one back', async () => {
    const attempts = [
      `INSERT INTO control.revocations (subject, revoked_at) VALUES ('olga', now())`,
      `UPDATE control.revocations SET subject = 'x'`,
      'DELETE FROM control.revocations',
    ];
    for (const role of SERVICES.map((name) => name.replaceAll('-', '_'))) {
      for (const attempt of attempts) expect(await refusalOf(ledger.as(role).query(attempt)), role).toBe('42501');
    }
    // The columns that said so without evidence are gone.
    for (const table of ['principals', 'api_keys', 'workers']) {
      expect(await refusalOf(ledger.as('ingress').query(`UPDATE identity.${table} SET revoked_at = now()`))).toBe(
        '42703',
      );
      const [key] = { principals: ['principal_id'], api_keys: ['key_id'], workers: ['worker'] }[table]!;
      expect(await refusalOf(ledger.as('ingress').query(`UPDATE identity.${table} SET ${key} = 'x'`))).toBe('42501');
    }
  });
});

describe('control.read', () => {
  test('shows pollers the revision, which every change bumps, and the scopes', async () => {
    type Read = { revision: number; scopes: { scope: string; not_after: string | null; epoch: number }[] };
    const read = async (): Promise<Read> =>
      (await kernel.query<{ state: Read }>('SELECT control.read() AS state'))[0]!.state;
    const { revision } = await read();
    const epoch = await activate(kernel, { scope: 'read', version: 1, not_after: '2999-01-01T00:00:00Z' });
    await setSwitch(scheduler, 'bump', null, false);
    await revoke('principal', 'bump');
    const after = await read();
    expect(after.revision).toBe(revision + 3);
    expect(after.scopes.find(({ scope }) => scope === 'read')).toMatchObject({
      epoch,
      not_after: '2999-01-01T00:00:00.000000Z',
    });
  });
});

describe('canonical text made in the database', () => {
  test.each([
    [{}],
    [[]],
    [{ b: [1, -5, 0, null, true, { z: 'é', a: 'x\n\t"\\/\u0001\u007f𝄞' }], a: {}, B: '', aa: 9007199254740991 }],
  ])('is that of RFC 8785: %j', async (value) => {
    const [row] = await ledger.admin.query<{ text: string }>('SELECT control.canonical($1::jsonb) AS text', [
      JSON.stringify(value),
    ]);
    expect(row!.text).toBe(canonicalize(value));
  });

  test.each(['1.5', '9007199254740992', '1e30'])('refuses %s, which readers could hold differently', async (text) => {
    expect(await refusalOf(ledger.admin.query('SELECT control.canonical($1::jsonb)', [text]))).toBe('22023');
  });
});
