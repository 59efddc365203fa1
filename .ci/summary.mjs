// Reads vitest's JSON report, names what was skipped, and prints one last line: `N passed, N failed`.
// Exits non-zero when anything failed or was skipped: in CI every suite has what it needs, so a skip is a fault.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const tests = report.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ fullName, status }) => ({ name: `${name}: ${fullName}`, status })),
);
const passed = tests.filter(({ status }) => status === 'passed').length;
const failedTests = tests.filter(({ status }) => status === 'failed').length;
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');

// A file that does not load has no tests to count; an error outside every test fails the run alone.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);
const failed = failedTests + brokenFiles.length || (report.success ? 0 : 1);

for (const { name } of brokenFiles) process.stdout.write(`failed as a whole: ${name}\n`);
for (const { name } of skipped) process.stdout.write(`skipped, which fails this run: ${name}\n`);
const counts = [`${passed} passed`, `${failed} failed`, ...(skipped.length > 0 ? [`${skipped.length} skipped`] : [])];
process.stdout.write(`${counts.join(', ')}\n`);
if (failed > 0 || skipped.length > 0 || passed === 0) process.exitCode = 1;
