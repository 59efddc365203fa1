// Writes what is made from the code: .env.example, the references of configuration and tools, and the tables of the README.
// `--check` only compares, and says which of them are out of date. Needs a build.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const { DEFAULT_GROUPS } = await import('../dist/policy/groups.js');
const { LEVEL_DESCRIPTIONS } = await import('../dist/policy/levels.js');

const pages = {
  '.env.example': () => printed('env'),
  'docs/configuration.md': () => printed('configuration'),
  'docs/tools.md': () => printed('reference'),
  'README.md': () => withSections(readFileSync('README.md', 'utf8'), { levels, tools: () => printed('tools') }),
};

/** What the command itself prints. */
function printed(page) {
  return execFileSync(process.execPath, ['dist/main.js', 'docs', page], { encoding: 'utf8', env: {} });
}

function levels() {
  const rows = [...DEFAULT_GROUPS].map(
    ([group, level]) => `| ${level} | \`${group}\` | ${LEVEL_DESCRIPTIONS[level]} |`,
  );
  return ['| level | granted by the group | what it allows |', '|---|---|---|', ...rows].join('\n');
}

/** Each section stands between `<!-- generated: name -->` and the next `<!-- /generated -->`. */
function withSections(page, sections) {
  return Object.entries(sections).reduce((text, [name, render]) => {
    const start = `<!-- generated: ${name} -->`;
    const from = text.indexOf(start);
    const to = text.indexOf('<!-- /generated -->', from);
    if (from < 0 || to < 0) throw new Error(`README.md needs ${start} and its end`);
    return `${text.slice(0, from + start.length)}\n\n${render().trim()}\n\n${text.slice(to)}`;
  }, page);
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
