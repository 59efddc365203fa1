/** What a server has to know of the types beyond what its clients do: the declared types of properties. */
import { readFileSync } from 'node:fs';
import { dataType, SCALAR_TYPES } from '../../../src/vim25/schema.ts';

export interface DeclaredType {
  /** A scalar kind, an enum's name, or the name of a data object type. */
  readonly type: string;
  readonly array: boolean;
}

interface GeneratedTables {
  readonly managedObjects: Readonly<Record<string, readonly [base: string, ...properties: string[]]>>;
  readonly enumFields: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const { managedObjects, enumFields }: GeneratedTables = JSON.parse(
  readFileSync(new URL('../generated/managed-objects.json', import.meta.url), 'utf8'),
);

const properties = new Map<string, ReadonlyMap<string, DeclaredType>>();

/** The properties of a managed object type by name, inherited ones included; undefined for an unknown type. */
export function propertiesOf(type: string): ReadonlyMap<string, DeclaredType> | undefined {
  const known = properties.get(type);
  if (known || !Object.hasOwn(managedObjects, type)) return known;
  const [base, ...rows] = managedObjects[type]!;
  const all = new Map([...((base && propertiesOf(base)) || []), ...rows.map(declared)]);
  properties.set(type, all);
  return all;
}

function declared(row: string): [name: string, type: DeclaredType] {
  const [name, rest] = row.split(':') as [string, string];
  const type = rest.replace(/\?$/, '');
  return [name, { type: type.replace('[]', ''), array: type.endsWith('[]') }];
}

/** A managed object type and those that it derives from, itself first. */
export function* managedTypeChain(type: string): Iterable<string> {
  for (let name: string | undefined = type; name; name = managedObjects[name]?.[0]) yield name;
}

/** Whether the managed object type `type` is `ancestor` or derives from it. Everything is a AnyObject. */
export function isManagedSubtype(type: string, ancestor: string): boolean {
  if (ancestor === 'AnyObject') return true;
  for (const name of managedTypeChain(type)) if (name === ancestor) return true;
  return false;
}

/** The declared type of a data object's field, enums by their names. */
export function fieldType(typeName: string, fieldName: string): DeclaredType | undefined {
  const type = dataType(typeName);
  const field = type?.byName.get(fieldName);
  if (!type || !field) return undefined;
  if (field.type === 'string') {
    for (let owner: typeof type | undefined = type; owner; owner = owner.base) {
      const enumName = enumFields[owner.name]?.[fieldName];
      if (enumName) return { type: enumName, array: field.array };
    }
  }
  return { type: field.type, array: field.array };
}

/** Whether values of `type` are plain text on the wire; an enum's are. */
export function isScalar(type: string): boolean {
  return SCALAR_TYPES.has(type) || dataType(type) === undefined;
}
