/**
 * `npm run bench:policy`: one policy in four engines, in one run on one machine, so that the ratios hold where absolute
 * numbers drift. Nothing is timed before all engines have given the same answers.
 */
import { cpus } from 'node:os';
import { cedar } from './ask-cedar.ts';
import { countersign, countersignBound } from './ask-countersign.ts';
import { jsonRules } from './ask-json-rules.ts';
import { plainLoop } from './ask-plain-loop.ts';
import type { Engine, Loaded } from './engine.ts';
import { type BenchPolicy, type BenchQuestion, type Layout, makePolicy, makeQuestions } from './make-policy.ts';
import { liveBytes, median, quantile, type Sampled, sample } from './measure.ts';

const ENGINES = [countersign, countersignBound, plainLoop, cedar, jsonRules];
const SIZES = (process.env.BENCH_RULES ?? '10,100,1000,10000').split(',').map(Number);
const QUESTIONS = 10_000;
/** Longest that one engine's answers are compared for; `BENCH_AGREE_SECONDS=0` compares all, however long it takes. */
const AGREE_SECONDS = Number(process.env.BENCH_AGREE_SECONDS ?? 10) || Number.POSITIVE_INFINITY;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const ROUND_MS = 300;
const LOADS = 3;

const HEADINGS = [
  '',
  'per CPU second',
  'per second (range)',
  'p50 µs',
  'p99 µs',
  'load ms',
  'MiB',
  'agreed',
  'Countersign is',
];
const WIDTHS = [18, 15, 30, 9, 9, 8, 7, 7, 16];

function pad(text: string, column: number): string {
  return column === 0 ? text.padEnd(WIDTHS[0]!) : text.padStart(WIDTHS[column]!);
}

type Run = {
  engine: Engine;
  loaded: Loaded;
  load_ms: number;
  bytes: number | null;
  agreed: number;
  samples: Sampled[];
};

function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function micro(value: number): string {
  return value < 100 ? value.toFixed(1) : whole(value);
}

async function load(engine: Engine, policy: BenchPolicy): Promise<Run> {
  const start = engine.prepare(policy);
  const times: number[] = [];
  const timed = async (): Promise<Loaded> => {
    const began = performance.now();
    const loaded = await start();
    times.push(performance.now() - began);
    return loaded;
  };
  for (let i = 1; i < LOADS; i++) await timed();
  const before = await liveBytes();
  const loaded = await timed();
  const bytes = engine.memory ? (await liveBytes()) - before : null;
  return { engine, loaded, load_ms: median(times), bytes, agreed: 0, samples: [] };
}

/** The plain loop is the reference: it is the one that a reader checks by eye. */
async function agree(run: Run, reference: Loaded, questions: readonly BenchQuestion[]): Promise<void> {
  const end = performance.now() + AGREE_SECONDS * 1000;
  for (const question of questions) {
    if (performance.now() > end) return;
    const [given, wanted] = [await run.loaded.ask(question), await reference.ask(question)];
    if (given.decision !== wanted.decision || given.rule_id !== wanted.rule_id) {
      throw new Error(
        `${run.engine.name} answers ${given.decision} by ${given.rule_id}, the plain loop ${wanted.decision} by ${wanted.rule_id}: ${JSON.stringify(question)}`,
      );
    }
    run.agreed++;
  }
}

async function compare(layout: Layout, rules: number): Promise<Run[]> {
  const policy = makePolicy(rules, layout);
  const questions = makeQuestions(QUESTIONS, rules, 1);
  const runs: Run[] = [];
  for (const engine of ENGINES) runs.push(await load(engine, policy));
  const reference = runs.find(({ engine }) => engine === plainLoop)!.loaded;
  for (const run of runs) await agree(run, reference, questions);
  // In turns, so that what else the machine does meets all of them alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const run of runs) run.samples.push(await sample(run.loaded, questions, ROUND_MS));
  }
  return runs;
}

function rateOf(run: Run): number {
  return median(run.samples.map(({ per_cpu_s }) => per_cpu_s));
}

/** Of the same round each, then the median. */
function timesOf(ours: Run, other: Run): number {
  return median(ours.samples.map(({ per_cpu_s }, round) => per_cpu_s / other.samples[round]!.per_cpu_s));
}

function show(layout: Layout, rules: number, runs: readonly Run[]): void {
  const where = layout === 'topics' ? 'each on the topics of its service' : 'every one on job.*, told apart by a label';
  say('');
  say(`${whole(rules)} rules, ${where}`);
  say(HEADINGS.map(pad).join(' '));
  for (const run of runs) {
    const wall = run.samples.map(({ per_s }) => per_s);
    const latencies = run.samples.flatMap(({ latencies_us }) => latencies_us);
    const cells = [
      run.engine.name,
      whole(rateOf(run)),
      `${whole(median(wall))} (${whole(Math.min(...wall))}–${whole(Math.max(...wall))})`,
      micro(quantile(latencies, 0.5)),
      micro(quantile(latencies, 0.99)),
      whole(run.load_ms),
      run.bytes === null ? 'unseen' : (run.bytes / 2 ** 20).toFixed(1),
      whole(run.agreed),
      run === runs[0] ? '' : `${timesOf(runs[0]!, run).toFixed(1)} × that`,
    ];
    say(cells.map(pad).join(' '));
  }
}

say(
  `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}; ${ROUNDS} rounds of ${ROUND_MS} ms, engines in turns, medians; ratios by CPU time, because other programs take their share of the clock`,
);
say(`agreement on ${whole(QUESTIONS)} random requests, or as many as ${AGREE_SECONDS} s allow each engine`);
for (const layout of ['topics', 'labels'] as const) {
  const rates = new Map<number, number>();
  for (const rules of SIZES) {
    const runs = await compare(layout, rules);
    show(layout, rules, runs);
    rates.set(rules, rateOf(runs[0]!));
  }
  const [few, many] = [rates.get(100), rates.get(10_000)];
  if (few !== undefined && many !== undefined) say(`\n100 → 10,000 rules: ${(few / many).toFixed(2)} × the time`);
}
