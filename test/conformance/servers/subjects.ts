/** The public servers that are tried, each with a call that its rules let through, one that a person is asked for, and one that is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';

export type Call = { tool: string; args: Record<string, unknown> };
export type Place = {
  dir: string;
  postgres: pg.Pool;
  postgres_url: string;
  page: { port: number; visits(): number; forget(): void };
};
export type Subject = {
  name: string;
  package: string;
  bin: string;
  /** Behind `bin`, and its environment. */
  args(place: Place): string[];
  env?(place: Place): Record<string, string>;
  /** Brings about what the calls find, the same each time. */
  reset(place: Place): Promise<void> | void;
  /** What the calls leave behind, to be compared. */
  left(place: Place): Promise<string> | string;
  allowed(place: Place): Call;
  held(place: Place): Call;
  /** `rule`: the policy says no. `person`: somebody who is asked does. */
  refused(place: Place): Call & { by: 'rule' | 'person' };
  /** Offered only to a client that says it has what the proxy, which is the server's client, has not. */
  withheld?: readonly string[];
  /** A folder of examples/policies; rules of our own where there is none. */
  template: string | Record<string, unknown>;
};

const VERSION = '2026.8.31';
export const PACKAGES: Readonly<Record<string, string>> = {
  '@modelcontextprotocol/server-filesystem': VERSION,
  '@modelcontextprotocol/server-memory': VERSION,
  '@modelcontextprotocol/server-everything': VERSION,
  '@modelcontextprotocol/server-sequential-thinking': VERSION,
  '@playwright/mcp': '0.0.83',
  '@modelcontextprotocol/server-postgres': '0.6.2',
  '@modelcontextprotocol/inspector': '2.12.0',
};

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

const nothing = (): string => '';
const approval = { stages: [{ group: 'approvers', count: 1 }], expires_in: '1h' };
const constraints = { timeout: '30s', max_attempts: 1 };

