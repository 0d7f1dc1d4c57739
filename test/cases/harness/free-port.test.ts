import { findFreePort } from '@countersign/infra/find-free-port';
import { expect, test } from 'vitest';

test('a port that was handed out is never handed out again, though nobody listens there yet', async () => {
  const first = await findFreePort();
  const [lowest, highest] = [first, first + 4];
  const found: number[] = [];
  const exhausted = (async () => {
    for (;;) found.push(await findFreePort(lowest, highest));
  })();
  await expect(exhausted).rejects.toThrow('no free loopback port');
  expect(found).not.toContain(first);
  expect(new Set(found).size).toBe(found.length);
});
