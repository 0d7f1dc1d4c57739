/** A child process that never answers. */
import { answerAsChild } from '@countersign/platform/answer-as-child';

answerAsChild(() => {
  for (;;);
});
