/** What one client sees of one server, bare and behind the proxy, compared. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { type Driver, type DriverName, drive, type Result, type Server } from './clients.ts';
import type { Call, Place, Subject } from './subjects.ts';

type Trial = {
  subject: Subject;
  place: Place;
  inspector: string;
  /** Where calls that reached the server are written. */
  counted: string;
  bare: Server;
  proxied: Server;
  /** The job that a person is asked about next. */
  asked(server: string): Promise<string>;
  /** As that person. */
  vote(job_id: string, vote: 'approve' | 'deny'): Promise<void>;
};
/** `ok`, or what was seen instead, by what was looked at. */
export type Judged = Record<string, string>;

const OWN_TOOL = 'countersign_result';

export async function judge(trial: Trial, name: DriverName): Promise<Judged> {
  const { subject, place } = trial;
  const [allowed, held, refused] = [subject.allowed(place), subject.held(place), subject.refused(place)];
  const bare = await runBare(trial, name, [allowed, held]);
  await subject.reset(place);
  rmSync(trial.counted, { force: true });
  const reached = (): string => (existsSync(trial.counted) ? readFileSync(trial.counted, 'utf8') : '');
  await using driver = await drive(name, trial.proxied, trial.inspector);
  const judged: Judged = {};
  const look = (what: string, seen: unknown = null, wanted: unknown = null): void => {
    judged[what] =
      canonicalize(seen) === canonicalize(wanted)
        ? 'ok'
        : `not so: ${canonicalize(seen).slice(0, 400)} ≠ ${canonicalize(wanted).slice(0, 400)}`;
  };
  const tools = await driver.tools();
  const expected = bare.tools.filter((tool) => !subject.withheld?.includes(tool));
  look('list', tools.filter((tool) => tool !== OWN_TOOL).sort(), expected.sort());
  const read = await settled(driver, allowed);
  look('read allowed', strip(read), bare.results[0]);
  look('read reached it once, as asked', lines(reached()), [bare.reached[0]]);
  const no = await refusal(trial, driver, refused);
  look('refused', no, 'denied');
  look('refused never reached it', lines(reached()).length, 1);
  const before = await subject.left(place);
  const answer = whatever(driver.call(held));
  const job_id = await trial.asked(subject.name);
  look('held', driver.waits ? await isOpen(answer) : statusOf(await answer)?.status, driver.waits ? true : 'pending');
  look('held did not reach it', [lines(reached()).length, await subject.left(place)], [1, before]);
  await trial.vote(job_id, 'approve');
  const delivered = driver.waits ? await answer : await settled(driver, held);
  look('approved and delivered', strip(delivered), bare.results[1]);
  look('approved reached it once, as asked', lines(reached()).slice(1), [bare.reached[1]]);
  look('left behind', await subject.left(place), bare.left);
  return judged;
}

type Bare = { tools: string[]; results: unknown[]; reached: string[]; left: string };

async function runBare(
  { subject, place, bare, inspector, counted }: Trial,
  name: DriverName,
  calls: Call[],
): Promise<Bare> {
  await subject.reset(place);
  rmSync(counted, { force: true });
  await using driver = await drive(name, bare, inspector, 'legacy');
  const tools = await driver.tools();
  const results: unknown[] = [];
  for (const call of calls) results.push(strip(await driver.call(call)));
  return { tools, results, reached: lines(readFileSync(counted, 'utf8')), left: await subject.left(place) };
}

async function refusal(
  trial: Trial,
  driver: Driver,
  { by, ...call }: Call & { by: 'rule' | 'person' },
): Promise<unknown> {
  if (by === 'rule') return statusOf(await settled(driver, call))?.status;
  const answer = whatever(driver.call(call));
  await trial.vote(await trial.asked(trial.subject.name), 'deny');
  const said = await answer;
  if (!driver.waits) {
    // A refusal that came within the short wait was delivered by that answer; the same call again would be another job.
    const status = statusOf(said)?.status;
    return status === 'pending' ? statusOf(await settled(driver, call))?.status : status;
  }
  return JSON.stringify(said).includes('Denied') ? 'denied' : said;
}

/** An error of the client as what it was answered. */
function whatever(answer: Promise<Result>): Promise<Result> {
  return answer.catch((thrown: Error) => ({ content: [thrown.message] }));
}

async function isOpen(answer: Promise<Result>): Promise<boolean> {
  const open = Symbol('open');
  return (await Promise.race([answer, Promise.resolve(open)])) === open;
}

/** Under load an answer may be pending although nobody is asked. */
async function settled(driver: Driver, call: Call): Promise<Result> {
  for (let tries = 0; ; tries += 1) {
    const result = await driver.call(call);
    const status = statusOf(result)?.status;
    if ((status !== 'pending' && status !== 'unavailable') || tries === MOST_TRIES) return result;
  }
}
const MOST_TRIES = 30;

function statusOf(result: Result): any {
  return result._meta?.['countersign/status'];
}

/** Without what the proxy adds, which job it was, and the time in names of files; everything else has to be the bare server's. */
function strip({ _meta = {}, ...result }: Result): unknown {
  const own = Object.entries(_meta).filter(([name]) => !name.startsWith('countersign/') && name !== SERVER_INFO);
  const { resultType: _, ...rest } = result as Record<string, unknown>;
  const whole = own.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(own) };
  return JSON.parse(JSON.stringify(whole).replaceAll(TIME_IN_NAME, '<time>'));
}
const TIME_IN_NAME = /\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z/g;
/** The era of 2026 has it in every result. */
const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
