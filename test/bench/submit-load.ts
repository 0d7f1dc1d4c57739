/**
 * The bench's client, a process of its own. `rate` > 0 submits at that fixed rate and polls the results of a few of its
 * jobs, few enough not to be the load that is measured; otherwise `clients` submit one after the other as fast as they are answered. Prints one line of JSON.
 */

import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export type LoadResult = {
  accepted: number;
  refused: number;
  /** Of those accepted. */
  job_ids: string[];
  submit_ms: number[];
  released_ms: number[];
  /** When the first was submitted, milliseconds since 1970. */
  began_at: number;
};

const { url, key, rate, clients, seconds } = JSON.parse(process.env.BENCH_LOAD!) as {
  url: string;
  key: string;
  rate: number;
  clients: number;
  seconds: number;
};
/** One of so many jobs is followed to its result. */
const FOLLOWED = 40;
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const { hostname, port } = new URL(url);
const body = JSON.stringify({ topic: 'job.demo.read', prompt: 'status' });

function send(method: string, path: string, text?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'x-api-key': key,
      ...(text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}),
    };
    const sent = httpRequest({ agent, hostname, port, method, path, headers }, (answer) => {
      let received = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        received += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: received }));
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

const result: LoadResult = {
  accepted: 0,
  refused: 0,
  job_ids: [],
  submit_ms: [],
  released_ms: [],
  began_at: Date.now(),
};

async function submit(follow: boolean): Promise<void> {
  const started = performance.now();
  const answer = await send('POST', '/api/v1/jobs', body).catch(() => ({ status: 0, body: '' }));
  if (answer.status !== 202) {
    result.refused += 1;
    return;
  }
  result.accepted += 1;
  result.submit_ms.push(performance.now() - started);
  const { job_id } = JSON.parse(answer.body) as { job_id: string };
  result.job_ids.push(job_id);
  if (!follow) return;
  while (performance.now() - started < 10_000) {
    const seen = await send('GET', `/api/v1/jobs/${job_id}/result`);
    if (seen.status === 200) {
      result.released_ms.push(performance.now() - started);
      return;
    }
    await pause(2);
  }
}

async function atFixedRate(): Promise<void> {
  const started = performance.now();
  const under_way: Promise<void>[] = [];
  for (let sent = 0; sent < rate * seconds; sent += 1) {
    const due = started + (sent * 1000) / rate;
    const wait = due - performance.now();
    if (wait > 1) await pause(wait);
    under_way.push(submit(sent % FOLLOWED === 0));
  }
  await Promise.all(under_way);
}

async function asFastAsAnswered(): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const client = async (): Promise<void> => {
    while (performance.now() < end) await submit(false);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

await (rate > 0 ? atFixedRate() : asFastAsAnswered());
process.stdout.write(`${JSON.stringify(result)}\n`);
agent.destroy();
