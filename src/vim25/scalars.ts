/** Scalars of XML Schema as JavaScript values: https://www.w3.org/TR/xmlschema-2/ */

/** Scalar types by the names that `xsi:type` may give them, and by which vSphere names the elements of its arrays. */
const SCALARS_OF_NAMES: ReadonlyMap<string, string> = new Map([
  ['string', 'string'],
  ['anyURI', 'string'],
  ['TypeName', 'string'],
  ['MethodName', 'string'],
  ['PropertyPath', 'string'],
  ['boolean', 'boolean'],
  ['byte', 'byte'],
  ['unsignedByte', 'byte'],
  ['short', 'short'],
  ['unsignedShort', 'int'],
  ['int', 'int'],
  ['unsignedInt', 'long'],
  ['integer', 'long'],
  ['long', 'long'],
  ['unsignedLong', 'long'],
  ['float', 'float'],
  ['double', 'double'],
  ['decimal', 'double'],
  ['dateTime', 'dateTime'],
  ['base64Binary', 'base64Binary'],
  ['ManagedObjectReference', 'ref'],
  ['anyType', 'any'],
]);

export function scalarOfName(name: string): string | undefined {
  return SCALARS_OF_NAMES.get(name);
}

/** `ArrayOfString` → `string`, `ArrayOfVirtualDisk` → `VirtualDisk`; undefined for no array's name. */
export function itemTypeOfArray(name: string): string | undefined {
  if (!name.startsWith('ArrayOf') || name.length === 7) return undefined;
  const item = name.slice(7);
  return scalarOfName(item) ?? scalarOfName(item[0]!.toLowerCase() + item.slice(1)) ?? item;
}

/** The value of `text`; undefined where it is none of that type, as an empty number is. */
export function readScalar(type: string, text: string): unknown {
  switch (type) {
    case 'boolean':
      return readBoolean(text.trim());
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
      return readInteger(text.trim());
    case 'float':
    case 'double':
      return readFloat(text.trim());
    case 'base64Binary':
      return Buffer.from(text, 'base64');
    default:
      return text;
  }
}

function readBoolean(text: string): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

/** A bigint where a number would not be exact: world wide names, limits of 2^63 - 1. */
function readInteger(text: string): number | bigint | undefined {
  const value = Number(text);
  if (Number.isSafeInteger(value) && text !== '') return value;
  return /^[+-]?\d{1,20}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
}

function readFloat(text: string): number | undefined {
  if (text === 'INF') return Number.POSITIVE_INFINITY;
  if (text === '-INF') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? undefined : value;
}
