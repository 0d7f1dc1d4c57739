/** The thread that screens large outputs. It holds nothing between two calls. */
import { answerInThread } from '@countersign/platform/threads';
import type { CompiledOutputPolicy } from '@countersign/policy/decide-output';
import { type ScreenedOutput, type Screening, screenOutput } from './screen-output.ts';

type Question = { policy: CompiledOutputPolicy; subject: Omit<ScreenedOutput, 'output'> };

answerInThread(
  ({ policy, subject }: Question): Screening => screenOutput(policy, { ...subject, output: JSON.parse(subject.text) }),
);
