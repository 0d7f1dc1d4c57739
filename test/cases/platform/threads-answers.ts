/** A thread that does what it is asked: answers, throws, exits, hangs, grows. */
import { answerInThread } from '@countersign/platform/threads';

type Wish = 'answer' | 'throw' | 'exit' | 'hang' | 'grow';

answerInThread((wish: Wish): string => {
  if (wish === 'throw') throw new Error('holds content');
  if (wish === 'exit') process.exit(3);
  while (wish === 'hang');
  const kept: string[][] = [];
  while (wish === 'grow') kept.push(Array.from({ length: 100_000 }, (_, i) => `${i}`));
  return wish;
});
