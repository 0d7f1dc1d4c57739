/** `countersign top`: the system as it runs, out of its metrics; until Ctrl-C, or once. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { isJson, type Output, print, refuseUrl } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { metricsOption } from './doctor-command.ts';
import { readSamples, type Sample } from './metric-samples.ts';
import { showTop, topOf } from './show-top.ts';

type Options = { metrics: string; interval: number; once?: boolean };

/** Back to the corner, and away with what stands below. */
const CLEAR = '\u001b[H\u001b[2J';

export function addTopCommand(program: Command, output: Output): void {
  program
    .command('top')
    .description('what waits in each pool, rates, denials, approvals, lag: live, until Ctrl-C')
    .addOption(metricsOption())
    .option('--interval <seconds>', 'between two readings', seconds, 2)
    .option('--once', 'two readings, one picture; so it also does where no terminal is')
    .action((options: Options, command: Command) => watch(output, options, command));
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 3600)) throw new InvalidArgumentError('It must be from 0.1 to 3600.');
  return value;
}

async function watch(output: Output, { metrics, interval, once }: Options, command: Command): Promise<void> {
  refuseUrl(metrics);
  const terminal = process.stdout.isTTY === true;
  const live = terminal && once !== true && !isJson(command);
  let before = await read(metrics);
  do {
    await pause(interval * 1000);
    const after = await read(metrics).catch((thrown: Error) => {
      if (!live) throw thrown;
      // Whoever watches a system that goes down wants to see it come back.
      output.write(`${CLEAR}${thrown.message}\n`);
      return null;
    });
    if (after === null) continue;
    const top = topOf(before.samples, after.samples, (after.at - before.at) / 1000);
    if (live) output.write(`${CLEAR}${new Date().toISOString().slice(0, 19)}Z  ${metrics}\n\n`);
    print(output, command, top, showTop);
    before = after;
  } while (live);
}

async function read(url: string): Promise<{ samples: Sample[]; at: number }> {
  try {
    return { samples: await readSamples(url), at: performance.now() };
  } catch (thrown) {
    const says = `no metrics: ${(thrown as Error).message}`;
    throw new CommandFailure(EXIT.unavailable, says, { code: 'unavailable', detail: says });
  }
}
