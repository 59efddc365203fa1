// Reads vitest's JSON report, names what was skipped, and prints one last line: `N passed, N failed`.
// Exits non-zero when anything failed or was skipped: in CI every suite has what it needs, so a skip is a fault.
// Usage: summary.mjs REPORT EXIT_CODE_OF_VITEST
import { existsSync, readFileSync } from 'node:fs';

const [file, exitCode] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${line}\n`);

const files = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).testResults : [];
const tests = files.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ fullName, status }) => ({ name: `${name}: ${fullName}`, status })),
);
const passed = tests.filter(({ status }) => status === 'passed').length;
const failedTests = tests.filter(({ status }) => status === 'failed').length;
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
// A file that does not load has no tests to count.
const brokenFiles = files.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);
let failed = failedTests + brokenFiles.length;

for (const { name } of brokenFiles) say(`failed as a whole: ${name}`);
for (const { name } of skipped) say(`skipped, which fails this run: ${name}`);
if (failed === 0 && (exitCode !== '0' || passed === 0)) {
  say('the run failed outside every test');
  failed = 1;
}
say([`${passed} passed`, `${failed} failed`, ...(skipped.length > 0 ? [`${skipped.length} skipped`] : [])].join(', '));
if (failed > 0 || skipped.length > 0) process.exitCode = 1;
