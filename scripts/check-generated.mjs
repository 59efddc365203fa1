// Every committed file that a script writes, written again and compared. The type tables of vim25/ come out of Go
// sources: where there is no Go this check passes over them and says so, except in CI.
import { spawnSync } from 'node:child_process';

const go = spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;
const checks = [['scripts/generate.mjs', '--check']];
if (go || process.env.CI === 'true') checks.push(['scripts/vim25-schema/generate.mjs', '--check']);
else process.stderr.write('Go is not installed: the type tables of vim25/ are not compared with their source.\n');

for (const args of checks) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
