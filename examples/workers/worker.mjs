/**
 * A whole worker over HTTP in plain JavaScript, without dependencies: docs/worker-protocol.md in code. It runs one job at a
 * time, and keeps each result until it is settled.
 */
import { createHash, createPrivateKey, createPublicKey, randomBytes, randomUUID, sign, verify } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const BEAT_MS = 400;
const GRACE_MS = 2_000;
const WARRANT = { typ: 'countersign-warrant+jwt', alone: 'EdDSA', together: 'EdDSA-RFC6962' };
const TOGETHER_DOMAIN = Buffer.from('countersign/warrants/v1\0');
const NOT_LET_IN = new Set(['unauthenticated', 'revoked', 'signature_invalid']);

/**
 * `file`: what `countersign workers add --http` wrote, parsed. `handle(job, { signal, constraints })` returns any JSON; an
 * error with `retryable: true` asks for another attempt. `enforces`: names under `constraints.worker` that it really enforces.
 * `refusal_pause_ms`: for how long it takes nothing after it refused a warrant; doubled each time. Ends when `signal` aborts and nothing is left. Throws when nothing that this worker did would count.
 */
export async function runWorker(file, handle, options = {}) {
  const { enforces = [], signal = new AbortController().signal, refusal_pause_ms = 2_000 } = options;
  const key = createPrivateKey(file.signing_key);
  const pinned = file.scheduler_public_keys.map((x) =>
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
  );
  const running = new Map();
  const kept = new Map();
  let turnedAway = null;
  let refusals = 0;

  async function post(verb, value, { query = '', wait_ms = 3_000 } = {}) {
    const url = new URL(`/api/v1/worker/${verb}${query}`, file.url);
    const body = JSON.stringify(value);
    try {
      const init = { method: 'POST', headers: signed(url, body), body, signal: AbortSignal.timeout(wait_ms) };
      const response = await fetch(url, init);
      const said = await response.json();
      // Also where a result is refused, which is an answer like any other.
      if (NOT_LET_IN.has(said.code)) turnedAway ??= said.code;
      if (response.ok) return { ok: true, said };
      return { ok: false, code: said.code, again: response.status >= 500 || response.status === 429 };
    } catch {
      return { ok: false, code: 'no_answer', again: true };
    }
  }

  /** RFC 9421: each request is good once. */
  function signed(url, body) {
    const headers = { 'content-type': 'application/json', 'content-digest': `sha-256=:${sha256(body, 'base64')}:` };
    const values = {
      '@method': 'POST',
      '@authority': url.host,
      '@path': url.pathname,
      '@query': url.search || '?',
      ...headers,
    };
    const names = Object.keys(values);
    const now = Math.floor(Date.now() / 1000);
    const nonce = randomBytes(18).toString('base64url');
    const params = `(${names.map((name) => `"${name}"`).join(' ')});created=${now};expires=${now + 60};nonce="${nonce}";keyid="worker:${file.pool}/${file.worker}";alg="ed25519";tag="countersign-worker"`;
    const base = [...names.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${params}`].join('\n');
    const signature = sign(null, Buffer.from(base), key).toString('base64');
    return { ...headers, 'signature-input': `worker=${params}`, signature: `worker=:${signature}:` };
  }

  /** Proves that the scheduler is the one that is pinned, and hears whether this worker's work would count. */
  async function hello() {
    const nonce = randomUUID();
    const text = (who) => Buffer.from(`countersign hello from ${who}: ${file.pool}/${file.worker} ${nonce}`);
    const asked = { nonce, signature: sign(null, text('worker'), key).toString('base64url') };
    for (let more = { together: true }; ; ) {
      const answer = await post('hello', { ...asked, ...more });
      // A plane of before: it sends each warrant by itself.
      if (['field_unknown', 'field_invalid'].includes(answer.code) && more.together) {
        more = {};
        continue;
      }
      if (answer.ok) {
        const proof = Buffer.from(answer.said.signature, 'base64url');
        if (!pinned.some((each) => verify(null, text('scheduler'), each, proof)))
          throw new Error('scheduler_key_unpinned');
        if (answer.said.code !== null) throw new Error(answer.said.code);
        return;
      }
      if (!answer.again) throw new Error(answer.code);
      await pause(500);
    }
  }

  async function work(delivery) {
    const { dispatch_id, receipt } = delivery;
    const claim_id = randomUUID();
    const asked_at = performance.now();
    const checked = check(delivery, { pool: file.pool, pinned, enforces });
    const refused = checked.refused === undefined ? {} : { refused: { code: checked.refused } };
    let answer;
    for (let tries = 0; tries < 2 && answer?.ok !== true; tries += 1)
      answer = await post('claim', { dispatch_id, claim_id, receipt, ...refused });
    const { said } = answer;
    // Another worker of the pool shall get it.
    refusals = checked.refused === undefined ? 0 : refusals + 1;
    if (refusals > 0) await pause(Math.min(60_000, refusal_pause_ms * 2 ** (refusals - 1)));
    // Lost, or not now: its message is gone, or comes again by itself.
    if (!answer.ok || checked.refused !== undefined || said.outcome !== 'granted' || said.claim_id !== claim_id) return;
    // Said while the claim was under way: nobody would accept a result.
    if (turnedAway !== null) return;
    const { claims, job } = checked;
    if (`${said.tenant}/${said.job_id}` !== claims.sub || said.attempt !== claims.attempt) return;
    const names = { dispatch_id, claim_id, tenant: said.tenant, job_id: said.job_id, attempt: said.attempt };
    const began = performance.now();
    const outcome = await run(names, job, said, asked_at);
    if (outcome === null) return;
    const duration_ms = Math.round(performance.now() - began);
    void report(job.topic, { ...names, worker: file.worker, duration_ms, ...outcome });
  }

  /** What came of it; null when the lease was lost: nobody would accept a result. */
  async function run({ dispatch_id, claim_id }, job, { lease_ms, timeout_ms, max_output_bytes }, asked_at) {
    const ending = new AbortController();
    const abort = (reason) => ending.abort(reason);
    running.set(dispatch_id, { claim_id, lease_ms, lease_end: asked_at + lease_ms, abort });
    const timer = setTimeout(abort, timeout_ms, 'timed_out');
    const own = outcomeOf(handle, job, ending.signal, max_output_bytes);
    const grace = new Promise((resolve) =>
      ending.signal.addEventListener('abort', () => setTimeout(resolve, GRACE_MS, null), { once: true }),
    );
    const outcome = await Promise.race([own, grace]);
    clearTimeout(timer);
    running.delete(dispatch_id);
    const { aborted, reason } = ending.signal;
    if (!aborted) return outcome;
    return reason === 'lease_lost'
      ? null
      : { status: reason, retryable: false, output: errorOf(reason, 'ended from outside') };
  }

  async function report(topic, unsigned) {
    const { dispatch_id, claim_id } = unsigned;
    const signature = sign(null, Buffer.from(canonical(unsigned)), key).toString('base64url');
    kept.set(dispatch_id, claim_id);
    for (let wait_ms = 500; kept.has(dispatch_id); wait_ms = Math.min(8_000, wait_ms * 2)) {
      const { ok, said, code, again } = await post('result', { ...unsigned, signature }, { query: `?topic=${topic}` });
      const settled = ok && said.dispatch_id === dispatch_id && said.claim_id === claim_id;
      if (settled || (!ok && !again)) kept.delete(dispatch_id);
      else await pause(wait_ms);
      // Nobody can read it, and to run it again would only do its effects again.
      if (!ok && !again && unsigned.status === 'succeeded')
        return report(topic, { ...unsigned, status: 'failed', output: errorOf('output_not_taken', code) });
    }
  }

  async function beat() {
    for (const run of running.values()) if (performance.now() >= run.lease_end) run.abort('lease_lost');
    const named = (of, reported) =>
      [...of].map(([dispatch_id, held]) => ({ dispatch_id, claim_id: held.claim_id ?? held, reported }));
    const attempts = [...named(running, false), ...named(kept, true)];
    if (attempts.length === 0) return;
    const asked_at = performance.now();
    const { ok, said } = await post('beat', { attempts });
    for (const { dispatch_id, order } of ok ? said.attempts : []) {
      const run = running.get(dispatch_id);
      if (order === 'settled') kept.delete(dispatch_id);
      else if (order === 'stop') run?.abort('stopped');
      else if (run !== undefined) run.lease_end = asked_at + run.lease_ms;
    }
  }

  await hello();
  let beating = Promise.resolve();
  const beats = setInterval(() => (beating = beating.then(beat)), BEAT_MS);
  try {
    while (!signal.aborted && turnedAway === null) {
      const { ok, said } = await post('next', { wait_ms: 2_000 }, { wait_ms: 6_000 });
      if (turnedAway !== null) break;
      if (ok && said.delivery !== null) await work(said.delivery);
      else if (!ok) await pause(500);
    }
    while (kept.size > 0) await pause(50);
  } finally {
    clearInterval(beats);
  }
  if (turnedAway !== null) throw new Error(turnedAway);
}

/** `{ claims, job }`, or `{ refused }` with the code of the first check that fails. */
export function check({ subject, message }, { pool, pinned, enforces }) {
  try {
    const { warrant, salt, effective: job } = JSON.parse(message);
    const [head, body, signature] = warrant.split('.');
    const [header, claims] = [head, body].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    const known = Object.keys(header).every((name) => ['alg', 'typ', 'kid'].includes(name));
    if (!known || header.typ !== WARRANT.typ) return { refused: 'warrant_header' };
    if (![WARRANT.alone, WARRANT.together].includes(header.alg)) return { refused: 'warrant_header' };
    const [text, proof] = [Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url')];
    const opened = header.alg === WARRANT.together ? openTogether(text, proof) : { signed: text, signature: proof };
    if (!opened || !pinned.some((key) => verify(null, opened.signed, key, opened.signature)))
      return { refused: 'warrant_signature' };
    const now = Date.now() / 1000;
    if (claims.iss !== 'countersign-scheduler') return { refused: 'warrant_claims' };
    if (claims.aud !== pool) return { refused: 'warrant_audience' };
    if (now < claims.nbf || now >= claims.exp) return { refused: 'warrant_time' };
    if (claims.sub !== `${job.tenant}/${job.job_id}`) return { refused: 'warrant_subject' };
    const expected = ['job', 'dispatch', pool, job.tenant, ...job.topic.split('.').slice(1)].join('.');
    if (subject !== expected) return { refused: 'warrant_subject' };
    if (Buffer.from(salt, 'base64url').length < 16) return { refused: 'warrant_effective' };
    if (salted('effective', salt, job) !== claims.effective_digest) return { refused: 'warrant_effective' };
    const content = Object.fromEntries(
      ['prompt', 'payload'].filter((name) => name in job).map((name) => [name, job[name]]),
    );
    if (salted('payload', salt, content) !== claims.payload_digest) return { refused: 'warrant_payload' };
    if (!(job.constraints.worker ?? []).every((name) => enforces.includes(name)))
      return { refused: 'constraint_unenforced' };
    return { claims, job };
  } catch {
    return { refused: 'message_malformed' };
  }
}

/** What one signature over several warrants is over, from this one's path through their tree (RFC 6962); null for no path. */
function openTogether(text, proof) {
  if (proof.length < 100 || proof.length % 32 !== 4) return null;
  let [at, last] = [proof.readUInt16BE(64), proof.readUInt16BE(66) - 1];
  if (at > last) return null;
  let hash = hashed(0, text);
  for (let from = 68; from < proof.length; from += 32) {
    if (last === 0) return null;
    const sibling = proof.subarray(from, from + 32);
    const isRight = at % 2 === 1 || at === last;
    hash = isRight ? hashed(1, sibling, hash) : hashed(1, hash, sibling);
    while (isRight && at !== 0 && at % 2 === 0) [at, last] = [at >> 1, last >> 1];
    [at, last] = [at >> 1, last >> 1];
  }
  const signed = Buffer.concat([TOGETHER_DOMAIN, proof.subarray(66, 68), hash]);
  return last === 0 ? { signed, signature: proof.subarray(0, 64) } : null;
}

function hashed(prefix, ...parts) {
  return sha256(Buffer.concat([Buffer.of(prefix), ...parts]));
}

/** RFC 8785: keys by UTF-16 code units; JavaScript writes numbers and strings as it demands. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(',')}}`;
}

function salted(domain, salt, value) {
  const bytes = Buffer.from(salt, 'base64url');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return `sha256:${sha256(Buffer.concat([Buffer.from(`countersign/${domain}/v1\0`), length, bytes, Buffer.from(canonical(value))]), 'hex')}`;
}

async function outcomeOf(handle, job, signal, max_output_bytes) {
  try {
    const text = JSON.stringify((await handle(job, { signal, constraints: job.constraints })) ?? null);
    if (Buffer.byteLength(text) > max_output_bytes)
      return { status: 'failed', retryable: false, output: errorOf('output_too_large', '') };
    return { status: 'succeeded', retryable: false, output: JSON.parse(text) };
  } catch (thrown) {
    const retryable = thrown?.retryable === true;
    return { status: 'failed', retryable, output: errorOf(thrown?.code ?? 'handler_failed', thrown?.message ?? '') };
  }
}

function errorOf(code, detail) {
  const clean = (text, chars) => String(text).slice(0, chars).replaceAll('\0', '\ufffd').toWellFormed();
  return { error: { code: clean(code, 64), detail: clean(detail, 500) } };
}

function sha256(data, encoding) {
  return createHash('sha256').update(data).digest(encoding);
}
