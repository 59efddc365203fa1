// `npm run demo`. The demo is TypeScript, and the oldest Node.js that runs the gateway does not read that: the types are
// taken off into the demo's own folder, which is gone when it ends, and the demo runs from there in this process.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withoutTypes } from '../without-types.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const stopping = new AbortController();
let askedAt = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    // The second time nothing is waited for; but npm passes on what the terminal has sent already.
    if (stopping.signal.aborted && Date.now() - askedAt > 500) process.exit(1);
    askedAt ||= Date.now();
    stopping.abort();
  });
}

if (!existsSync(join(root, 'node_modules', 'oidc-provider'))) {
  process.stderr.write('The libraries are missing: run npm ci first.\n');
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'mcvsphere-demo-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// The provider's library is made for newer versions of Node.js than the oldest that runs the gateway, and says so.
const { warn } = console;
console.warn = (...texts) => String(texts[0]).includes('Unsupported runtime') || warn(...texts);

const program = join(folder, 'program');
const ready = withoutTypes(program);
// What takes longest to load is loaded while the types are taken off.
await Promise.all(
  ['oidc-provider', 'fastify', '@modelcontextprotocol/server', 'undici', 'zod'].map((name) => import(name)),
);
if ((await ready) && !stopping.signal.aborted) {
  const { run } = await import(pathToFileURL(join(program, 'lab', 'demo', 'main.js')).href);
  process.exit(await run({ args: process.argv.slice(2), folder, signal: stopping.signal }));
}
process.exit(stopping.signal.aborted ? 0 : 1);
