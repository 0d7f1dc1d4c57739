/** A thread that never answers. */
import { answerInThread } from '@countersign/platform/threads';

answerInThread(() => {
  for (;;);
});
