import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';
import { renderNatsConfig } from '@countersign/infra/nats/render-config';
import { describe, expect, test } from 'vitest';

describe('renderNatsConfig', () => {
  const facts = { port: 4222, store_dir: '/data', server_version: '2.12.1', issuer: 'A'.padEnd(56, 'A') };
  const user = {
    name: 'one',
    account: SERVICES_ACCOUNT,
    nkey_public: 'U'.padEnd(56, 'A'),
    permissions: { publish: ['a'], subscribe: ['b'] },
  };

  test('refuses a server that ignores what the promises rest on', () => {
    expect(() => renderNatsConfig({ ...facts, server_version: '2.10.29', users: [user] })).toThrow(/2\.11\.0 or newer/);
  });

  test('refuses a user without a list, which would be allowed everything', () => {
    const unlisted = { ...user, permissions: { publish: [], subscribe: ['b'] } };
    expect(() => renderNatsConfig({ ...facts, users: [unlisted] })).toThrow(/one: an empty list/);
  });

  test('refuses a key that would end the entry early', () => {
    expect(() => renderNatsConfig({ ...facts, users: [{ ...user, nkey_public: 'U } }' }] })).toThrow(/nkey/);
  });

  test('refuses an issuer that would end the entry early', () => {
    expect(() => renderNatsConfig({ ...facts, users: [user], issuer: 'A } }' })).toThrow(/issuer/);
  });

  test('listens on loopback unless told', () => {
    expect(renderNatsConfig({ ...facts, users: [user] })).toContain('listen: "127.0.0.1:4222"');
    expect(renderNatsConfig({ ...facts, host: '0.0.0.0', users: [user] })).toContain('listen: "0.0.0.0:4222"');
  });
});
