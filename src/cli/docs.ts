/** `mcvsphere docs`: the reference pages, printed from the code that they describe. */
import { Argument, Command } from 'commander';
import { renderConfigurationReference, renderEnvExample } from '../config/reference.ts';
import { DEFAULT_GROUPS } from '../policy/groups.ts';
import { createPolicy } from '../policy/policy.ts';
import { renderToolReference } from './tool-reference.ts';
import { renderToolTable } from './tools.ts';

const PAGES: Readonly<Record<string, () => string>> = {
  env: renderEnvExample,
  configuration: renderConfigurationReference,
  tools: () => renderToolTable(createPolicy({ groupLevels: DEFAULT_GROUPS })),
  reference: () => renderToolReference(createPolicy({ groupLevels: DEFAULT_GROUPS })),
};

export function docsCommand(): Command {
  return new Command('docs')
    .description('Print a reference page.')
    .addArgument(new Argument('<page>', 'which one').choices(Object.keys(PAGES)))
    .action((page: string) => {
      process.stdout.write(PAGES[page]!());
    });
}
