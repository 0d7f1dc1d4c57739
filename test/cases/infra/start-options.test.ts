/** What `npm start` was told is done or refused aloud: also what npm takes for itself when the `--` is missing. */
import { readStartOptions } from '@countersign/infra/read-start-options';
import { SetUpError } from '@countersign/infra/set-up-error';
import { describe, expect, test } from 'vitest';

describe('options', () => {
  test('stand for themselves after --', () => {
    const told = readStartOptions(['--fresh', '--no-example', '--separate', '--replicas', '2'], {});
    expect(told).toMatchObject({ fresh: true, example: false, separate: true, replicas: 2 });
    expect(readStartOptions([], {})).toMatchObject({ fresh: false, example: true, separate: false, replicas: 1 });
  });

  test('that npm took for its own are done all the same', () => {
    const env = { npm_config_fresh: 'true', npm_config_example: '', npm_config_replicas: '2' };
    expect(readStartOptions([], env)).toMatchObject({ fresh: true, example: false, separate: false, replicas: 2 });
  });

  test.each([['--frsh'], ['--replicas', '0'], ['--replicas', '9'], ['--replicas', 'two'], ['--replicas']])(
    'that make no sense are refused: %s %s',
    (...args) => {
      expect(() => readStartOptions(args.filter(Boolean), {})).toThrow(SetUpError);
    },
  );

  test('that npm took and make no sense are refused as well', () => {
    expect(() => readStartOptions([], { npm_config_replicas: 'true' })).toThrow(SetUpError);
  });
});
