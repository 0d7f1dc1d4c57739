/** `npm run bench:mcp`: the row of `npm run bench` about MCP, alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { renderDevelopmentNats } from '@countersign/infra/development-environment';
import { loadDevelopmentKeys } from '@countersign/infra/development-keys';
import { DEVELOPMENT_ROSTER } from '@countersign/infra/development-roster';
import { startLocalStack } from '@countersign/infra/local-stack';
import { driveMcp } from '../drive-mcp.ts';
import { sayMcp } from '../say-mcp.ts';

const dir = mkdtempSync('/tmp/countersign-bench-mcp-');
try {
  const keys = loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER);
  const renderNats = renderDevelopmentNats(keys);
  await using stack = await startLocalStack({ dir, fresh: false, mode: 'dev', renderNats });
  const prepared = { dir, admin_url: stack.postgres.admin_url, nats_url: stack.nats.url, keys };
  const calls = Number(process.env.BENCH_CALLS ?? 300);
  void process.stdout.write(sayMcp(await driveMcp(prepared, calls)));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
