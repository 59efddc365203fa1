/**
 * Values as XML, as a server says them. The gateway's own encoder is deliberately not used: what both sides got
 * wrong in the same way would never be seen.
 */
import { type DataType, dataType, type Field } from '../../../src/vim25/schema.ts';
import { escapeXml } from '../../../src/vim25/xml-text.ts';
import { type DeclaredType, isScalar } from './type-tables.ts';

const XSD_SCALARS: ReadonlySet<string> = new Set([
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
]);

const INTEGERS: ReadonlySet<string> = new Set(['byte', 'short', 'int', 'long']);

/** An element that was encoded already. */
export class Encoded {
  readonly xml: string;

  constructor(xml: string) {
    this.xml = xml;
  }
}

/** A value of a field declared as `any`, of which the lab knows what it was declared as where it is kept. */
export function encodeDeclared(name: string, { type, array }: DeclaredType, value: unknown): string {
  if (array) return encodeArrayValue(name, type, value as readonly unknown[]);
  if (type === 'any') return encodeAny(name, value);
  if (type === 'ref') return encodeReference(name, value, ' xsi:type="ManagedObjectReference"');
  if (isScalar(type)) return `<${name} xsi:type="${scalarName(type)}">${scalarText(value)}</${name}>`;
  return encodeObject(name, undefined, type, value);
}

/** The fields of a data object in the schema's order. Errors: `TypeError` for a field that the type has not. */
export function encodeFields(type: DataType, value: object): string {
  let xml = '';
  let written = '$type' in value ? 1 : 0;
  for (const field of type.fields) {
    const given = (value as Record<string, unknown>)[field.name];
    if (given === undefined) continue;
    written++;
    if (!field.array) xml += encodeField(field, given);
    else for (const item of given as readonly unknown[]) xml += encodeField(field, item);
  }
  if (written < Object.keys(value).length) refuseUnknown(type, value);
  return xml;
}

function refuseUnknown(type: DataType, value: object): void {
  for (const [name, given] of Object.entries(value)) {
    if (given !== undefined && name !== '$type' && !type.byName.has(name)) {
      throw new TypeError(`${type.name} has no field ${name}`);
    }
  }
}

export function encodeField({ name, type }: Pick<Field, 'name' | 'type'>, value: unknown): string {
  if (type === 'any') return encodeAny(name, value);
  if (type === 'ref') return encodeReference(name, value, '');
  if (isScalar(type)) {
    if (INTEGERS.has(type)) assertInteger(name, value);
    return `<${name}>${scalarText(value)}</${name}>`;
  }
  return encodeObject(name, type, type, value);
}

/** Strict clients drop the whole answer for a fraction in a field of whole numbers. */
function assertInteger(name: string, value: unknown): void {
  if (typeof value !== 'bigint' && !Number.isInteger(value)) throw new TypeError(`${name}: ${value} is no integer`);
}

function encodeObject(name: string, declared: string | undefined, fallback: string, value: unknown): string {
  const concrete = (value as { $type?: string }).$type ?? fallback;
  const type = dataType(concrete);
  if (!type) throw new TypeError(`${name}: no data object type ${concrete}`);
  const attribute = concrete === declared ? '' : ` xsi:type="${concrete}"`;
  return `<${name}${attribute}>${encodeFields(type, value as object)}</${name}>`;
}

function encodeReference(name: string, value: unknown, attribute: string): string {
  const { type, value: id } = value as { type: string; value: string };
  return `<${name}${attribute} type="${type}">${escapeXml(id)}</${name}>`;
}

function encodeArrayValue(name: string, type: string, items: readonly unknown[]): string {
  const itemName = type === 'ref' ? 'ManagedObjectReference' : type === 'any' ? 'anyType' : type;
  const ofName = `ArrayOf${itemName[0]!.toUpperCase()}${itemName.slice(1)}`;
  let xml = `<${name} xsi:type="${ofName}">`;
  for (const item of items) {
    xml +=
      type === 'ref'
        ? encodeReference(itemName, item, ' xsi:type="ManagedObjectReference"')
        : encodeField({ name: itemName, type }, item);
  }
  return `${xml}</${name}>`;
}

/** `{ $type: 'ArrayOfX', items }` is an array, as TaskInfo.result may hold one. */
function encodeAny(name: string, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `<${name} xsi:type="xsd:string">${escapeXml(value)}</${name}>`;
    case 'boolean':
      return `<${name} xsi:type="xsd:boolean">${value}</${name}>`;
    case 'bigint':
      return `<${name} xsi:type="xsd:long">${value}</${name}>`;
    case 'number':
      return `<${name} xsi:type="xsd:${numberType(value)}">${value}</${name}>`;
    default:
  }
  if (value instanceof Encoded) return value.xml;
  const { $type, items, value: scalar } = value as { $type?: string; items?: readonly unknown[]; value?: unknown };
  if ($type === undefined) return encodeReference(name, value, ' xsi:type="ManagedObjectReference"');
  if ($type.startsWith('ArrayOf')) return encodeArrayValue(name, itemTypeOf($type), items ?? []);
  if ($type.startsWith('xsd:')) return `<${name} xsi:type="${$type}">${scalarText(scalar)}</${name}>`;
  return encodeObject(name, undefined, $type, value);
}

function itemTypeOf(arrayType: string): string {
  const item = arrayType.slice('ArrayOf'.length);
  if (item === 'ManagedObjectReference') return 'ref';
  const scalar = item[0]!.toLowerCase() + item.slice(1);
  return XSD_SCALARS.has(scalar) ? scalar : item;
}

function numberType(value: number): string {
  if (!Number.isInteger(value)) return 'double';
  return value >= -(2 ** 31) && value < 2 ** 31 ? 'int' : 'long';
}

function scalarName(type: string): string {
  return XSD_SCALARS.has(type) ? `xsd:${type}` : type;
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return escapeXml(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}
