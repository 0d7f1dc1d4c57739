/**
 * `countersign policy simulate | explain`: what would be decided, and why. Nothing is stored. A server answers by its
 * active policy or by a candidate; with `--policy` the policy in hand answers here.
 */
import type { Client } from '@countersign/client/create-client';
import type { Failure } from '@countersign/contracts/errors';
import type { Explanation, PolicyQuestion, Simulation } from '@countersign/contracts/http';
import type { JobRequestInput } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type Command, Option } from 'commander';
import type { Answer, Answers } from './answers.ts';
import { explainHere, type Question, simulateHere } from './ask-policy.ts';
import { clientOf, type Output, print, tenantOf } from './context.ts';
import { CommandFailure, EXIT, UsageError } from './exit-codes.ts';
import { readCandidate } from './read-candidate.ts';
import { compileAtHand, readPolicy } from './read-policy.ts';
import { type RequestOptions, readRequest, withRequestOptions } from './read-request.ts';
import { type NamedRequests, readRequests } from './read-requests.ts';
import { showExplanation, showSimulation } from './show.ts';
import { showAnswers } from './show-policy.ts';

/** One way to ask, here and there, in one shape. */
type Asking<V extends Simulation> = {
  here(policy: CompiledPolicy, question: Question, what?: string): V;
  one(client: Client, request: JobRequestInput): Promise<V>;
  many(client: Client, question: PolicyQuestion): Promise<Answers<V>>;
  show(answer: V): string;
};

type TryOptions = RequestOptions & {
  requests?: string;
  policy?: string;
  candidate?: string;
  as?: string;
  asType?: string;
};

const SIMULATE: Asking<Simulation> = {
  here: simulateHere,
  one: (client, request) => client.simulate(request),
  many: (client, question) => client.simulateAll(question),
  show: showSimulation,
};
const EXPLAIN: Asking<Explanation> = {
  here: explainHere,
  one: (client, request) => client.explain(request),
  many: (client, question) => client.explainAll(question),
  show: showExplanation,
};

export function addTryCommands(policy: Command, output: Output): void {
  withTryOptions(policy.command('simulate').description('what would be decided')).action(
    (file: string | undefined, options: TryOptions, command: Command) => run(SIMULATE, output, file, options, command),
  );
  withTryOptions(policy.command('explain').description('why it would be decided so')).action(
    (file: string | undefined, options: TryOptions, command: Command) => run(EXPLAIN, output, file, options, command),
  );
}

function withTryOptions(command: Command): Command {
  return withRequestOptions(command)
    .option('--requests <file>', 'JSON array or JSON Lines of requests')
    .addOption(new Option('--policy <path>', 'decide here, by this folder or bundle').conflicts('candidate'))
    .option('--candidate <path|version>', 'let the server decide by this folder, bundle or published version')
    .option('--as <actor>', 'with --policy: who asks')
    .addOption(new Option('--as-type <type>', 'with --policy').choices(['agent', 'human']));
}

/** Prints one answer as the API gives one, and several as it gives several. */
async function run<V extends Simulation>(
  asking: Asking<V>,
  output: Output,
  file: string | undefined,
  options: TryOptions,
  command: Command,
): Promise<void> {
  refuseContradictions(file, options);
  const { requests, policy, candidate } = options;
  if (requests === undefined && candidate === undefined) {
    const answer = await askOne(asking, readRequest(file, options), options, command);
    print(output, command, answer, asking.show);
    return output.exit(exitOf([{ ok: true, value: answer }]));
  }
  const named =
    requests === undefined
      ? [{ name: file ?? 'the request', request: readRequest(file, options) }]
      : readRequests(requests);
  const ask = policy === undefined ? askServer : askHere;
  const all = await ask(asking, named, options, command);
  print(output, command, all, (answers) => showAnswers(named, answers, asking.show));
  output.exit(exitOf(all.answers));
}

function refuseContradictions(file: string | undefined, { requests, topic, policy, as, asType }: TryOptions): void {
  if (requests !== undefined && (file ?? topic) !== undefined)
    throw new UsageError('--requests brings its own requests: name no other');
  if (policy === undefined && (as ?? asType) !== undefined)
    throw new UsageError('--as needs --policy: a server knows by the key who asks');
}

async function askOne<V extends Simulation>(
  asking: Asking<V>,
  request: JobRequestInput,
  options: TryOptions,
  command: Command,
): Promise<V> {
  if (options.policy === undefined) return asking.one(clientOf(command), request);
  return asking.here(compileAtHand(readPolicy(options.policy)), questionOf(request, options, command));
}

function questionOf(request: JobRequestInput, { as, asType }: TryOptions, command: Command): Question {
  return {
    request,
    tenant: tenantOf(command),
    actor: { id: as, type: asType },
  };
}

/** So that a pipeline can fail on what the policy would deny, or would not even look at. */
function exitOf(answers: readonly Answer<Simulation>[]) {
  if (answers.some((answer) => !answer.ok)) return EXIT.refused;
  const denied = answers.some((answer) => answer.ok && standingOf(answer.value).decision === 'deny');
  return denied ? EXIT.denied : EXIT.done;
}

function standingOf(answer: Simulation) {
  return answer.then?.at(-1) ?? answer;
}

/** In portions that the server takes. */
async function askServer<V extends Simulation>(
  asking: Asking<V>,
  named: NamedRequests,
  options: TryOptions,
  command: Command,
): Promise<Answers<V>> {
  const client = clientOf(command);
  const candidate = options.candidate === undefined ? {} : { candidate: readCandidate(options.candidate) };
  const all: Answers<V>[] = [];
  for (let at = 0; at < named.length; at += LIMITS.simulate_requests) {
    const requests = named.slice(at, at + LIMITS.simulate_requests).map(({ request }) => request);
    all.push(await asking.many(client, { requests, ...candidate }));
  }
  return { policy: all[0]!.policy, answers: all.flatMap(({ answers }) => answers) };
}

async function askHere<V extends Simulation>(
  asking: Asking<V>,
  named: NamedRequests,
  options: TryOptions,
  command: Command,
): Promise<Answers<V>> {
  const policy = compileAtHand(readPolicy(options.policy!));
  const answers = named.map(({ name, request }): Answer<V> => {
    try {
      return { ok: true, value: asking.here(policy, questionOf(request, options, command), name) };
    } catch (thrown) {
      if (!(thrown instanceof CommandFailure)) throw thrown;
      return { ok: false, error: thrown.body as Failure };
    }
  });
  return { policy: { scope: '*', version: policy.version, snapshot: policy.snapshot, epoch: null }, answers };
}
