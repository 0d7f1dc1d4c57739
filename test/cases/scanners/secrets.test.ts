import { scanValue } from '@countersign/scanners/scan';
import { fitsChecksum } from '@countersign/scanners/secret-checksums';
import { NOWHERE, ofMembers } from '@countersign/scanners/surroundings';
import { createUser } from '@nats-io/nkeys';
import { describe, expect, it } from 'vitest';

function typesIn(value: unknown) {
  const result = scanValue(value, ['secrets']);
  if (!result.ok) throw new Error(result.code);
  return result.findings.map((f) => f.type);
}

// Put together here, so that no file of this repository looks as if it leaked something.
const BODY = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6';

function body(n: number) {
  return BODY.repeat(3).slice(0, n);
}

function encode(text: string) {
  return Buffer.from(text).toString('base64url');
}
const JWT = `${encode('{"alg":"EdDSA","typ":"JWT"}')}.${encode('{"sub":"job"}')}.${body(64)}`;
const PEM = `-----BEGIN PRIVATE ${'KEY'}-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE ${'KEY'}-----`;

const SECRETS: readonly (readonly [string, string])[] = [
  ['countersign_key', `cs_${body(43)}`],
  ['countersign_key', `key is cs_${body(43)}.`],
  ['aws_key', `AKIA${'ABCDEFGH23456789'}`],
  ['github_token', `ghp_${body(36)}`],
  ['github_token', `github_pat_${body(60)}`],
  ['gitlab_token', `glpat-${body(20)}`],
  ['slack_token', `xoxb-123456789012-${body(24)}`],
  ['slack_token', `https://hooks.slack.com/services/T0000AAAA/B0000AAAA/${body(24)}`],
  ['stripe_key', `sk_live_${body(24)}`],
  ['npm_token', `npm_${body(36)}`],
  ['google_key', `AIza${body(35)}`],
  ['azure_key', `DefaultEndpointsProtocol=https;AccountKey=${body(86)}==;`],
  ['azure_key', `abc8Q~${body(34)}`],
  ['vendor_token', `hvs.${body(24)}`],
  ['vendor_token', `p8e-${body(32)}`],
  ['vendor_token', `amzn.mws.${'9f2c41d7-3b6a-4e58-a1c0-7d94e2b86f35'}`],
  ['vendor_token', `sm_pat_${body(16)}`],
  ['vendor_token', `dnkey-${body(26)}-${body(52)}`],
  ['vendor_token', `s-s4t2ud-${'9f2c41d73b6a4e58'.repeat(4)}`],
  ['vendor_token', `pat.${body(22)}.${'9f2c41d73b6a4e58a1c07d94'}.${body(20)}`],
  ['vendor_token', `4b1d${body(38)}`],
  ['vendor_token', `AQVN${body(36)}`],
  ['vendor_token', `eyJrIjoi${body(72)}`],
  ['nats_seed', `SU${'A2B3C4D5E6F7G'.repeat(5).slice(0, 56)}`],
  ['jwt', JWT],
  ['jwt', `Authorization: Bearer ${JWT}`],
  ['private_key', PEM],
  ['private_key', JSON.stringify({ key: PEM })],
  ['private_key', PEM.replace('-----END', '')],
  ['connection_string', 'postgres://app:s3cr3t-Pa55@db.internal:5432/app'],
  ['connection_string', 'amqps://u:p%40ss@queue'],
  ['credential_assignment', 'password=hunter2'],
  ['credential_assignment', 'DB_PASSWORD=Tr0ub4dor&3'],
  ['credential_assignment', '"api_key": "9f8e7d6c5b4a"'],
  ['credential_assignment', 'x-api-key: 9f8e7d6c5b4a3210'],
  ['credential_assignment', 'Server=db;User Id=app;Password=S3cure!Pass;'],
  ['credential_assignment', 'Authorization: Basic YXBwOnNlY3JldA=='],
  ['credential_assignment', 'my password is Tr0ub4dor&3, please fix it'],
];

describe('secrets', () => {
  it.each(SECRETS)('finds %s in %j', (type, text) => {
    expect(typesIn(text)).toContain(type);
  });

  it.each(SECRETS)('finds %s in %j under encodings', (type, text) => {
    expect(typesIn(encodeURIComponent(text).replaceAll('-', '%2D'))).toContain(type);
    expect(typesIn(`see ${Buffer.from(`config: ${text}`).toString('base64')}`)).toContain(type);
    expect(typesIn(`${text.slice(0, 3)}\u200b${text.slice(3)}`)).toContain(type);
  });

  it.each([
    'password: please reset it',
    'password is case-sensitive',
    'password=********',
    'password=[redacted:credential_assignment]',
    'password=$DB_PASSWORD',
    'token: 3 per minute',
    'api_key: YOUR_API_KEY',
    'secret = settings.SECRET_KEY',
    'password = getPassword()',
    'password = role_password',
    'private_key: Uint8Array',
    'password_encryption: scram-sha-256',
    'password: scram-sha-256',
    `docs_${body(43)}`,
    `cs_${body(42)}`,
    `cs_${body(44)}`,
    'AKIA1234',
    'https://example.com:8080/users/@bob',
    'postgres://user:password@localhost/app',
    'public-key: see the wiki',
    'task-management-and-scheduling-for-larger-organisations',
    '-----BEGIN CERTIFICATE-----',
    'eyJhbGciOiJub25lIn0',
    '4bf92f3577b34da6a3ce929d0e0e4736',
  ])('finds nothing in %j', (text) => {
    expect(typesIn(text)).toEqual([]);
  });

  it('takes a member name as context', () => {
    expect(typesIn({ password: 'correcthorse1' })).toEqual(['credential_assignment']);
    expect(typesIn({ config: { clientSecret: ['x9Fk2LmQ'] } })).toEqual(['credential_assignment']);
    expect(typesIn({ password: 'please reset my account' })).toEqual([]);
    expect(typesIn({ next: 'correcthorse1' })).toEqual([]);
  });
});

