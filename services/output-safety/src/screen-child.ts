/** The child process that screens large outputs. It holds nothing between two calls. */
import { answerAsChild } from '@countersign/platform/answer-as-child';
import type { CompiledOutputPolicy } from '@countersign/policy/decide-output';
import { type ScreenedOutput, type Screening, screenOutput } from './screen-output.ts';

type Question = { policy: CompiledOutputPolicy; subject: Omit<ScreenedOutput, 'output'> };

answerAsChild(
  ({ policy, subject }: Question): Screening => screenOutput(policy, { ...subject, output: JSON.parse(subject.text) }),
);
