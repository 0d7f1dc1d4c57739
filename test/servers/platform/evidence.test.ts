/**
 * Evidence and the gate as services use them: with the step or not at all, and nothing decided under a state that has
 * changed meanwhile.
 */
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entry, type LedgerDatabase, openLedger, refusalOf, untilWaiting } from '../audit/ledger-database.ts';

let ledger: LedgerDatabase;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger[Symbol.asyncDispose]());

async function bodiesOf(chain: string): Promise<string[]> {
  const rows = await ledger.admin.query<{ body: string }>(
    'SELECT body FROM ledger.entries WHERE chain = $1 ORDER BY seq',
    [chain],
  );
  return rows.map((row) => row.body);
}

function setSwitch(by: Tx, id: string) {
  return by.query("SELECT control.set_switch($1, 'all', '*', 'acme', true, 'drill')", [id]);
}

describe('append', () => {
  test('stores each body in its canonical form, in order', async () => {
    const chain = 'job:acme:canonical';
    const entries = [{ z: 1, a: [true, null] }, { b: 1e21 }].map((body) => entry(chain, 'job_admitted', body));
    await ledger.as('scheduler').transaction((tx) => append(tx, entries));
    expect(await bodiesOf(chain)).toEqual(['{"a":[true,null],"z":1}', '{"b":1e+21}']);
  });

  test('goes with its step: undone together, even when the step fails after it', async () => {
    const chain = 'job:acme:undone';
    const failed = ledger.as('scheduler').transaction(async (tx) => {
      await append(tx, [entry(chain)]);
      throw new RangeError('the step failed');
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect(await bodiesOf(chain)).toEqual([]);
  });

  test('takes its step along when it is refused', async () => {
    const chain = 'job:acme:refused';
    const refused = ledger.as('scheduler').transaction(async (tx) => {
      await append(tx, [entry(chain)]);
      await append(tx, [entry(chain, 'approval_granted')]);
    });
    expect(await refusalOf(refused)).toBe('42501');
    expect(await bodiesOf(chain)).toEqual([]);
  });

  test('of what has no canonical form throws before anything is sent', async () => {
    const sent: string[] = [];
    const query = async (text: string): Promise<[]> => {
      sent.push(text);
      return [];
    };
    const tx = { query } as Tx;
    await expect(append(tx, [entry('job:acme:nan', 'job_admitted', { n: Number.NaN })])).rejects.toThrow();
    await append(tx, []);
    expect(sent).toEqual([]);
  });
});

describe('the gate', () => {
  test('holds off a change until the transaction that read it has ended; the next one reads the change', async () => {
    const reader = await ledger.session('scheduler');
    const changer = await ledger.session('scheduler');
    await reader.begin();
    expect((await gate(reader, ['acme', 'acme'])).switches).toEqual([]);
    const changing = setSwitch(changer, 'drill');
    await untilWaiting(ledger.admin, changer);
    expect((await gate(reader, ['acme'])).switches).toEqual([]);
    await reader.commit();
    await changing;
    expect((await gate(reader, ['acme'])).switches).toMatchObject([
      { switch_id: 'drill', kind: 'all', tenant: 'acme' },
    ]);
  });

  test('lets others read at the same time', async () => {
    const [one, two] = [await ledger.session('scheduler'), await ledger.session('ingress')];
    await one.begin();
    await two.begin();
    await gate(one, ['acme']);
    await gate(two, ['acme']);
    await one.rollback();
    await two.rollback();
  });

  test('that hears something else than a state decides nothing', async () => {
    for (const state of [null, {}, { policies: {}, switches: 'none', revoked: [] }]) {
      const tx = { query: async () => [{ state }] } as unknown as Tx;
      await expect(gate(tx, ['acme'])).rejects.toThrow();
    }
    await expect(gate({ query: async () => [] } as Tx, ['acme'])).rejects.toThrow();
  });
});
