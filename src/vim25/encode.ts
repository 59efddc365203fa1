/** Requests as XML: vCenter wants the fields in the order of the schema, inherited ones first. */
import { UnsendableValueError } from './errors.ts';
import type { ManagedObjectReference } from './managed-object-reference.ts';
import { type DataType, dataType, type Field, isSubtype, methodType, SCALAR_TYPES } from './schema.ts';
import { UNKNOWN_FIELDS } from './unknown-fields.ts';
import { escapeXml } from './xml-text.ts';

type Fields = Readonly<Record<string, unknown>> & { readonly [UNKNOWN_FIELDS]?: readonly string[] };

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
const LONG_LIMIT = 2n ** 63n;
const INTEGER_RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  byte: [-128, 255],
  short: [-32768, 32767],
  int: [INT_MIN, INT_MAX],
};

/**
 * The element of a method's request. The prefixes `xsi` and `xsd` are the envelope's.
 *
 * Errors: `TypeError` for what no caller can cause (an unknown method, field or type); INVALID_INPUT for a value
 * that XML or the field's type cannot hold.
 */
export function encodeRequest(method: string, request: object): string {
  const { request: type } = methodType(method);
  return `<${method} xmlns="urn:vim25">${encodeFields(type, request as Fields)}</${method}>`;
}

function encodeFields(type: DataType, value: Fields): string {
  refuseUnknown(type, value);
  let xml = '';
  for (const field of type.fields) {
    const given = value[field.name];
    if (given === undefined || given === null) continue;
    xml += field.array ? encodeArray(field, given) : encodeField(field, given);
  }
  return xml;
}

/** A misspelt field would be left out in silence; what a newer server sent under unknown names goes back unsaid. */
function refuseUnknown(type: DataType, value: Fields): void {
  for (const name of Object.keys(value)) {
    if (type.byName.has(name) || name === '$type' || value[UNKNOWN_FIELDS]?.includes(name)) continue;
    throw new TypeError(`${type.name} has no field ${name}`);
  }
}

function encodeArray(field: Field, given: unknown): string {
  if (!Array.isArray(given)) throw new TypeError(`${field.name} is an array`);
  return given.map((item) => encodeField(field, item)).join('');
}

function encodeField({ name, type }: Field, given: unknown): string {
  if (type === 'any') return encodeAny(name, given);
  if (type === 'ref') return encodeReference(name, given as ManagedObjectReference, '');
  if (SCALAR_TYPES.has(type)) return `<${name}>${encodeScalar(name, type, given)}</${name}>`;
  return encodeObject(name, type, given);
}

function encodeObject(name: string, declared: string, given: unknown): string {
  if (typeof given !== 'object' || given === null) throw new TypeError(`${name} is a ${declared}`);
  const concrete = (given as { $type?: string }).$type ?? declared;
  const type = dataType(concrete);
  if (!type || (declared !== 'any' && !isSubtype(concrete, declared))) {
    throw new TypeError(`${name} is a ${declared}, not a ${concrete}`);
  }
  const attribute = concrete === declared ? '' : ` xsi:type="${concrete}"`;
  return `<${name}${attribute}>${encodeFields(type, given as Fields)}</${name}>`;
}

function encodeReference(name: string, ref: ManagedObjectReference, attribute: string): string {
  if (typeof ref?.type !== 'string' || typeof ref.value !== 'string') {
    throw new TypeError(`${name} is a ManagedObjectReference`);
  }
  return `<${name}${attribute} type="${escapeXml(ref.type)}">${escapeXml(ref.value)}</${name}>`;
}

/** A value of no declared type says its own. `{ $type: 'xsd:long', value: 5 }` picks one where the value leaves a choice. */
function encodeAny(name: string, given: unknown): string {
  if (typeof given === 'object' && given !== null && !(given instanceof Uint8Array) && !Array.isArray(given)) {
    const { $type, value } = given as { $type?: string; value?: unknown };
    if ($type?.startsWith('xsd:')) return encodeTyped(name, $type.slice(4), value);
    if ($type === undefined && 'type' in given) {
      return encodeReference(name, given as ManagedObjectReference, ' xsi:type="ManagedObjectReference"');
    }
    return encodeObject(name, 'any', given);
  }
  return encodeTyped(name, scalarTypeOf(name, given), given);
}

function encodeTyped(name: string, type: string, given: unknown): string {
  return `<${name} xsi:type="xsd:${type}">${encodeScalar(name, type, given)}</${name}>`;
}

function scalarTypeOf(name: string, given: unknown): string {
  if (typeof given === 'string') return 'string';
  if (typeof given === 'boolean') return 'boolean';
  if (typeof given === 'bigint') return 'long';
  if (given instanceof Uint8Array) return 'base64Binary';
  if (typeof given !== 'number') throw new TypeError(`${name} cannot be sent as a value of any type`);
  if (!Number.isInteger(given)) return 'double';
  return given >= INT_MIN && given <= INT_MAX ? 'int' : 'long';
}

function encodeScalar(name: string, type: string, given: unknown): string {
  switch (type) {
    case 'string':
      if (typeof given !== 'string') throw new TypeError(`${name} is a string`);
      return escapeXml(given);
    case 'boolean':
      if (typeof given !== 'boolean') throw new TypeError(`${name} is a boolean`);
      return given ? 'true' : 'false';
    case 'dateTime':
      return encodeTime(name, given);
    case 'base64Binary':
      if (!(given instanceof Uint8Array)) throw new TypeError(`${name} is a Uint8Array`);
      return Buffer.from(given.buffer, given.byteOffset, given.byteLength).toString('base64');
    case 'float':
    case 'double':
      if (typeof given !== 'number') throw new TypeError(`${name} is a number`);
      return Number.isFinite(given) ? String(given) : Number.isNaN(given) ? 'NaN' : given > 0 ? 'INF' : '-INF';
    default:
      return encodeInteger(name, type, given);
  }
}

function encodeInteger(name: string, type: string, given: unknown): string {
  if (typeof given !== 'number' && typeof given !== 'bigint') throw new TypeError(`${name} is a number`);
  const range = INTEGER_RANGES[type];
  const fits = range
    ? Number.isInteger(Number(given)) && given >= range[0] && given <= range[1]
    : typeof given === 'bigint'
      ? given >= -LONG_LIMIT && given < LONG_LIMIT
      : Number.isSafeInteger(given);
  if (!fits) throw new UnsendableValueError(`The value of ${name} is not a whole number that vSphere can take.`);
  return String(given);
}

function encodeTime(name: string, given: unknown): string {
  const time = given instanceof Date ? given : new Date(String(given));
  if (Number.isNaN(time.getTime())) throw new UnsendableValueError(`The value of ${name} is not an ISO 8601 time.`);
  return given instanceof Date ? time.toISOString() : escapeXml(String(given));
}
