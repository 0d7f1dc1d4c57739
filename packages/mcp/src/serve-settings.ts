/** What `countersign mcp serve` starts from: one file. No secret stands in it, only where each one is. */
import { LIMITS } from '@countersign/contracts/limits';
import { token } from '@countersign/contracts/names';
import { z } from 'zod';
import { CALL_SETTINGS } from './call-settings.ts';
import { LONGEST_SERVER } from './names.ts';

const path = z.string().min(1).max(4_096);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable');
/** `env`: a variable of the process; `file`: a file's whole content without its last line's end. */
const secret = z
  .strictObject({ env: variable.optional(), file: path.optional() })
  .refine(({ env, file }) => (env === undefined) !== (file === undefined), 'must be { env: NAME } or { file: path }');
const textOrSecret = z.union([z.string(), secret], { error: 'must be a text, { env: NAME } or { file: path }' });
export type Secret = z.output<typeof secret>;

/** Names under which credentials are commonly handed over. */
const SECRET_NAME = /token|secret|passw|credential|api_?key|private/i;
const URL_PASSWORD = /:\/\/[^/\s]*:[^/\s]*@/;

const served = z
  .strictObject({
    /** What starts it. */
    command: z.array(textOrSecret).min(1).max(256).optional(),
    env: z.record(variable, textOrSecret).default({}),
    cwd: path.optional(),
    /** Where it is. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    headers: z
      .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be the name of a header'), secret)
      .default({}),
    /** Which era of the protocol it is asked in; left out, `legacy` for a command and `auto` for a URL. */
    era: z.enum(['legacy', 'auto']).optional(),
    /** The file of the one worker of the pool `mcp-<server>`, as `countersign workers add --http` writes it. */
    worker: path,
    ...CALL_SETTINGS,
  })
  .superRefine((server, { addIssue }) => {
    const complain = (at: PropertyKey[], message: string): void => void addIssue({ code: 'custom', path: at, message });
    const { command, url, env, cwd, headers } = server;
    if ((command === undefined) === (url === undefined)) complain([], 'must have either command or url');
    if (url !== undefined && (Object.keys(env).length > 0 || cwd !== undefined))
      complain(['url'], 'takes no env and no cwd');
    if (url === undefined && Object.keys(headers).length > 0) complain(['headers'], 'are for a url');
    if (url !== undefined && !isFit(url))
      complain(['url'], 'must be https, or http on this machine, and have no credential in it');
    if (typeof command?.[0] === 'object') complain(['command', 0], 'must be a text');
    for (const [i, text] of (command ?? []).entries())
      if (typeof text === 'string' && URL_PASSWORD.test(text))
        complain(['command', i], 'has a password in it: name { env: NAME } or { file: path }');
    for (const [name, value] of Object.entries(env))
      if (typeof value === 'string' && (SECRET_NAME.test(name) || URL_PASSWORD.test(value)))
        complain(['env', name], 'looks like a credential: name { env: NAME } or { file: path }');
  });
export type Served = z.output<typeof served>;

export const serveSettings = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().min(1).max(LIMITS.authority_chars).default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(8_931),
      /** PEM files. */
      tls: z.strictObject({ cert: path, key: path }).optional(),
      /** That others reach it without TLS of its own: something in front has to end TLS. */
      plain_http: z.boolean().default(false),
      /** Names under which clients ask, beside `localhost` and addresses. */
      names: z.array(z.string().min(1).max(LIMITS.authority_chars)).max(64).default([]),
      /** Of pages that may ask, e.g. `https://chat.example.com`; any other is refused. */
      origins: z
        .array(z.url({ protocol: /^https?$/ }))
        .max(64)
        .default([]),
    })
    .prefault({}),
  /** Where the plane's API is. */
  plane: z.url({ protocol: /^https?$/ }),
  /** Folder of its own: reviewed tools, open calls and runs. */
  state: path,
  /** File with the keys of who signs the records of reviewed tools, as a trust root for policies has it. */
  reviewers: path.optional(),
  /** Milliseconds without a request after which an agent's next one begins another run. */
  run_idle_ms: z
    .int()
    .min(60_000)
    .max(LIMITS.deadline_ms)
    .default(30 * 60 * 1000),
  /** By the name that they have in topics and paths. */
  servers: z
    .record(token.max(LONGEST_SERVER), served)
    .refine((all) => Object.keys(all).length > 0, 'must name a server')
    .refine((all) => Object.keys(all).length <= LIMITS.mcp_servers, `must be ${LIMITS.mcp_servers} at most`),
});
export type ServeSettings = z.output<typeof serveSettings>;

function isFit(text: string): boolean {
  const { protocol, hostname, username, password } = new URL(text);
  const here = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return (protocol === 'https:' || here) && username === '' && password === '';
}
