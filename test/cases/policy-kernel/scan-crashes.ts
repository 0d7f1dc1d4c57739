/** A thread that ends instead of answering. */
import { answerInThread } from '@countersign/platform/threads';

answerInThread(() => process.exit(3));
