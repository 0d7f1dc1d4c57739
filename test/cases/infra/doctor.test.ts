/** What the doctor of the operator's machine makes of what it sees: one thing wrong at a time. */

import { DISPATCH, intakeStream } from '@countersign/contracts/streams';
import { judgeStream } from '@countersign/infra/admin/doctor/look-at-bus';
import { judgeDisk, judgeTrustRoot } from '@countersign/infra/admin/doctor/look-at-folder';
import { clock, judgeMigrations, judgeRights } from '@countersign/infra/admin/doctor/look-at-postgres';
import { digestOf, functionsOf } from '@countersign/infra/postgres/schema-files';
import { streamConfig } from '@countersign/platform/stream-config';
import { expect, test } from 'vitest';

const GIB = 1024 ** 3;
const states = (findings: readonly { state: string }[]): string[] => findings.map(({ state }) => state);

test('migrations: missing, changed, of a newer version', () => {
  const known = [
    { name: 'audit/001-a.sql', sql: 'a' },
    { name: 'audit/002-b.sql', sql: 'b' },
  ];
  const applied = (...rows: [string, string][]) => new Map(rows.map(([name, sql]) => [name, digestOf(sql)]));
  const both: [string, string][] = [
    ['audit/001-a.sql', 'a'],
    ['audit/002-b.sql', 'b'],
  ];
  expect(states(judgeMigrations(applied(...both), known))).toEqual(['ok']);
  expect(judgeMigrations(applied(both[0]!), known)).toMatchObject([
    { state: 'fault', says: 'not applied: audit/002-b.sql' },
  ]);
  expect(states(judgeMigrations(applied(both[0]!, ['audit/002-b.sql', 'x']), known))).toEqual(['ok', 'fault']);
  expect(states(judgeMigrations(applied(...both, ['audit/003-c.sql', 'c']), known))).toEqual(['ok', 'warning']);
});

test('functions: missing or of an earlier revision, changed, of a newer version', () => {
  const known = [functionsOf('audit/src/f.sql', '-- Revision 2. F.')];
  const judge = (name: string, sql = known[0]!.sql) => judgeMigrations(new Map([[name, digestOf(sql)]]), known);
  expect(states(judge('audit/src/f.sql@2'))).toEqual(['ok']);
  expect(states(judge('audit/src/f.sql@2', '-- Revision 2. G.'))).toEqual(['ok', 'fault']);
  expect(judge('audit/src/f.sql@1')).toMatchObject([{ state: 'fault', says: 'not applied: audit/src/f.sql@2' }]);
  expect(states(judge('audit/src/f.sql@10'))).toEqual(['ok', 'warning']);
  expect(() => functionsOf('audit/src/f.sql', '-- F.')).toThrow(
    'audit/src/f.sql does not begin with "-- Revision <number>"',
  );
});

test('rights: whoever writes elsewhere, and whoever changes evidence, its owner too', () => {
  const right = (role: string, schema: string, name: string, privilege: string) => ({ role, schema, name, privilege });
  expect(
    states(
      judgeRights([
        right('countersign_audit', 'kpi', 'counts', 'DELETE'),
        right('countersign_owner', 'ledger', 'entry_rows', 'INSERT'),
      ]),
    ),
  ).toEqual(['ok']);
  expect(
    judgeRights([
      right('countersign_approval', 'scheduler', 'jobs', 'INSERT'),
      right('countersign_owner', 'ledger', 'entry_rows', 'UPDATE'),
    ]),
  ).toMatchObject([
    { says: 'countersign_approval has INSERT on scheduler.jobs' },
    { says: 'countersign_owner has UPDATE on ledger.entry_rows' },
  ]);
});

test('streams: gone, other than declared, nearly full', () => {
  const standing = (bytes: number, change: object = {}) => ({
    config: { ...streamConfig(DISPATCH), ...change },
    state: { bytes, consumer_count: 2 },
  });
  expect(judgeStream(DISPATCH, standing(0), true)).toMatchObject([
    { state: 'ok', says: 'as declared, 0 % full, 2 consumers' },
  ]);
  expect(states(judgeStream(DISPATCH, standing(DISPATCH.max_bytes * 0.9), true))).toEqual(['warning']);
  expect(judgeStream(DISPATCH, standing(0, { max_bytes: 5 }), true)[0]).toMatchObject({
    state: 'fault',
    says: expect.stringContaining('max_bytes is 5'),
  });
  const gone = { error: { code: 404, description: 'stream not found' } };
  expect(states(judgeStream(DISPATCH, gone, true))).toEqual(['fault']);
  expect(judgeStream(intakeStream('acme'), gone, false)).toEqual([]);
});

test('disks, clocks, and keys that sign policies', () => {
  expect(
    [judgeDisk('d', 50 * GIB, 100 * GIB), judgeDisk('d', 5 * GIB, 100 * GIB), judgeDisk('d', 0.5 * GIB, 2 * GIB)].map(
      ({ state }) => state,
    ),
  ).toEqual(['ok', 'warning', 'fault']);
  expect([clock('x', 4_000), clock('x', -6_000)].map(({ state }) => state)).toEqual(['ok', 'fault']);
  const now = Date.parse('2026-06-01T00:00:00Z');
  const key = (not_after: string) => ({ key_id: 'k', public_key: 'p', not_before: '2026-01-01T00:00:00Z', not_after });
  const root = (threshold: number, ...ends: string[]) => judgeTrustRoot({ threshold, keys: ends.map(key) }, now);
  expect(states(root(1, '2030-01-01T00:00:00Z'))).toEqual(['ok']);
  expect(states(root(1, '2026-07-01T00:00:00Z'))).toEqual(['warning']);
  expect(states(root(2, '2030-01-01T00:00:00Z', '2026-01-02T00:00:00Z'))).toEqual(['fault']);
});
