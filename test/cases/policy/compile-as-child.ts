/** Compiles one bundle in a child process, whose memory the caller bounds, and answers with the codes of its faults. */
import { answerAsChild } from '@countersign/platform/answer-as-child';
import { lintFiles } from '@countersign/policy-author/lint-files';

answerAsChild((files: Record<string, string>): string[] => {
  const { faults, lints } = lintFiles(files, { version: 1, snapshot: 'hostile' }, { strict: true });
  return [...faults, ...lints].map(({ code }) => code);
});
