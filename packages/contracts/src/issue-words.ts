/** What a value has to be, in the words of who wrote it; the library's own messages speak of its types. */
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** How the library's messages begin. What a schema says for itself does not, and stays. */
const LIBRARYS = /^(Invalid|Too (small|big))/;

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'be a whole URL such as https://host',
  uuid: 'be a UUID',
  email: 'be an address such as ana@example.com',
  datetime: 'be a time such as 2026-01-31T12:00:00Z',
  date: 'be a day such as 2026-01-31',
  base64url: 'be base64url',
};

/** A sentence without its subject: `must be a list`. It never repeats the value. */
export function issueWords(issue: Issue): string {
  const words = LIBRARYS.test(issue.message) ? demandOf(issue) : null;
  return words === null ? issue.message : `must ${words}`;
}

function demandOf(issue: Issue): string | null {
  switch (issue.code) {
    case 'invalid_type':
      return /^(undefined|never)$/.test(issue.expected)
        ? 'be left out'
        : `be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      return bound(issue, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return bound(issue, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    case 'not_multiple_of':
      return `be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? /^Invalid string: must (.*)$/s.exec(issue.message)?.[1] ?? null;
    case 'invalid_union':
      return anyOf(issue.errors);
    default:
      return null;
  }
}

function bound({ origin, exact }: { origin: string; exact?: boolean }, limit: number | bigint, than: string): string {
  const many = `${exact ? 'exactly' : than} ${limit}`;
  if (origin === 'string') return `have ${many} characters`;
  return /^(array|set|map|object)$/.test(origin) ? `have ${many} entries` : `be ${many}`;
}

/** Of a value that may have several forms; where it fits one of them but for something inside, that is told instead. */
function anyOf(forms: readonly (readonly Issue[])[]): string | null {
  const demands = forms.map(([first]) => (first?.path.length === 0 ? demandOf(first) : null));
  if (demands.length === 0 || demands.includes(null)) return null;
  return [...new Set(demands)].join(', or ');
}
