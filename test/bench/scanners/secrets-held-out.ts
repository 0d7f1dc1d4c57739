/** Other places and other look-alikes. Written before the detectors it measures, and never opened while they were tuned. */
import { ALNUM, HEX, type Random, UPPER } from './random.ts';
import type { Sample } from './sample.ts';
import { OPAQUE, PROVIDERS, pem, QUOTED } from './secret-values.ts';

type Place = (value: string, r: Random) => unknown;
const AROUND: readonly Place[] = [
  (v) => `{"level":"error","msg":"401 from upstream","headers":{"x-token":"${v}"}}`,
  (v) => `git clone https://oauth2:${v}@git.example.com/team/repo.git`,
  (v) => ({ env: [{ name: 'SERVICE', value: v }] }),
  (v) => `Here you go:\n\`\`\`\n${v}\n\`\`\`\nthanks!`,
  (v) => `<config><entry>${v}</entry></config>`,
  (v) => `client = Client("${v}")`,
];
const PLAIN: readonly Place[] = [
  (v) => `MYSQL_ROOT_PASSWORD: ${v}`,
  (v) => ({ service: { auth: { bearerToken: v } } }),
  (v) => ({ headers: [{ key: 'X-Auth-Token', value: v }] }),
  (v) => ({ headers: ['Accept: */*', `Authorization: token ${v}`] }),
  (v) => ({ credentials: { user: 'svc', pass: v } }),
  (v) => `machine git.example.com login svc password ${v}\n`,
  (v) => `<password>${v.replaceAll('<', '')}</password>`,
  (v) => `<add key="SmtpPassword" value="${v}" />`,
  (v) => `define('DB_PASSWORD', '${v}');`,
  (v) => `os.environ["STRIPE_SECRET"] = "${v}"`,
  (v) => `mysql -h db -u root --password=${v} shop`,
  (v) => `./deploy --api-token ${v} --region eu`,
  (v) => `Server=tcp:db;Database=shop;User ID=app;Password=${v};Encrypt=True`,
  (v) => `GET /v1/items?limit=10&access_token=${encodeURIComponent(v)} HTTP/1.1`,
  (v) => `user,password,role\nanna,${v},admin\n`,
  (v) => `env:\n  - name: SMTP_PASSWORD\n    value: ${v}\n`,
  (v) => `:password => "${v}",`,
  (v) => `Login: anna / Password: ${v}`,
  (v) => `encryption_key = '${v}'`,
  (v) => ({ settings: { 'smtp.password': v } }),
  (v) => `Das Passwort lautet ${v}`,
];
const IN_QUOTES: readonly Place[] = [
  (v) => `db.connect({ user: 'app', password: '${v.replaceAll("'", '')}' })`,
  (v) => `passphrase: "${v.replaceAll('"', '')}"`,
  (v) => ({ body: JSON.stringify({ login: 'anna', password: v }) }),
  (v) => `secret="${v.replaceAll('"', '')}" region="eu"`,
];
const URLS: readonly Place[] = [
  (v) => `mongodb+srv://svc:${encodeURIComponent(v)}@cluster0.example.net/?retryWrites=true`,
  (v) => ({ dsn: `amqps://worker:${encodeURIComponent(v)}@queue.example.com/vhost` }),
  (v) => `ftp://deploy:${v.replace(/[^A-Za-z0-9]/g, '')}@x@files.example.com/in`,
];

const QUIET: readonly ((r: Random) => unknown)[] = [
  (r) => ({ digest: r.chars(HEX, 64), size: r.int(9999) }),
  (r) => `docker pull registry.example.com/app@sha256:${r.chars(HEX, 64)}`,
  (r) => ({ request_id: r.chars(`${UPPER}0123456789`, 26), session: `s-${r.int(999)}` }),
  () => 'PASSWORD=changeme',
  () => ({ secret: '<your-secret-here>' }),
  () => 'password = os.getenv("DB_PASSWORD")',
  () => 'if (password.length < 8) throw new Error("too short")',
  () => ({ forgot_password: 'https://example.com/forgot', show_password: false }),
  (r) => ({ cache_key: `user:${r.digits(6)}:profile`, partition_key: r.digits(8) }),
  () => ({ csrf_token_name: '_csrf', token_type: 'Bearer', token_endpoint: 'https://id.example.com/token' }),
  () => 'secretKeyRef:\n  name: db-credentials\n  key: password\n',
  () => 'api_key = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
  (r) => `<img src="data:image/png;base64,iVBORw0KGgo${r.chars(`${ALNUM}+/`, 120)}">`,
  (r) => `build ${r.digits(6)} artefact app_${r.chars(ALNUM, 8)}.tar.gz md5 ${r.chars(HEX, 32)}`,
  () => 'The API key is shown once; copy it to a safe place.',
  () => 'passed: 12, failed: 0, skipped: 3',
  () => '@click="togglePassword" :type="passwordFieldType"',
  () => 'public static final String PASSWORD_KEY = "password";',
  (r) => ({ public_key: r.chars(`${ALNUM}+/`, 43), fingerprint: `SHA256:${r.chars(ALNUM, 43)}` }),
  () => 'Authorization: Bearer <token>',
  () => 'vault kv get -field=password secret/prod/db',
  () => 'https://example.com/docs/authentication#api-key',
  (r) => ({
    idempotency_key: `${r.chars(HEX, 8)}-${r.chars(HEX, 4)}-4${r.chars(HEX, 3)}-8${r.chars(HEX, 3)}-${r.chars(HEX, 12)}`,
  }),
];

export function secretsHeldOut(r: Random, n: number): Sample[] {
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
    return {
      kind: 'pem',
      value: r.pick([lines.join('\\n'), { lines }, { pem: lines.slice(0, 3) }, `k: |\n  ${lines.join('\n  ')}`]),
    };
  });
}

export function secretLookalikesHeldOut(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, () => {
    const at = r.int(QUIET.length);
    return { kind: `lookalike ${at}`, value: QUIET[at]!(r) };
  });
}
