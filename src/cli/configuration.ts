import { type Config, loadProcessConfig } from '../config/config.ts';
import type { ConfigProblem } from '../config/problem.ts';

/** The configuration of this process; without a valid one the process ends with every problem told. */
export function configOrExit(): { config: Config; warnings: readonly string[] } {
  const loaded = loadProcessConfig();
  if (loaded.ok) return loaded;
  process.stderr.write(`mcvsphere cannot start with this configuration:\n${problemLines(loaded.problems)}`);
  process.stderr.write('See `mcvsphere docs env` for every option.\n');
  process.exit(2);
}

export function problemLines(problems: readonly ConfigProblem[]): string {
  return problems.map(({ name, message }) => `  ${name}: ${message}\n`).join('');
}
