/** The type tables of vim25 as the encoder and the decoder use them, expanded from the generated schema. */
import { readFileSync } from 'node:fs';

export interface Field {
  readonly name: string;
  /** A scalar kind, or the name of a data object type. */
  readonly type: string;
  readonly array: boolean;
  readonly optional: boolean;
}

export interface DataType {
  readonly name: string;
  readonly base: DataType | undefined;
  /** Inherited ones first: the order of the wire, about which vCenter is strict. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
}

export interface MethodType {
  readonly request: DataType;
  readonly response: Field | undefined;
}

interface GeneratedSchema {
  readonly types: Readonly<Record<string, readonly [base: string, ...fields: string[]]>>;
  readonly enums: readonly string[];
  readonly methods: Readonly<Record<string, readonly [response: string, ...fields: string[]]>>;
}

export const SCALAR_TYPES: ReadonlySet<string> = new Set([
  'string',
  'boolean',
  'byte',
  'short',
  'int',
  'long',
  'float',
  'double',
  'dateTime',
  'base64Binary',
  'any',
  'ref',
]);

const { types, enums, methods }: GeneratedSchema = JSON.parse(
  readFileSync(new URL('./generated/schema.json', import.meta.url), 'utf8'),
);

export const ENUM_TYPES: ReadonlySet<string> = new Set(enums);

const dataTypes = new Map<string, DataType>();
const methodTypes = new Map<string, MethodType>();

/** A data object type by its name; undefined for one that the tables do not have. */
export function dataType(name: string): DataType | undefined {
  const known = dataTypes.get(name);
  if (known || !Object.hasOwn(types, name)) return known;
  const [base, ...fields] = types[name]!;
  const expanded = expand(name, base === '' ? undefined : dataType(base), fields);
  dataTypes.set(name, expanded);
  return expanded;
}

/** Whether `name` is `ancestor` or one of its subclasses; a type that the tables lack is only itself. */
export function isSubtype(name: string, ancestor: string): boolean {
  if (name === ancestor) return true;
  for (let type = dataType(name); type; type = type.base) if (type.name === ancestor) return true;
  return false;
}

export function methodType(name: string): MethodType {
  const known = methodTypes.get(name);
  if (known) return known;
  if (!Object.hasOwn(methods, name)) throw new TypeError(`vim25 method not in the type tables: ${name}`);
  const [response, ...fields] = methods[name]!;
  const type = {
    request: expand(name, undefined, fields),
    response: response === '' ? undefined : parseField(`returnval:${response}`),
  };
  methodTypes.set(name, type);
  return type;
}

function expand(name: string, base: DataType | undefined, rows: readonly string[]): DataType {
  const fields = [...(base?.fields ?? []), ...rows.map(parseField)];
  return { name, base, fields, byName: new Map(fields.map((field) => [field.name, field])) };
}

/** `name:type`, then `[]` for an array and `?` for what may be absent. */
function parseField(row: string): Field {
  const optional = row.endsWith('?');
  const required = optional ? row.slice(0, -1) : row;
  const array = required.endsWith('[]');
  const [name, type] = (array ? required.slice(0, -2) : required).split(':') as [string, string];
  return { name, type, array, optional };
}
