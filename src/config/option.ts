import { z } from 'zod';

export const CATEGORIES = {
  vcenter: 'vCenter',
  esxi: 'Standalone ESXi hosts',
  mcp: 'MCP endpoint',
  oauth: 'Tokens and identity (OAuth)',
  login: 'Login',
  policy: 'Permissions',
  audit: 'Audit',
  logging: 'Logging',
} as const;

/** What is known of an option besides its type; the reference and `.env.example` are made of it. */
export interface OptionMeta {
  readonly category: keyof typeof CATEGORIES;
  /** One or two sentences for operators. */
  readonly description: string;
  /** Never shown, and can also be read from the file that `NAME_FILE` names. */
  readonly secret?: true;
  /** Also with `_1`, `_2`, … for further servers. */
  readonly numbered?: true;
  /** In words, where the default is not a fixed value. */
  readonly otherwise?: string;
  readonly example?: string;
}

const registry = z.registry<OptionMeta>();

export function option<T extends z.ZodType>(meta: OptionMeta, schema: T): T {
  registry.add(schema, meta);
  return schema;
}

export function metaOf(schema: z.ZodType): OptionMeta {
  const meta = registry.get(schema);
  if (meta === undefined) throw new TypeError('an option without description');
  return meta;
}

/** The default as one would write it in the environment. */
export function defaultOf(schema: z.ZodType): string | undefined {
  return schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : undefined;
}
