/** Which versions of the framework this adapter was made for. Beside others it does not start: a gate that does nothing is the worst bug. */
import { createRequire } from 'node:module';

/** Verified with 1.4.0 under langchain 1.5.14 and langgraph 1.7.3. */
export const SUPPORTED = { package: '@langchain/core', from: '1.2.13', before: '2.0.0' } as const;

/** Says the range and what was found. Throws when it is not installed, or outside of the range. */
export function requireSupported(found: string = installed()): string {
  const range = `${SUPPORTED.package} >=${SUPPORTED.from} <${SUPPORTED.before}`;
  if (compare(found, SUPPORTED.from) < 0 || compare(found, SUPPORTED.before) >= 0)
    throw new Error(`adapter-langchain supports ${range}; found ${found}`);
  return `adapter-langchain supports ${range}; found ${found}`;
}

function installed(): string {
  return (createRequire(import.meta.url)(`${SUPPORTED.package}/package.json`) as { version: string }).version;
}

/** A pre-release counts as its release. */
function compare(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split(/[.-]/).slice(0, 3).map(Number));
  const at = [0, 1, 2].find((i) => x![i] !== y![i]);
  return at === undefined ? 0 : Math.sign(x![at]! - y![at]!);
}
