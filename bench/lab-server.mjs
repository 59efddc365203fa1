// The lab's vCenter as a process of its own, as plain JavaScript: node lab-server.mjs PROGRAM VMS
// Prints one line of JSON when it listens, and another for each line that it reads: the memory that it takes.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [program, vms] = process.argv.slice(2);
const { startVCenter } = await import(pathToFileURL(join(program, 'lab/vcenter/vcenter.js')).href);
const started = performance.now();
const { url, user, password } = await startVCenter({ vms: Number(vms), tls: false });
say({ url, user, password, startMs: performance.now() - started });
createInterface(process.stdin)
  .on('line', () => {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    say({ rss, heapUsed });
  })
  .on('close', () => process.exit());

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
