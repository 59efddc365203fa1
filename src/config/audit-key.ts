import { Secret } from '../lib/secret.ts';
import { readEnvironment } from './environment.ts';
import { readLocalFile } from './files.ts';
import type { Findings } from './problem.ts';

/** AUDIT_KEY of this process, also where the rest of the configuration is not there: a record is verified anywhere. */
export function processAuditKey(): Secret | undefined {
  const findings: Findings = { problems: [], warnings: [] };
  const { AUDIT_KEY } = readEnvironment(process.env, readLocalFile, findings).values;
  const problem = findings.problems.find(({ name }) => name.startsWith('AUDIT_KEY'));
  if (problem !== undefined) throw new Error(`${problem.name} ${problem.message}`);
  return AUDIT_KEY === undefined ? undefined : new Secret(AUDIT_KEY);
}
