import { z } from 'zod';
import { Secret } from '../lib/secret.ts';

/** JSON Schema's own word for a value that is given and never shown again. */
const SECRET = 'writeOnly';

/**
 * A string argument that must never be seen again: it parses to a `Secret`, and its name is known to the
 * audit before the argument was validated.
 */
export function secret(description: string) {
  return z
    .string()
    .max(1_048_576)
    .transform((value) => new Secret(value))
    .meta({ description, [SECRET]: true });
}

/** The names of a tool's arguments that are secrets. */
export function secretFields(shape: z.ZodRawShape): ReadonlySet<string> {
  const names = Object.entries(shape)
    .filter(([, field]) => isSecret(field as z.ZodType))
    .map(([name]) => name);
  return new Set(names);
}

function isSecret(field: z.ZodType): boolean {
  if (field.meta()?.[SECRET] === true) return true;
  const inner = (field.def as { innerType?: z.ZodType }).innerType;
  return inner !== undefined && isSecret(inner);
}
