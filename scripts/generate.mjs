// Writes the pages that are made from the code: .env.example, the configuration reference and the tool table of
// the README. `--check` only compares, and says which of them are out of date. Needs a build: the pages come out of
// the command itself (`mcvsphere docs PAGE`).
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const START = '<!-- generated: tools -->';
const END = '<!-- /generated -->';

const pages = {
  '.env.example': () => print('env'),
  'docs/configuration.md': () => print('configuration'),
  'README.md': () => withTools(readFileSync('README.md', 'utf8'), print('tools')),
};

function print(page) {
  return execFileSync(process.execPath, ['dist/main.js', 'docs', page], { encoding: 'utf8', env: {} });
}

function withTools(readme, table) {
  const from = readme.indexOf(START);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`README.md needs the lines ${START} and ${END}`);
  return `${readme.slice(0, from + START.length)}\n\n${table.trimEnd()}\n\n${readme.slice(to)}`;
}

function current(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

for (const [path, render] of Object.entries(pages)) {
  const wanted = render();
  if (current(path) === wanted) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${path} is out of date: run \`npm run generate\`\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, wanted);
  }
}
