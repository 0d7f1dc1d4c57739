/** The reference of the language shows conditions that compile and hold. */
import { compileWhen } from '@countersign/policy/compile-when';
import { expect, test } from 'vitest';
import { EXAMPLE, TOLD_FUNCTIONS, TOLD_VARIABLES } from '../../reference/when-examples.ts';

test.each(Object.entries({ ...TOLD_VARIABLES, ...TOLD_FUNCTIONS }))('%s', (name, [example]) => {
  expect(example).toContain(name);
  const compiled = compileWhen(example);
  if (!compiled.ok) throw new Error(`${example}: ${compiled.detail}`);
  expect(compiled.when.evaluate(EXAMPLE)).toEqual({ ok: true, value: true });
});
