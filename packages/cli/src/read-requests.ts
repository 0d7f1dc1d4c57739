/** Many requests out of one file: a JSON array or JSON Lines, each as in `POST /jobs`. */
import type { JobRequestInput } from '@countersign/contracts/job';
import { UsageError } from './exit-codes.ts';
import { nameOf, parseJson, parseJsonObject, readText } from './read-file.ts';

export type NamedRequests = { name: string; request: JobRequestInput }[];

/** Fields are for whoever decides to judge. Throws UsageError that names the line or the place. */
export function readRequests(path: string): NamedRequests {
  const text = readText(path);
  const requests = text.trimStart().startsWith('[') ? readArray(text, nameOf(path)) : readLines(text, nameOf(path));
  if (requests.length === 0) throw new UsageError(`${nameOf(path)} holds no request`);
  return requests as NamedRequests;
}

function readArray(text: string, name: string) {
  return (parseJson(text, name) as unknown[]).map((request, i) => {
    if (typeof request !== 'object' || request === null || Array.isArray(request))
      throw new UsageError(`${name}: entry ${i + 1} is not a JSON object`);
    return { name: `${name}: entry ${i + 1}`, request };
  });
}

function readLines(text: string, name: string) {
  return text.split('\n').flatMap((line, i) => {
    const at = `${name}: line ${i + 1}`;
    return line.trim() === '' ? [] : [{ name: at, request: parseJsonObject(line, at) }];
  });
}
