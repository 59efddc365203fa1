// `npm run demo`. The demo is TypeScript, and the oldest Node.js that runs the gateway does not read that: the types are
// taken off into the demo's own folder, which is gone when it ends, and the demo runs from there in this process.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

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
const ready = withoutTypes();
// What takes longest to load is loaded while the types are taken off.
await Promise.all(
  ['oidc-provider', 'fastify', '@modelcontextprotocol/server', 'undici', 'zod'].map((name) => import(name)),
);
if (await ready) {
  const { run } = await import(pathToFileURL(join(program, 'lab', 'demo', 'main.js')).href);
  process.exit(await run({ args: process.argv.slice(2), folder, signal: stopping.signal }));
}
process.exit(stopping.signal.aborted ? 0 : 1);

/** Whether it is done: not where it was stopped, or failed and said so. */
async function withoutTypes() {
  const isData = (path) => statSync(path).isDirectory() || !['.ts', '.mjs', '.md'].includes(extname(path));
  for (const part of ['lab', 'src']) cpSync(join(root, part), join(program, part), { recursive: true, filter: isData });
  cpSync(join(root, 'package.json'), join(program, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(program, 'node_modules'), 'junction');
  const settings = join(program, 'tsconfig.json');
  writeFileSync(settings, JSON.stringify(tsconfig()));
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  // Ctrl-C is not for it: its half second is waited for, or it would go on writing into a folder that is removed.
  const child = spawn(process.execPath, [compiler, '-p', settings], { stdio: ['ignore', 2, 2], detached: true });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  return code === 0 && !stopping.signal.aborted;
}

/** Only takes the types off: whether they are right is for `npm run types`, and takes seconds. */
function tsconfig() {
  return {
    compilerOptions: {
      target: 'es2023',
      lib: ['es5'],
      types: [],
      module: 'nodenext',
      moduleDetection: 'force',
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
      noCheck: true,
      noResolve: true,
      rootDir: root,
      outDir: program,
    },
    include: [join(root, 'lab'), join(root, 'src')],
    exclude: ['**/*.test.ts'].map((pattern) => join(root, pattern)),
  };
}
