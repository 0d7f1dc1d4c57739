/** The file of `countersign mcp serve`, read so that it has one meaning; what is wrong is told by place and code. */
import { dirname, resolve } from 'node:path';
import { type ServeSettings, serveSettings } from '@countersign/mcp/serve-settings';
import { describeFault } from '@countersign/policy/policy-fault';
import { readYaml } from '@countersign/policy/read-yaml';
import { placedFaults } from '@countersign/policy/shape-faults';
import { UsageError } from '../exit-codes.ts';
import { readText } from '../read-file.ts';

/** `folder`: what paths in it are relative to. */
export type ServeFile = { settings: ServeSettings; folder: string };

/** Throws UsageError. */
export function readServeFile(path: string): ServeFile {
  const read = readYaml(path, readText(path));
  if (!read.ok) throw new UsageError(read.faults.map(describeFault).join('\n'));
  const parsed = serveSettings.safeParse(read.yaml.value);
  if (parsed.success) return { settings: parsed.data, folder: dirname(resolve(path)) };
  const lines = parsed.error.issues.flatMap((issue) => placedFaults(issue, read.yaml, 'the file')).map(describeFault);
  throw new UsageError(lines.join('\n'));
}
