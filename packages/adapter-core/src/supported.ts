/** Which versions of a framework an adapter was made for. Beside others it does not start: a gate that does nothing is the worst bug. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** `from` and `before`: versions of three numbers; a pre-release counts as its release. */
export type Supported = { package: string; from: string; before: string };

/** Tells `log` the range and what was found. Throws when it is not installed beside the module `at`, or outside of the range. */
export function requireSupported(
  supported: Supported,
  at: string,
  log: (line: string) => void = () => undefined,
  found: string = installed(supported.package, at),
): void {
  const line = `supported: ${supported.package} >=${supported.from} <${supported.before}; found ${found}`;
  if (compare(found, supported.from) < 0 || compare(found, supported.before) >= 0) throw new Error(line);
  log(line);
}

/** The nearest package.json above the entry: not every package exports its own. */
function installed(name: string, at: string): string {
  let folder = dirname(createRequire(at).resolve(name));
  for (;;) {
    const told = manifest(join(folder, 'package.json'));
    if (told?.name === name && told.version !== undefined) return told.version;
    if (dirname(folder) === folder) throw new Error(`${name} has no package.json`);
    folder = dirname(folder);
  }
}

function manifest(path: string): { name?: string; version?: string } | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function compare(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split(/[.-]/).slice(0, 3).map(Number));
  const at = [0, 1, 2].find((i) => x![i] !== y![i]);
  return at === undefined ? 0 : Math.sign(x![at]! - y![at]!);
}