describe('names beside their values', () => {
  const found = (value: unknown) => {
    const result = scanValue(value, ['secrets']);
    return result.ok ? result.findings.map(({ type, place }) => `${type} ${place}`) : [result.code];
  };
  const VALUE = 'Xk39sLq0vPd2mRt7';

  it('belong together when both begin alike', () => {
    for (const [name, value] of [
      ['ParameterKey', 'ParameterValue'],
      ['attribute_name', 'attribute_value'],
      ['HeaderName', 'headerValue'],
    ] as const) {
      expect(found({ [name]: 'DatabasePassword', [value]: VALUE })).toEqual([`credential_assignment /${value}`]);
      expect(found({ [name]: 'Region', [value]: VALUE })).toEqual([]);
    }
    expect(found({ ColourName: 'password', ParameterValue: VALUE })).toEqual([]);
  });

  it('are the attributes of an element that holds them', () => {
    expect(found(`<property name="accessToken">${VALUE}</property>`)).toEqual(['credential_assignment ']);
    expect(found(`<entry key='smtp.password' type="text">${VALUE}</entry>`)).toEqual(['credential_assignment ']);
    expect(found(`<input name="password" required /> ${VALUE}`)).toEqual([]);
    expect(found('<textarea name="password">Enter your password</textarea>')).toEqual([]);
  });

  it('are read once for an object, however many values it has', () => {
    let reads = 0;
    const target = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`a${String.fromCharCode(97 + (i % 26))}${'x'.repeat(i % 20)}Value`, 'v']),
    );
    const members = new Proxy(target, {
      ownKeys(of) {
        reads += 1;
        return Reflect.ownKeys(of);
      },
    });
    const standing = ofMembers(members, NOWHERE);
    for (const name of Object.keys(target)) standing(name, 'v');
    expect(reads).toBeLessThan(4);
  });
});

describe('a token that carries its own checksum', () => {
  /** Published as an example of the form by who described it; it never was a key. */
  const PUBLISHED = `${'zQWBuTSOoRi4A9spHcVY5'}${'ncnsDkxkJ'}0mLq17`;
  const seed = new TextDecoder().decode(createUser().getSeed());

  function found(text: string) {
    const result = scanValue(text, ['secrets']);
    if (!result.ok) throw new Error(result.code);
    return result.findings.map(({ type, why, confidence }) => [type, why, confidence]);
  }

  it.each([
    ['github_token', `ghp_${PUBLISHED}`],
    ['github_token', `ghr_${PUBLISHED}`],
    ['npm_token', `npm_${PUBLISHED}`],
    ['nats_seed', seed],
    // Made by BIP 173's own reference code, of random data.
    ['vendor_token', `AGE-SECRET-KEY-1${'5FERYXHRDZ9M6Y09MR8WRERWZGJ6F8'}${'NTXVHXYRDLM5AAHN0T09NQN3FC3J'}`],
  ])('%s is certain where it fits', (type, token) => {
    expect(found(token)).toEqual([[type, 'checksum', 'certain']]);
  });

  it.each([
    ['github_token', `ghp_${PUBLISHED.slice(0, -1)}8`],
    ['npm_token', `npm_${body(36)}`],
    // Inside: the last character has bits of padding, which say nothing.
    ['nats_seed', `${seed.slice(0, 20)}${seed[20] === 'A' ? 'B' : 'A'}${seed.slice(21)}`],
  ])('%s is found, as possible, where it does not', (type, token) => {
    expect(found(token)).toEqual([[type, 'prefix and length, no checksum', 'possible']]);
  });

  it('is judged by the form that the sum is defined for, and by no other', () => {
    expect(found(`ghs_${body(80)}`)).toEqual([['github_token', 'prefix and length', 'likely']]);
  });

  it.each(['A12UEL5L', 'AN83CHARACTERLONGHUMANREADABLEPARTTHATCONTAINSTHENUMBER1ANDTHEEXCLUDEDCHARACTERSBIO1TT5TGS'])(
    'bech32 takes the vector %s of BIP 173 and none that differs',
    (vector) => {
      expect(fitsChecksum('bech32', vector)).toBe(true);
      expect(fitsChecksum('bech32', `${vector.slice(0, -1)}${vector.endsWith('L') ? 'Q' : 'L'}`)).toBe(false);
    },
  );
});

describe('a value that is put together in code', () => {
  const named = (variable: string) => `\${${variable}}`;
  const found = (text: string) => {
    const result = scanValue({ text }, ['secrets']);
    return result.ok && result.findings.length > 0;
  };

  it.each([
    `const credential = \`Credential=${named('access_key_id')}/${named('scope')}\`;`,
    `authorization: \`AWS4-HMAC-SHA256 ${named('credential')}, \``,
  ])('is quiet where variables and words are all of it: %s', (text) => expect(found(text)).toBe(false));

  it('counts where a part of it is one', () => {
    expect(found(`const password = "\${user}-Kx81mQpW92"`)).toBe(true);
    expect(found(`password: "Zx81kQpW92mT\${suffix}"`)).toBe(true);
  });
});
