/** The child process that scans the content of large requests. It holds nothing between two calls and decides nothing. */
import type { ScanSettings } from '@countersign/contracts/policy';
import { answerAsChild } from '@countersign/platform/answer-as-child';
import { SCANNER_NAMES, type ScanResult, scanValue } from '@countersign/scanners/scan';

export type ScanQuestion = { content: object; settings: ScanSettings };

answerAsChild(({ content, settings }: ScanQuestion): ScanResult => scanValue(content, SCANNER_NAMES, settings));
