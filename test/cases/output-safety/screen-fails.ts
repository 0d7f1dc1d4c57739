/** A child process that never answers, ends, or takes all the memory there is, as what it is given says. */
import { answerAsChild } from '@countersign/platform/answer-as-child';

answerAsChild(({ subject }: { subject: { text: string } }) => {
  if (subject.text.includes('crash')) process.exit(1);
  const kept: number[][] = [];
  for (;;) if (subject.text.includes('memory')) kept.push(new Array(1_000_000).fill(kept.length));
});