export const SUBJECTS: readonly Subject[] = [
  {
    name: 'filesystem',
    package: '@modelcontextprotocol/server-filesystem',
    bin: 'mcp-server-filesystem',
    args: ({ dir }) => [join(dir, 'files')],
    reset({ dir }) {
      const files = join(dir, 'files');
      rmSync(files, { recursive: true, force: true });
      mkdirSync(files);
      writeFileSync(join(files, 'notes.txt'), 'water the plants\nä \u{1f33f} "quoted"\n');
    },
    left: ({ dir }) =>
      readdirSync(join(dir, 'files'))
        .sort()
        .map((name) => `${name}: ${readFileSync(join(dir, 'files', name), 'utf8')}`)
        .join('\n'),
    allowed: ({ dir }) => ({ tool: 'read_text_file', args: { path: join(dir, 'files/notes.txt') } }),
    held: ({ dir }) => ({
      tool: 'move_file',
      args: { source: join(dir, 'files/notes.txt'), destination: join(dir, 'files/kept.txt') },
    }),
    refused: ({ dir }) => ({
      tool: 'write_file',
      args: { path: join(dir, 'files/.env'), content: 'A=1' },
      by: 'person',
    }),
    template: 'mcp-filesystem',
  },
  {
    name: 'memory',
    package: '@modelcontextprotocol/server-memory',
    bin: 'mcp-server-memory',
    args: () => [],
    env: ({ dir }) => ({ MEMORY_FILE_PATH: join(dir, 'memory.jsonl') }),
    reset: ({ dir }) =>
      writeFileSync(
        join(dir, 'memory.jsonl'),
        ['rose', 'fern']
          .map((name) => JSON.stringify({ type: 'entity', name, entityType: 'plant', observations: ['is green'] }))
          .join('\n'),
      ),
    left: ({ dir }) => readFileSync(join(dir, 'memory.jsonl'), 'utf8'),
    allowed: () => ({ tool: 'search_nodes', args: { query: 'rose' } }),
    held: () => ({ tool: 'delete_entities', args: { entityNames: ['rose'] } }),
    refused: () => ({
      tool: 'create_entities',
      args: { entities: Array.from({ length: 21 }, (_, i) => ({ name: `n${i}`, entityType: 't', observations: [] })) },
      by: 'rule',
    }),
    template: 'mcp-memory',
  },
  {
    name: 'everything',
    package: '@modelcontextprotocol/server-everything',
    bin: 'mcp-server-everything',
    withheld: ['get-roots-list'],
    args: () => [],
    reset: nothing as () => void,
    left: nothing,
    allowed: () => ({ tool: 'get-structured-content', args: { location: 'Chicago' } }),
    held: () => ({
      tool: 'gzip-file-as-resource',
      args: { name: 'a.gz', data: 'data:text/plain,hello', outputType: 'resource' },
    }),
    refused: () => ({ tool: 'get-env', args: {}, by: 'rule' }),
    template: {
      topics: { 'job.mcp.everything.*': { capability: 'mcp-everything.use' } },
      rules: [
        {
          id: 'environment',
          match: { topics: ['job.mcp.everything.get-env'] },
          decision: 'deny',
          reason: 'it has keys',
        },
        {
          id: 'loads',
          match: { topics: ['job.mcp.everything.gzip-file-as-resource'] },
          decision: 'require_approval',
          approval,
          constraints,
          reason: 'it loads what it is told',
        },
        {
          id: 'rest',
          match: { topics: ['job.mcp.everything.*'] },
          decision: 'allow_with_constraints',
          constraints,
          reason: 'it only says what it is asked',
        },
      ],
    },
  },
  {
    name: 'sequential-thinking',
    package: '@modelcontextprotocol/server-sequential-thinking',
    bin: 'mcp-server-sequential-thinking',
    args: () => [],
    reset: nothing as () => void,
    left: nothing,
    allowed: () => ({ tool: 'sequentialthinking', args: thought(1) }),
    held: () => ({ tool: 'sequentialthinking', args: thought(50) }),
    refused: () => ({ tool: 'sequentialthinking', args: thought(500), by: 'rule' }),
    template: {
      topics: { 'job.mcp.sequential-thinking.*': { capability: 'mcp-sequential-thinking.use' } },
      rules: [
        {
          id: 'short',
          match: { topics: ['job.mcp.sequential-thinking.*'] },
          when: 'payload.params.arguments.totalThoughts <= 10',
          decision: 'allow_with_constraints',
          constraints,
          reason: 'a few thoughts',
        },
        {
          id: 'long',
          match: { topics: ['job.mcp.sequential-thinking.*'] },
          when: 'payload.params.arguments.totalThoughts <= 100',
          decision: 'require_approval',
          approval,
          constraints,
          reason: 'many thoughts cost much',
        },
      ],
    },
  },
  {
    name: 'playwright',
    package: '@playwright/mcp',
    bin: 'playwright-mcp',
    args: ({ dir }) => ['--config', join(dir, 'browser.json'), '--output-dir', join(dir, 'browser')],
    reset({ dir, page }) {
      page.forget();
      const args = [
        `--host-resolver-rules=MAP pages.example:443 127.0.0.1:${page.port}`,
        '--ignore-certificate-errors',
      ];
      const launchOptions = { executablePath: CHROMIUM, headless: true, chromiumSandbox: false, args };
      const contextOptions = { ignoreHTTPSErrors: true };
      const browser = { browserName: 'chromium', isolated: true, launchOptions, contextOptions };
      writeFileSync(join(dir, 'browser.json'), JSON.stringify({ browser }));
    },
    left: ({ page }) => `${page.visits()} visits`,
    allowed: () => ({ tool: 'browser_navigate', args: { url: 'https://pages.example/' } }),
    held: () => ({ tool: 'browser_press_key', args: { key: 'a' } }),
    refused: ({ page }) => ({ tool: 'browser_navigate', args: { url: `https://127.0.0.1:${page.port}/` }, by: 'rule' }),
    template: 'mcp-playwright',
  },
  {
    name: 'postgres',
    package: '@modelcontextprotocol/server-postgres',
    bin: 'mcp-server-postgres',
    args: ({ postgres_url }) => [postgres_url],
    async reset({ postgres }) {
      await postgres.query('DROP TABLE IF EXISTS plants');
      await postgres.query("CREATE TABLE plants AS SELECT 'rose' AS name, 3 AS pots");
    },
    left: async ({ postgres }) => JSON.stringify((await postgres.query('SELECT * FROM plants')).rows),
    allowed: () => ({ tool: 'query', args: { sql: 'SELECT name, pots FROM plants' } }),
    held: () => ({ tool: 'query', args: { sql: 'WITH p AS (SELECT * FROM plants) SELECT count(*) FROM p' } }),
    refused: () => ({ tool: 'query', args: { sql: 'COMMIT; DROP TABLE plants' }, by: 'rule' }),
    template: 'mcp-postgres',
  },
];

function thought(totalThoughts: number): Record<string, unknown> {
  return { thought: 'Water the plants.', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts };
}
