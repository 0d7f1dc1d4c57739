/**
 * Personal data, credentials and what only looks like them, in places that no detector was tuned to: written after the
 * detectors stood and scored once, as docs/scanners.md says. The values' arithmetic is that of pii-values.ts.
 */
import { PII } from './pii-values.ts';
import { ALNUM, DIGITS, HEX, LOWER, type Random, UPPER } from './random.ts';
import type { Sample } from './sample.ts';
import { OPAQUE, PROVIDERS, pem, QUOTED } from './secret-values.ts';

type Make = (r: Random) => unknown;

const LOOKALIKES: readonly (readonly [kind: string, make: Make])[] = [
  ['id', (r) => ({ userId: r.int(2_000_000_000), parentId: r.digits(10), ref: r.digits(18) })],
  ['id', (r) => `SELECT * FROM visits WHERE visit_id IN (${r.digits(9)}, ${r.digits(9)}, ${r.digits(11)});`],
  ['id', (r) => `/api/v3/accounts/${r.digits(10)}/entries/${r.digits(12)}`],
  ['id', (r) => ({ _id: r.chars(HEX, 24), rev: `${r.int(90)}-${r.chars(HEX, 32)}` })],
  ['epoch', (r) => ({ iat: 1_700_000_000 + r.int(99_999_999), exp: 1_800_000_000 + r.int(99_999_999) })],
  ['epoch', (r) => `${1_700_000_000_000 + r.int(99_999_999_999)} INFO worker-${r.int(9)} took ${r.int(9999)} ms`],
  ['epoch', (r) => `ts=${1_700_000_000 + r.int(99_999_999)}.${r.digits(6)} level=warn`],
  ['order number', (r) => `Your order ${r.digits(3)}-${r.digits(7)}-${r.digits(7)} has been packed.`],
  ['order number', (r) => ({ orderNumber: `SO${r.digits(8)}`, lines: r.int(9) })],
  ['order number', (r) => `Purchase order no. ${r.digits(10)} dated 2026-0${1 + r.int(9)}-1${r.int(9)}`],
  ['order number', (r) => `Auftrag ${r.digits(4)} ${r.digits(4)}, Pos. ${r.int(90)}`],
  ['version', (r) => `Chrome/${r.int(140)}.0.${r.digits(4)}.${r.int(200)} Safari/537.36`],
  ['version', (r) => `postgresql-18_${18}.${r.int(9)}-1.pgdg${r.int(13)}+1_amd64.deb`],
  ['version', (r) => ({ firmware: `${r.int(20)}.${r.int(99)}.${r.int(999)}.${r.int(9)}`, hw: `rev${r.int(9)}` })],
  ['digest', (r) => `image: registry.example/app@sha256:${r.chars(HEX, 64)}`],
  ['digest', (r) => `${r.chars(HEX, 40)} refs/heads/topic-${r.int(999)}`],
  ['digest', (r) => ({ etag: `"${r.chars(HEX, 32)}-${r.int(99)}"`, crc32: r.chars(HEX, 8) })],
  ['uuid', (r) => `request ${uuid(r)} took ${r.int(900)} ms`],
  ['uuid', (r) => ({ session: uuid(r), device: uuid(r).toUpperCase() })],
  ['ulid', (r) => `job 01J${r.chars('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 23)} finished`],
  ['tracking number', (r) => `Tracking: 1Z${r.chars(UPPER + DIGITS, 6)}${r.digits(10)}`],
  ['tracking number', (r) => `Sendung ${r.digits(14)} liegt im Depot`],
  ['tracking number', (r) => ({ carrier: 'post', tracking: `RR${r.digits(9)}DE` })],
  [
    'tracking number',
    (r) => `parcel ${r.digits(4)} ${r.digits(4)} ${r.digits(4)} ${r.digits(4)} ${r.digits(4)} ${r.int(9)}`,
  ],
  ['build number', (r) => `build 2026.${r.digits(3)}.${r.digits(4)} (${r.digits(3)}-${r.digits(4)})`],
  ['build number', (r) => `Build ${r.digits(3)}.${r.digits(3)}.${r.digits(4)} passed on ${r.int(9)} agents`],
  ['build number', (r) => ({ pipeline: r.digits(10), job: r.digits(11), retry: r.int(3) })],
  ['measure', (r) => `${r.digits(3)} ${r.digits(3)} ${r.digits(3)} bytes in ${r.digits(2)},${r.digits(3)} files`],
  ['measure', (r) => ({ x: `-0.${r.digits(9)}`, y: `1${r.digits(2)}.${r.digits(8)}` })],
  ['part number', (r) => `Part ${r.chars(UPPER, 2)}${r.digits(3)}-${r.digits(6)}-${r.chars(UPPER, 1)} is out of stock`],
  ['table', (r) => `${r.digits(5)}\t${r.digits(5)}\t${r.digits(5)}\n${r.digits(5)}\t${r.digits(5)}\t${r.digits(5)}\n`],
  ['hex dump', (r) => `0000${r.digits(4)}  ${Array.from({ length: 8 }, () => r.chars(HEX, 2)).join(' ')}`],
];

const RECORDS: readonly ((word: string, value: string) => unknown)[] = [
  (w, v) => `Hello, my ${w} is ${v}. Could you update it?`,
  (w, v) => ({ applicant: { documents: [{ kind: w, number: v }] } }),
  (w, v) => `- ${w}: ${v}\n- city: Ghent\n`,
  (w, v) => `| field | value |\n| --- | --- |\n| ${w} | ${v} |\n`,
  (w, v) => ({ messages: [{ role: 'user', content: `${w} ${v}` }] }),
  (w, v) => `${w.toUpperCase()}: ${v}`,
];

