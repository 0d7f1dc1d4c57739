/**
 * What the scheduler remembers of `control`: only of one revision, only what was asked for, and nothing after a change.
 */
import { openControlMemory } from '@countersign/scheduler/known-control';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TENANT } from '../../cases/scheduler/decided-job.ts';
import { runSteps, type StepRun } from './run-steps.ts';

let run: StepRun;
let asked = 0;
beforeAll(async () => {
  run = await runSteps(2);
});
afterAll(() => run[Symbol.asyncDispose]());

function open() {
  const { database } = run.replicas[0]!;
  asked = 0;
  return openControlMemory({
    query: (text, params) => {
      asked += 1;
      return database.query(text, params);
    },
  });
}

test('what is known is not asked again, and what is not is added to it', async () => {
  await run.revoke('gone');
  const memory = open();
  const first = await memory.of([TENANT], ['here']);
  expect(first.control.revoked).toEqual([]);
  const once = asked;
  await memory.of([TENANT, TENANT], ['here']);
  expect(asked).toBe(once);
  const { control } = await memory.of([TENANT, 'other'], ['here', 'gone']);
  expect(asked).toBeGreaterThan(once);
  expect(control.revoked).toEqual(['gone']);
  expect(Object.keys(control.policies).sort()).toEqual([TENANT, 'other']);
});

test('two revisions are never mixed: after a change everything is read anew', async () => {
  const memory = open();
  const before = await memory.of([TENANT], ['a']);
  await run.activate();
  const { control } = await memory.of([TENANT], ['a', 'b']);
  expect(control.revision).toBe(before.control.revision + 1);
  expect(control.policies[TENANT]!.epoch).toBe(run.epoch());
});

test('after a step has found another revision, nothing is remembered', async () => {
  const memory = open();
  await memory.of([TENANT], []);
  await run.setStop(true);
  memory.forget();
  expect((await memory.of([TENANT], [])).control.switches).toMatchObject([{ switch_id: 'stop' }]);
  await run.setStop(false);
});
