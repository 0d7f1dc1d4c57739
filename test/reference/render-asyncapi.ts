/**
 * The bus as an AsyncAPI 3 document, from the tables that make subjects, verbs and hints. What agents, workers and auditors say and
 * hear carries its schema; what services say to each other is named, and belongs to one version.
 */
import { ERROR_CODES } from '@countersign/contracts/errors';
import { accepted, denied } from '@countersign/contracts/http';
import { ledgerEntry } from '@countersign/contracts/ledger-entry';
import { replayPage, replayQuestion } from '@countersign/contracts/replay';
import { RPC, type RpcVerb } from '@countersign/contracts/rpc';
import { signedRequest } from '@countersign/contracts/signed-request';
import { HINTS } from '@countersign/contracts/streams';
import { subjects } from '@countersign/contracts/subjects';
import { VERSION } from '@countersign/contracts/version';
import {
  dispatchMessage,
  resultAnswer,
  resultAnswers,
  workerResult,
  workerResults,
} from '@countersign/contracts/worker';
import { z } from 'zod';
import { shapeOf } from './subject-shape.ts';

type Json = Record<string, unknown>;
/** `raw`: the body alone; else in the envelope of a question. */
type Said = { by: string; to: string; says: string; message?: z.ZodType; answer?: z.ZodType; raw?: boolean };

const keys = z.object({
  tenant: z.string(),
  job_id: z.string(),
  approval_id: z.string().optional(),
  dispatch_id: z.string().optional(),
  waited: z.literal(true).optional(),
});
/** The HTTP status that the same would have had, and whether it is the answer to an earlier one. */
const verdict = { nonce: z.string(), status: z.int(), replayed: z.boolean() };
const submitted = z.union([accepted.extend(verdict), denied.extend(verdict)]);
const probe = z.object({});
const { request: claim, answer: claimed } = RPC['scheduler.claim'];
const { request: beat, answer: beaten } = RPC['scheduler.beat'];
const { request: hello, answer: greeted } = RPC['scheduler.hello'];

/** Of every subject that the code builds. `by` and `to` are services, or who stands outside. */
const SUBJECTS: Readonly<Record<keyof typeof subjects, Said>> = {
  submit: {
    by: 'agent',
    to: 'ingress',
    says: 'A signed request, kept until it is admitted; the audit stream answers',
    message: signedRequest,
    raw: true,
  },
  rpcSubmit: {
    by: 'agent',
    to: 'ingress',
    says: 'A signed request, answered with the decision',
    message: signedRequest,
    answer: submitted,
    raw: true,
  },
  held: { by: 'scheduler', to: 'approval', says: 'A job is held', message: keys },
  granted: { by: 'approval', to: 'scheduler', says: 'People have agreed', message: keys },
  refused: { by: 'approval', to: 'scheduler', says: 'People have refused', message: keys },
  dispatch: {
    by: 'scheduler',
    to: 'worker',
    says: 'A job with its warrant, pulled by workers of the pool',
    message: dispatchMessage,
    raw: true,
  },
  result: {
    by: 'worker',
    to: 'output-safety',
    says: 'The signed result of an attempt, or several of one tenant and topic under one signature',
    message: z.union([workerResult, workerResults]),
    answer: z.union([resultAnswer, resultAnswers]),
    raw: true,
  },
  forwardedResult: {
    by: 'ingress',
    to: 'output-safety',
    says: 'The same of a worker over HTTP',
    message: workerResult,
    answer: resultAnswer,
    raw: true,
  },
  screened: { by: 'output-safety', to: 'scheduler', says: 'A result has been screened', message: keys },
  waited: { by: 'ingress', to: 'output-safety', says: "Somebody waits for a job's end", message: keys },
  ended: {
    by: 'output-safety, scheduler',
    to: 'ingress',
    says: 'A job that somebody waits for may have ended',
    message: keys,
  },
  audit: {
    by: 'audit',
    to: 'auditor',
    says: 'An entry of the ledger, in the order of the log, at least once',
    message: ledgerEntry,
    raw: true,
  },
  claim: {
    by: 'worker',
    to: 'scheduler',
    says: 'A worker takes an attempt, or says why it does not',
    message: claim,
    answer: claimed,
  },
  beat: {
    by: 'worker',
    to: 'scheduler',
    says: 'A worker keeps its leases, and hears what to stop',
    message: beat,
    answer: beaten,
  },
  hello: {
    by: 'worker',
    to: 'scheduler',
    says: 'A worker asks whether what it does would count',
    message: hello,
    answer: greeted,
  },
  ping: {
    by: 'every service',
    to: 'every service',
    says: 'A service asks itself whether questions arrive',
    message: probe,
  },
  intakeProbe: { by: 'ingress', to: 'ingress', says: 'Whether the intake of a tenant takes messages', message: probe },
  replay: {
    by: 'auditor',
    to: 'audit',
    says: 'Entries again, from any leaf on',
    message: replayQuestion,
    answer: replayPage,
    raw: true,
  },
  inbox: { by: 'every service', to: 'every service', says: 'Where answers arrive' },
  control: {
    by: 'ingress, policy-kernel, scheduler',
    to: 'every service',
    says: 'Something of `control` has changed: look',
    message: z.string(),
  },
  checkpoint: {
    by: 'audit',
    to: 'auditor',
    says: 'A signed checkpoint',
    message: z.object({ tree_size: z.int(), note: z.string() }),
    raw: true,
  },
};

