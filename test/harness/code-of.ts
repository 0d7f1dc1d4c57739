/** The code that some work fails with, or `none`. What is not a failure of ours is thrown on. */
import { CountersignError, type ErrorCode } from '@countersign/contracts/errors';

export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | 'none'> {
  try {
    await work;
    return 'none';
  } catch (thrown) {
    if (thrown instanceof CountersignError) return thrown.code;
    throw thrown;
  }
}
