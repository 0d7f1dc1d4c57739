// Runs the tests and ends with the line `N passed, N failed`. A run that tested nothing, or that broke outside of any
// test, is a failure too.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { PROJECT_DIR, runToEnd } from './run-to-end.mjs';
import { say } from './say.mjs';

/** Resolves with the exit code. */
export async function countTests(node, args, env) {
  const cwd = join(PROJECT_DIR, 'test');
  const reportDir = mkdtempSync(join(tmpdir(), 'countersign-report-'));
  const report = join(reportDir, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const code = await runToEnd(node, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], { env, cwd });
    return judge(code, readReport(report));
  } finally {
    rmSync(reportDir, { recursive: true, force: true });
  }
}

function judge(code, { passed, failed }) {
  if (code !== 0 && failed === 0 && passed > 0) say(`every test passed, but the run itself failed (exit code ${code})`);
  if (passed + failed === 0) say('no test ran');
  const failures = code !== 0 && passed > 0 ? Math.max(failed, 1) : failed;
  process.stdout.write(`${passed} passed, ${failures} failed\n`);
  return code === 0 && failures === 0 && passed > 0 ? 0 : code || 1;
}

/** A file that could not even be loaded has no tests, and counts as one failure. */
function readReport(path) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
    const unloadable = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
    );
    return { passed: numPassedTests, failed: numFailedTests + unloadable.length };
  } catch {
    // No report: the set-up itself failed and has said so.
    return { passed: 0, failed: 1 };
  }
}
