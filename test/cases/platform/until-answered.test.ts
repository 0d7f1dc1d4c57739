/** A start waits for what does not answer yet: Postgres and the bus alike, for so long, and for nothing else. */
import { CountersignError } from '@countersign/contracts/errors';
import { untilAnswered } from '@countersign/platform/until-answered';
import { describe, expect, it } from 'vitest';

const failing = (times: number, thrown: Error) => {
  const asked = { times: 0 };
  const ask = async (): Promise<string> => {
    asked.times += 1;
    if (asked.times <= times) throw thrown;
    return 'answered';
  };
  return { asked, ask };
};

describe('a start', () => {
  it.each(['bus_unavailable', 'database_unavailable'] as const)('asks again after %s', async (code) => {
    const { asked, ask } = failing(2, new CountersignError(code));
    expect(await untilAnswered(ask, 10_000)).toBe('answered');
    expect(asked.times).toBe(3);
  });

  it.each([new CountersignError('policy_missing'), new Error('a bug')])('does not after %s', async (thrown) => {
    const { asked, ask } = failing(1, thrown);
    await expect(untilAnswered(ask, 10_000)).rejects.toBe(thrown);
    expect(asked.times).toBe(1);
  });

  it('throws what it heard last when the time is over', async () => {
    const { ask } = failing(1_000, new CountersignError('database_unavailable'));
    await expect(untilAnswered(ask, 300)).rejects.toMatchObject({ code: 'database_unavailable' });
  });
});
