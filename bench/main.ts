/**
 * Prints how the gateway compares with the least that could do the same work, both measured in turns in this run.
 * A ratio says something on any machine; a time does not, and nothing here fails because of one.
 */
import { benchCalls } from './calls.ts';
import { benchFiles } from './files.ts';
import { benchInventory } from './inventory.ts';
import { benchLab } from './lab.ts';
import { benchLogin } from './login.ts';
import { benchStart } from './start.ts';

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  calls: benchCalls,
  files: benchFiles,
  inventory: benchInventory,
  lab: benchLab,
  login: benchLogin,
  start: benchStart,
};

export async function run(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')} (there are ${Object.keys(PARTS)})`);
  for (const name of names.length > 0 ? names : Object.keys(PARTS)) await PARTS[name]!();
}