const NAMED: readonly ((value: string) => unknown)[] = [
  (v) => ({ env: [{ name: 'SMTP_PASSWORD', value: v }] }),
  (v) => `ENV DB_PASS=${v}\nRUN make\n`,
  (v) => `services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${v}\n`,
  (v) => `wget --header='Authorization: Bearer ${v}' https://api.example.com/export`,
  (v) => `mysql -u root -p${v} shop`,
  (v) => `ftp://backup:${encodeURIComponent(v)}@files.example.com/daily`,
  (v) => ({ credentials: { login: 'svc', secret: v } }),
  (v) => `final String apiToken = "${v}";`,
  (v) => `client_secret=${encodeURIComponent(v)}&client_id=web`,
  (v) => `the wifi password is ${v}`,
  (v) => `[default]\naws_secret_access_key = ${v}\n`,
  (v) => ({ headers: [['X-Auth-Token', v]] }),
  (v) => `<add key="ApiKey" value="${v}" />`,
  (v) => `machine git.example.com login ci password ${v}`,
  (v) => `signing_key: '${v}'`,
  (v) => `Passwort: ${v}`,
];
const ANYWHERE: readonly ((value: string) => unknown)[] = [
  (v) => `Traceback: request with ${v} was refused`,
  (v) => ({ log: [`ok`, `using ${v}`, `done`] }),
  (v) => `I think this is it: ${v} (please do not share)`,
  (v) => `curl https://api.example.com/v1?k=${v}`,
];
const IN_QUOTES: readonly ((value: string) => unknown)[] = [
  (v) => `const password = '${v.replaceAll("'", '')}';`,
  (v) => `{"password": ${JSON.stringify(v)}}`,
  (v) => `db_password="${v.replaceAll('"', '')}" ./deploy.sh`,
];

const NO_SECRETS: readonly Make[] = [
  (r) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${r.chars(ALNUM, 43)} anna@laptop`,
  (r) => `-----BEGIN PUBLIC KEY-----\n${r.chars(ALNUM, 64)}\n-----END PUBLIC KEY-----`,
  () => `password: ${'$'}{DB_PASSWORD:?set it in the environment}`,
  () => 'const password = process.env.DB_PASSWORD;',
  () => 'token = os.environ["API_TOKEN"]',
  () => 'api_key: <your-api-key>',
  () => 'Set the secret to `changeme` and change it after the first login.',
  () => ({ password: '********', token: 'REDACTED' }),
  () => 'Forgot your password? We send a link that is valid for an hour.',
  () => 'def check_password(password: str, hashed: bytes) -> bool:',
  (r) => `cache key user:${r.int(9999)}:profile hit`,
  (r) => ({ primary_key: r.int(9999), foreign_key: 'orders.customer_id', sort_key: 'created_at' }),
  (r) => `keyboard layout de-${r.int(9)}, key repeat ${r.int(99)}`,
  () => 'tokenizer: cl100k, max_new_tokens: 512',
  (r) => `csrf-token cookie set, length ${r.int(99)}`,
  () => 'type Credentials = { username: string; password: string };',
  (r) => `img-${r.chars(LOWER + DIGITS, 16)}.webp`,
  (r) => `<script src="/app.${r.chars(HEX, 20)}.js" integrity="sha384-${r.chars(`${ALNUM}+/`, 64)}"></script>`,
  () => 'secretKeyRef:\n  name: db\n  key: password\n',
  (r) => `The key finding: ${r.int(90)} of 100 people reuse a password.`,
];

/** With or without arithmetic of their own, by what pii-values.ts says. */
export function piiUnseen(isChecked: boolean) {
  return (r: Random, n: number): Sample[] => {
    const kinds = PII.filter(([, , checked]) => checked === isChecked);
    return Array.from({ length: n }, (_, i) => {
      const [kind, words, , make] = kinds[i % kinds.length]!;
      return { kind, value: r.pick(RECORDS)(r.pick(words), make(r)) };
    });
  };
}

export function piiLookalikesUnseen(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, (_, i) => {
    const at = i % LOOKALIKES.length;
    const [kind, make] = LOOKALIKES[at]!;
    return { kind: `${kind} ${at}`, value: make(r) };
  });
}

export function secretsUnseen(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, (_, i): Sample => {
    const turn = i % 8;
    if (turn < 3) {
      const [kind, make] = r.pick(PROVIDERS);
      return { kind: `provider ${kind}`, value: r.pick(ANYWHERE)(make(r)) };
    }
    if (turn < 6) {
      const [kind, make] = r.pick(OPAQUE);
      const at = r.int(NAMED.length);
      return { kind: `place ${at} ${kind}`, value: NAMED[at]!(make(r)) };
    }
    if (turn === 6) {
      const [kind, make] = r.pick(QUOTED);
      return { kind: `quoted ${kind}`, value: r.pick(IN_QUOTES)(make(r)) };
    }
    return {
      kind: 'pem',
      value: r.pick([{ file: pem(r).join('\r\n') }, { key: pem(r) }, `cat <<X\n${pem(r).join('\n')}\nX`]),
    };
  });
}

export function secretLookalikesUnseen(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, (_, i) => {
    const at = i % NO_SECRETS.length;
    return { kind: `quiet ${at}`, value: NO_SECRETS[at]!(r) };
  });
}

function uuid(r: Random): string {
  return [8, 4, 4, 4, 12].map((length) => r.chars(HEX, length)).join('-');
}
