/** A child process that does what it is asked: answers, throws, exits, hangs, grows. */
import { answerAsChild } from '@countersign/platform/answer-as-child';

/** Step by step, and at one leap each: a thread that leaps over its bound ends its whole process. */
const GROWTH: Record<string, () => unknown> = {
  'grow in steps': () => Array.from({ length: 100_000 }, (_, i) => `${i}`),
  'grow by one array': () => new Array(60_000_000).fill(0.5),
  'grow by parsing': () => JSON.parse(`[${'[1,2,{"a":"b"}],'.repeat(1_000_000)}1]`),
  'grow by matching': () => [...'ab1 '.repeat(2_000_000).matchAll(/[a-z]+(\d)/g)],
  'grow by splitting': () => 'ab,'.repeat(10_000_000).split(','),
  'grow by a map': () => new Map(Array.from({ length: 5_000_000 }, (_, i) => [i, { i }])),
};

answerAsChild(async (wish: string): Promise<string> => {
  if (wish === 'throw') throw new Error('holds content');
  if (wish === 'reject') await Promise.reject(new Error('holds content'));
  if (wish === 'exit') process.exit(3);
  if (wish === 'pid') return String(process.pid);
  if (wish === 'environment') return Object.keys(process.env).join(' ');
  while (wish === 'hang');
  const kept: unknown[] = [];
  while (wish in GROWTH) kept.push(GROWTH[wish]!());
  return wish;
});
