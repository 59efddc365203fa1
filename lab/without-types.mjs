// Takes the types off the lab and the gateway: the oldest Node.js that runs them does not read TypeScript.
import { spawn } from 'node:child_process';
import { cpSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Writes `lab/` and `src/` as JavaScript into a folder, from which they run. Whether it could; it says why not. */
export async function withoutTypes(program) {
  const isData = (path) => statSync(path).isDirectory() || !['.ts', '.mjs', '.md'].includes(extname(path));
  for (const part of ['lab', 'src']) cpSync(join(root, part), join(program, part), { recursive: true, filter: isData });
  cpSync(join(root, 'package.json'), join(program, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(program, 'node_modules'), 'junction');
  const settings = join(program, 'tsconfig.json');
  writeFileSync(settings, JSON.stringify(tsconfig(program)));
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  // Ctrl-C is not for it: its half second is waited for, or it would go on writing into a folder that is removed.
  const child = spawn(process.execPath, [compiler, '-p', settings], { stdio: ['ignore', 2, 2], detached: true });
  return (await new Promise((resolve) => child.on('exit', resolve))) === 0;
}

/** Only takes the types off: whether they are right is for `npm run types`, and takes seconds. */
function tsconfig(program) {
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
