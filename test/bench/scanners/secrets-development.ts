/** Places in which credentials stand, and what only looks like one. These were looked at while detectors were written. */
import { ALNUM, HEX, type Random } from './random.ts';
import type { Sample } from './sample.ts';
import { OPAQUE, PROVIDERS, pem, QUOTED } from './secret-values.ts';

type Place = (value: string, r: Random) => unknown;
const AROUND: readonly Place[] = [
  (v) => `token is ${v}, keep it safe`,
  (v) => ({ message: `deploy failed with ${v}` }),
  (v) => `export TOKEN=${v}\n`,
  (v) => `curl -H "Authorization: Bearer ${v}" https://api.example.com/v1`,
  (v) => [`line one`, `key "${v}"`],
];
const PLAIN: readonly Place[] = [
  (v) => `password=${v}`,
  (v) => `DB_PASSWORD=${v}\nDB_HOST=db\n`,
  (v) => ({ api_key: v }),
  (v) => ({ config: { client_secret: v } }),
  (v) => ({ Authorization: `Bearer ${v}` }),
  (v) => ({ name: 'DB_PASSWORD', value: v }),
  (v) => [['X-Api-Key', v]],
  (v) => ({ password: { value: v } }),
  (v) => ({ API_KEY_PROD: v }),
  (v) => `curl -u admin:${v} https://example.com/api`,
  (v) => `password := "${v}"`,
  (v) => `secret_key: ${v}\nregion: eu-west-1\n`,
  (v) => `| user | password |\n|---|---|\n| anna | ${v} |`,
  (v) => `username: anna\npassword: ${v}\n`,
  (v) => `my password is ${v}`,
];
const IN_QUOTES: readonly Place[] = [
  (v) => `password = "${v.replaceAll('"', '')}"`,
  (v) => `{"password": ${JSON.stringify(v)}}`,
  (v) => `client_secret: '${v.replaceAll("'", '')}'`,
];
const URLS: readonly Place[] = [
  (v) => `postgres://app:${encodeURIComponent(v)}@db.internal:5432/app`,
  (v) => `redis://:${encodeURIComponent(v)}@cache:6379/0`,
  (v) => `see https://admin:p@ss${v.replace(/[^A-Za-z0-9]/g, '')}@host.example/x`,
];

const QUIET: readonly ((r: Random) => unknown)[] = [
  (r) => `commit ${r.chars(HEX, 40)} fixes the login form`,
  (r) => `sha256:${r.chars(HEX, 64)}`,
  (r) => ({ id: `${r.chars(HEX, 8)}-${r.chars(HEX, 4)}-4${r.chars(HEX, 3)}-a${r.chars(HEX, 3)}-${r.chars(HEX, 12)}` }),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a placeholder looks like
  () => 'password=${DB_PASSWORD}',
  () => ({ password: '********' }),
  () => 'api_key: YOUR_API_KEY',
  () => 'const token = await getToken();',
  (r) => ({ primary_key: r.digits(9), sort_key: `user#${r.digits(5)}` }),
  (r) => ({ next_page_token: r.int(50), token_count: r.digits(4), max_tokens: 4096 }),
  () => 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE',
  () => 'The password must be at least 12 characters long.',
  () => ({ password_policy: 'min-length-12', secret_name: 'prod/db/password' }),
  (r) => `etag: "${r.chars(HEX, 32)}"`,
  (r) => `https://cdn.example.com/assets/app-${r.chars(ALNUM, 20)}.js`,
  () => 'password: string;',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a placeholder looks like
  () => 'token: ${{ secrets.GITHUB_TOKEN }}',
  (r) => `integrity: sha512-${r.chars(`${ALNUM}+/`, 86)}==`,
  () => 'postgres://user:password@localhost:5432/app',
  () => 'reset your password here: https://example.com/reset',
  (r) => `trace_id=${r.chars(HEX, 32)} span_id=${r.chars(HEX, 16)}`,
  () => ({ key: 'settings.language', value: 'de-DE' }),
  (r) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${r.chars(ALNUM, 43)} anna@laptop`,
];

export function secretsDevelopment(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, (_, i): Sample => {
    const turn = i % 8;
    if (turn < 3) {
      const [kind, make] = r.pick(PROVIDERS);
      return { kind: `provider ${kind}`, value: r.pick(AROUND)(make(r), r) };
    }
    if (turn < 6) {
      const [kind, make] = r.pick(OPAQUE);
      const at = r.int(PLAIN.length);
      return { kind: `place ${at} ${kind}`, value: PLAIN[at]!(make(r), r) };
    }
    if (turn === 6) {
      const [kind, make] = r.pick(QUOTED);
      return { kind: `quoted ${kind}`, value: r.pick(IN_QUOTES)(make(r), r) };
    }
    if (r.int(2) === 0) return { kind: 'url', value: r.pick(URLS)(r.pick(OPAQUE)[1](r), r) };
    const lines = pem(r);
    return { kind: 'pem', value: r.pick([lines.join('\n'), lines, lines.slice(0, 4).join('\n'), { key: lines }]) };
  });
}

export function secretLookalikesDevelopment(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, () => {
    const at = r.int(QUIET.length);
    return { kind: `lookalike ${at}`, value: QUIET[at]!(r) };
  });
}
