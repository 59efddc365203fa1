import { z } from 'zod';
import type { ConfigProblem } from './problem.ts';

/** Groups that the operator adds to those of the token. */
export interface GroupMap {
  /** By `sub`, or by the user name. */
  readonly users: ReadonlyMap<string, readonly string[]>;
  /** By a group of the token. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

const name = z
  .string('a name must be a text')
  .min(1, 'a name must not be empty')
  .max(256, 'a name has at most 256 characters')
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'a name must not hold invisible characters');
const table = z.record(name, z.array(name, 'groups must stand in a list').max(100, 'at most 100 groups for one name'));
const schema = z.strictObject({ users: table.optional(), groups: table.optional() });

/** OAUTH_GROUP_MAP_FILE. Reports every fault with the place in the file where it is. */
export function parseGroupMap(text: string, problems: ConfigProblem[]): GroupMap | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    problems.push({ name: 'OAUTH_GROUP_MAP_FILE', message: 'names a file that is not JSON' });
    return undefined;
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    for (const { path, message } of result.error.issues) {
      const place = path.length === 0 ? 'its top level' : JSON.stringify(path.join(' → ').slice(0, 200));
      problems.push({ name: 'OAUTH_GROUP_MAP_FILE', message: `names a file with a fault at ${place}: ${message}` });
    }
    return undefined;
  }
  const { users = {}, groups = {} } = result.data;
  return Object.freeze({ users: new Map(Object.entries(users)), groups: new Map(Object.entries(groups)) });
}
