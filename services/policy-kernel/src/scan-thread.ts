/** The thread that scans the content of large requests. It holds nothing between two calls and decides nothing. */
import { answerInThread } from '@countersign/platform/threads';
import { SCANNER_NAMES, type ScanResult, scanValue } from '@countersign/scanners/scan';

answerInThread((content: object): ScanResult => scanValue(content, SCANNER_NAMES));
