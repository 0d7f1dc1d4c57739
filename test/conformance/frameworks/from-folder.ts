/** A package from where `npm run conformance:frameworks` installed it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

export function fromFolder(name: string): any {
  return createRequire(join(process.env.FRAMEWORKS!, 'package.json'))(name);
}
