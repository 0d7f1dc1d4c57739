/** A test run as JUnit XML, which every CI shows. Whatever a name or a value holds, the document stays well formed. */
import type { PolicyTestResult, PolicyTestRun } from './run-policy-tests.ts';

/** XML 1.0 has no way to write these, escaped or not. */
const UNWRITABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** One suite; rules that no case reached stand in its output, for they are no failure. */
export function renderJunit(run: PolicyTestRun, suite = 'policy'): string {
  const failed = run.cases.filter(({ ok }) => !ok).length;
  const counts = `tests="${run.cases.length}" failures="${failed}" errors="${run.faults.length}"`;
  const name = escapeXml(suite);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${name}" ${counts}>`,
    `  <testsuite name="${name}" ${counts}>`,
    ...run.cases.map(renderCase),
    ...run.faults.map(
      ({ file, line, code, detail }) =>
        `    <testcase classname="${escapeXml(file)}" name="${escapeXml(`${file}:${line}`)}"><error type="${code}" message="${escapeXml(detail)}"/></testcase>`,
    ),
    `    <system-out>${escapeXml(unreached(run))}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replace(UNWRITABLE, '\ufffd').replace(/[&<>"'\t\n\r]/g, (unit) => ENTITIES[unit]!);
}

function renderCase({ name, ok, file, line, expected, got }: PolicyTestResult): string {
  const start = `    <testcase classname="${escapeXml(file)}" name="${escapeXml(name)}" file="${escapeXml(file)}" line="${line}"`;
  if (ok) return `${start}/>`;
  const says = `expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`;
  return `${start}><failure message="${escapeXml(says)}"/></testcase>`;
}

function unreached({ coverage, faults }: PolicyTestRun): string {
  if (faults.length > 0) return 'nothing was tested';
  const missed = Object.values(coverage).flatMap((rules) => rules.filter(({ reached }) => !reached));
  if (missed.length === 0) return 'every rule was reached';
  return `no case reached ${missed.map(({ id }) => id).join(', ')}`;
}
