/** The thread that scans the content of large requests. It holds nothing between two calls and decides nothing. */
import type { ScanSettings } from '@countersign/contracts/policy';
import { answerInThread } from '@countersign/platform/threads';
import { SCANNER_NAMES, type ScanResult, scanValue } from '@countersign/scanners/scan';

export type ScanQuestion = { content: object; settings: ScanSettings };

answerInThread(({ content, settings }: ScanQuestion): ScanResult => scanValue(content, SCANNER_NAMES, settings));
