/** A child process that ends instead of answering. */
import { answerAsChild } from '@countersign/platform/answer-as-child';

answerAsChild(() => process.exit(3));