/** What stands for each parameter. */
const PARAMETERS: Readonly<Record<string, string>> = {
  tenant: 'Name of the tenant; `_` for none',
  tail: 'The topic without its first part, `deploy.apply` of `job.deploy.apply`: one to eight tokens',
  pool: 'Name of the pool',
  worker: 'Name of the worker',
  kind: 'Kind of entry',
  service: 'Name of the service',
  user: 'Name of the NATS user',
};

export function renderAsyncApi(): string {
  const rows = Object.entries(SUBJECTS).map(
    ([name, said]) => [name, shapeOf(subjects[name as keyof typeof subjects]), said] as const,
  );
  const verbs = (Object.keys(RPC) as RpcVerb[]).filter(
    (verb) => !(RPC[verb].callers as readonly string[]).includes('worker'),
  );
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Countersign on NATS',
      version: VERSION,
      description:
        'What crosses the bus. Operations are those of the services: `receive` is what a service hears. NATS lets each user say and hear only what stands here for it; see docs/reference/subjects.md for streams and docs/worker-protocol.md for the order of things.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      nats: {
        host: 'localhost:4222',
        protocol: 'nats',
        description: 'nats-server with JetStream',
        security: [{ $ref: '#/components/securitySchemes/nkey' }],
      },
    },
    channels: {
      ...Object.fromEntries(rows.map(([name, address, said]) => [name, channel(name, address, said)])),
      ...Object.fromEntries(
        verbs.map((verb) => [
          nameOf(verb),
          {
            address: `rpc.${verb}`,
            description: `Asked of ${RPC[verb].service} by ${RPC[verb].callers.join(', ')}.`,
            messages: { question: { $ref: '#/components/messages/question' } },
          },
        ]),
      ),
      answers: { description: 'The inbox that a question names.', messages: answerMessages(rows) },
    },
    operations: {
      ...Object.fromEntries(rows.flatMap(([name, , said]) => operationsOf(name, said))),
      ...Object.fromEntries(
        verbs.map((verb) => [
          `answer_${nameOf(verb)}`,
          {
            action: 'receive',
            channel: { $ref: `#/channels/${nameOf(verb)}` },
            summary: `${RPC[verb].service} answers ${verb}`,
            messages: [{ $ref: `#/channels/${nameOf(verb)}/messages/question` }],
            reply: {
              channel: { $ref: '#/channels/answers' },
              messages: [{ $ref: '#/channels/answers/messages/answer' }],
            },
          },
        ]),
      ),
    },
    components: {
      securitySchemes: {
        nkey: { type: 'asymmetricEncryption', description: 'NKey of a registered NATS user (Ed25519)' },
      },
      messages: {
        question: { summary: 'A question between services of one version', payload: envelope({}) },
        answer: { summary: 'Its answer', payload: answerEnvelope({}) },
      },
    },
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** Subjects of hints and their services, which `SUBJECTS` has to say the same of. For the test alone. */
export function strayHints(): string[] {
  return HINTS.filter(({ subject, from, to }) => {
    const said = SUBJECTS[subject.split('.')[1] as keyof typeof SUBJECTS];
    return !said?.by.split(', ').includes(from) || said.to !== to;
  }).map(({ subject }) => subject);
}

function channel(name: string, shape: string, { says, message, raw }: Said): Json {
  const address = shape.replaceAll(/<(\w+)>/g, '{$1}').replace('{chain}', '{tail}');
  const named = [...address.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter!);
  return {
    address,
    description: `${says}.`,
    ...(named.length > 0 && {
      parameters: Object.fromEntries(named.map((each) => [each, { description: PARAMETERS[each] }])),
    }),
    ...(message && {
      messages: {
        [name]: {
          summary: says,
          payload: raw === true ? schemaOf(message, 'input') : envelope(schemaOf(message, 'input')),
        },
      },
    }),
  };
}

/** Who says it sends it, who hears it receives it; people outside have no operations here. */
function operationsOf(name: string, { by, to, says, message, answer }: Said): [string, Json][] {
  if (message === undefined) return [];
  const outside = ['agent', 'worker', 'auditor'];
  const action = outside.includes(to) ? 'send' : 'receive';
  const who = action === 'send' ? by : to;
  const operation = {
    action,
    channel: { $ref: `#/channels/${name}` },
    summary: `${who}: ${says}`,
    messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
    ...(answer && {
      reply: { channel: { $ref: '#/channels/answers' }, messages: [{ $ref: `#/channels/answers/messages/${name}` }] },
    }),
  };
  return [[`${action}_${name}`, operation]];
}

function answerMessages(rows: readonly (readonly [string, string, Said])[]): Json {
  const own = rows.flatMap(([name, , { answer, says }]) =>
    answer === undefined
      ? []
      : [[name, { summary: `Answer to: ${says}`, payload: answerEnvelope(schemaOf(answer, 'output')) }]],
  );
  return { answer: { $ref: '#/components/messages/answer' }, ...Object.fromEntries(own) };
}

function envelope(body: Json): Json {
  const text = { type: 'string' };
  return { type: 'object', properties: { id: text, traceparent: text, body }, required: ['id', 'body'] };
}

function answerEnvelope(value: Json): Json {
  const error = {
    type: 'object',
    properties: { code: { enum: [...ERROR_CODES] }, detail: { type: 'string' }, at: { type: 'string' } },
  };
  const asked = { type: 'string', description: 'SHA-256 of the question as it arrived, base64url' };
  return {
    type: 'object',
    properties: { id: { type: 'string' }, asked, ok: { type: 'boolean' }, value, error },
    required: ['asked', 'ok'],
  };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return made;
}

function nameOf(verb: RpcVerb): string {
  return verb.replace('.', '_');
}
