/** The file of `countersign mcp serve`, read so that it has one meaning; what is wrong is told by place and code. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ServeSettings, serveSettings } from '@countersign/mcp/serve-settings';
import { describeFault, type FaultCode, faultAt, type Path } from '@countersign/policy/policy-fault';
import { readYaml } from '@countersign/policy/read-yaml';
import { UsageError } from '../exit-codes.ts';

/** `folder`: what paths in it are relative to. */
export type ServeFile = { settings: ServeSettings; folder: string };

/** Throws UsageError. */
export function readServeFile(path: string): ServeFile {
  const read = readYaml(path, textOf(path));
  if (!read.ok) throw new UsageError(read.faults.map(describeFault).join('\n'));
  const { value, locate, file } = read.yaml;
  const parsed = serveSettings.safeParse(value);
  if (parsed.success) return { settings: parsed.data, folder: dirname(resolve(path)) };
  const say = (code: FaultCode, at: Path, message: string): string =>
    describeFault(faultAt(code, file, locate(at), message));
  const lines = parsed.error.issues.flatMap((issue) => {
    const where = issue.path.join('.') || 'the file';
    if (issue.code !== 'unrecognized_keys') return say('field_invalid', issue.path, `${where}: ${issue.message}`);
    return issue.keys.map((key) =>
      say('field_unknown', [...issue.path, key], `${[...issue.path, key].join('.')} is not a field`),
    );
  });
  throw new UsageError(lines.join('\n'));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new UsageError(`${path}: cannot be read (${(thrown as { code?: string }).code ?? 'unknown'})`);
  }
}
