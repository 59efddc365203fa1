import { readEnvironment } from './environment.ts';
import { readLocalFile } from './files.ts';
import type { Findings } from './problem.ts';

/** RBAC_POLICY_FILE of this process, also where the rest of the configuration is not there. */
export function processPolicyFile(): string | undefined {
  const findings: Findings = { problems: [], warnings: [] };
  const { RBAC_POLICY_FILE } = readEnvironment(process.env, readLocalFile, findings).values;
  const problem = findings.problems.find(({ name }) => name === 'RBAC_POLICY_FILE');
  if (problem !== undefined) throw new Error(`${problem.name} ${problem.message}`);
  return RBAC_POLICY_FILE;
}
