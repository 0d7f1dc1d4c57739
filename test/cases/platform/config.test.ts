/**
 * Settings: every mistake of every service in one message, no value in any of them, the service's own key before the
 * common one.
 */

import { type BaseConfig, ConfigError, readConfig } from '@countersign/platform/config';
import { defineService, start } from '@countersign/platform/service';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const SEED = `SU${'A'.repeat(56)}`;
const GOOD = { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/db', NATS_URL: 'nats://127.0.0.1:1', NATS_NKEY_SEED: SEED };
const own = z.object({
  HTTP_PORT: z.coerce.number().int().max(65_535),
  MODE: z.enum(['closed', 'open']).default('closed'),
});

function mistakesOf(service: string, env: Record<string, string>): readonly string[] {
  try {
    readConfig(service, own, env);
    return [];
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.mistakes;
    throw thrown;
  }
}

function keysOf(mistakes: readonly string[]): string[] {
  return mistakes.map((mistake) => /^\w+/.exec(mistake)![0]);
}

describe('readConfig', () => {
  test('parses what is there and fills in what has a default', () => {
    const config = readConfig('ingress', own, { ...GOOD, HTTP_PORT: '8081' });
    expect(config).toMatchObject({ ...GOOD, HTTP_PORT: 8081, MODE: 'closed', LOG_LEVEL: 'info', HEALTH_PORT: 0 });
  });

  test('looks for the service’s own key first, dashes as underscores', () => {
    const env = { ...GOOD, HTTP_PORT: '1', INGRESS_HTTP_PORT: '2', OUTPUT_SAFETY_HTTP_PORT: '3' };
    const portOf = (service: string): number => readConfig(service, own, env).HTTP_PORT;
    expect(['ingress', 'output-safety', 'scheduler'].map(portOf)).toEqual([2, 3, 1]);
  });

  test('an empty text is no setting', () => {
    expect(readConfig('ingress', own, { ...GOOD, HTTP_PORT: '1', MODE: '', LOG_LEVEL: '' }).MODE).toBe('closed');
    expect(keysOf(mistakesOf('ingress', { ...GOOD, HTTP_PORT: '' }))).toEqual(['INGRESS_HTTP_PORT']);
  });

  test('reads nothing that the service does not name', () => {
    const config = readConfig('ingress', own, { ...GOOD, HTTP_PORT: '1', SECRET: 'x', INGRESS_SECRET: 'x' });
    expect(Object.values(config as BaseConfig & Record<string, unknown>)).not.toContain('x');
  });

  test('names all mistakes at once, by key', () => {
    const mistakes = mistakesOf('policy-kernel', {
      HTTP_PORT: 'a',
      MODE: 'wide',
      LOG_LEVEL: 'loud',
      DATABASE_POOL: '0',
    });
    expect(keysOf(mistakes).sort()).toEqual(
      ['DATABASE_POOL', 'DATABASE_URL', 'HTTP_PORT', 'LOG_LEVEL', 'MODE', 'NATS_NKEY_SEED', 'NATS_URL'].map(
        (key) => `POLICY_KERNEL_${key}`,
      ),
    );
  });

  test('never says a value', () => {
    const secrets = {
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      NATS_NKEY_SEED: 'SUhunter2',
      DATABASE_POOL: 'hunter2',
      HEALTH_PORT: 'hunter2',
      LOG_LEVEL: 'hunter2',
      METRICS_PREFIX: 'hunter2-',
      START_WAIT_MS: 'hunter2',
      HTTP_PORT: 'hunter2',
      MODE: 'hunter2',
    };
    const mistakes = mistakesOf('ingress', secrets);
    expect(mistakes).toHaveLength(Object.keys(secrets).length + 1);
    expect(mistakes.join()).not.toContain('hunter2');
  });
});

describe('start', () => {
  const never = (name: 'ingress' | 'audit', config: z.ZodObject) =>
    defineService({
      name,
      config,
      start: async () => {
        throw new Error('it was started');
      },
    });

  test('tells the mistakes of all services together, and starts none of them', async () => {
    const services = [never('ingress', own), never('audit', z.object({ WITNESS: z.string() }))];
    const failed = start(services, { ...GOOD, NATS_NKEY_SEED: 'hunter2' });
    const error = await failed.then(
      () => null,
      (thrown: unknown) => thrown as ConfigError,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect(keysOf(error!.mistakes).sort()).toEqual(
      ['AUDIT_NATS_NKEY_SEED', 'AUDIT_WITNESS', 'INGRESS_HTTP_PORT', 'INGRESS_NATS_NKEY_SEED'].sort(),
    );
    for (const mistake of error!.mistakes) expect(error!.message).toContain(mistake);
    expect(error!.message).not.toContain('hunter2');
  });
});
