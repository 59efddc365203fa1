/**
 * Answers as objects, by the schema, while they arrive.
 *
 * Lenient where a newer or a sloppy server differs: what the tables do not know is kept as a generic object under
 * its own name. An `xsi:type` is told by the attribute's local name: vcsim writes it under a prefix of its own.
 */

import { itemTypeOfArray, readScalar, scalarOfName } from './scalars.ts';
import { type DataType, dataType, ENUM_TYPES, SCALAR_TYPES } from './schema.ts';
import { UNKNOWN_FIELDS } from './unknown-fields.ts';
import type { XmlHandler } from './xml-reader.ts';
import { localName } from './xml-reader.ts';

/** Takes the items of one array as they arrive, in place of the array. */
export interface ItemStream {
  /** The type that has the array, and the array's field. */
  readonly type: string;
  readonly field: string;
  readonly each: (item: unknown) => void;
}

export interface Decoder extends XmlHandler {
  /** The root's value, once its end was read. */
  result(): unknown;
}

const OBJECT = 0;
const SCALAR = 1;
const REFERENCE = 2;
const ARRAY = 3;
/** Of no known type: text, until an element in it shows that it is an object. */
const GENERIC = 4;
const SKIPPED = 5;

type GenericObject = Record<string, unknown> & { [UNKNOWN_FIELDS]?: string[] };

interface Frame {
  kind: number;
  /** The field of the parent that this is the value of. */
  name: string;
  array: boolean;
  known: boolean;
  nil: boolean;
  type: DataType | undefined;
  /** A scalar's kind, an array's item type, a reference's or a generic object's type name. */
  detail: string;
  text: string;
  value: GenericObject | unknown[] | undefined;
}

/** Decodes one element (its start included) as a `type`; generic when that is undefined. */
export function createDecoder(type: DataType | undefined, stream?: ItemStream): Decoder {
  const frames: Frame[] = [newFrame()];
  let depth = 0;
  let started = false;
  let result: unknown;

  return {
    start(name, attributes) {
      if (!started) {
        started = true;
        const root = frames[0]!;
        if (type) openObject(root, type, type.name);
        else openGeneric(root, '');
        return;
      }
      const parent = frames[depth]!;
      depth++;
      const frame = frames[depth] ?? newFrame();
      frames[depth] = frame;
      open(frame, parent, name, attributes);
    },
    text(text) {
      const frame = frames[depth]!;
      if (frame.kind === SCALAR || frame.kind === REFERENCE || frame.kind === GENERIC) frame.text += text;
    },
    end() {
      const frame = frames[depth]!;
      const value = finished(frame);
      frame.value = undefined;
      if (depth === 0) {
        result = value;
        return;
      }
      depth--;
      const parent = frames[depth]!;
      if (value === undefined || parent.kind === SKIPPED) return;
      if (stream && parent.type?.name === stream.type && frame.name === stream.field) stream.each(value);
      else attach(parent, frame, value);
    },
    result: () => result,
  };
}

function newFrame(): Frame {
  return {
    kind: SKIPPED,
    name: '',
    array: false,
    known: false,
    nil: false,
    type: undefined,
    detail: '',
    text: '',
    value: undefined,
  };
}

function open(frame: Frame, parent: Frame, name: string, attributes: Readonly<Record<string, string>>): void {
  frame.name = name;
  frame.text = '';
  frame.nil = false;
  frame.type = undefined;
  if (parent.kind === GENERIC) becomeObject(parent);
  if (parent.kind === ARRAY) {
    frame.known = true;
    frame.array = true;
    openAs(frame, parent.detail, attributes);
  } else if (parent.kind === OBJECT) {
    const field = parent.type?.byName.get(name);
    frame.known = field !== undefined;
    frame.array = field?.array ?? false;
    openAs(frame, field?.type ?? 'any', attributes);
  } else {
    frame.kind = SKIPPED;
  }
}

function openAs(frame: Frame, declared: string, attributes: Readonly<Record<string, string>>): void {
  let said = '';
  frame.detail = '';
  for (const attribute in attributes) {
    if (attribute === 'type') frame.detail = attributes[attribute]!;
    else if (attribute.endsWith(':type')) said = attributes[attribute]!;
    else if (attribute.endsWith(':nil')) frame.nil = attributes[attribute] === 'true' || attributes[attribute] === '1';
  }
  if (declared === 'any') {
    openAny(frame, resolve(said));
  } else if (declared === 'ref') {
    frame.kind = REFERENCE;
  } else if (SCALAR_TYPES.has(declared)) {
    frame.kind = SCALAR;
    frame.detail = declared;
  } else {
    openDeclared(frame, declared, localName(said));
  }
}

function openAny(frame: Frame, { kind, name, detail, type }: Resolved): void {
  if (type) {
    openObject(frame, type, name);
    return;
  }
  frame.kind = kind;
  if (kind !== REFERENCE) frame.detail = detail;
  if (kind === ARRAY) frame.value = [];
}

interface Resolved extends Pick<Frame, 'kind' | 'detail' | 'type'> {
  /** Without its prefix. */
  readonly name: string;
}

/** What `xsi:type` says, worked out once for each of the few that a server uses; hostile ones cannot fill it. */
const resolvedTypes = new Map<string, Resolved>();
const MAX_RESOLVED = 4096;

function resolve(said: string): Resolved {
  const known = resolvedTypes.get(said);
  if (known) return known;
  const resolved = resolveAnew(said);
  if (resolvedTypes.size < MAX_RESOLVED) resolvedTypes.set(said, resolved);
  return resolved;
}

function resolveAnew(said: string): Resolved {
  const name = localName(said);
  const resolved = (kind: number, detail: string, type?: DataType): Resolved => ({ kind, name, detail, type });
  const scalar = scalarOfName(name);
  if (scalar === 'ref') return resolved(REFERENCE, '');
  if (scalar === 'any') return resolved(GENERIC, '');
  if (scalar !== undefined) return resolved(SCALAR, scalar);
  const type = dataType(name);
  if (type) return resolved(OBJECT, '', type);
  const itemType = itemTypeOfArray(name);
  if (itemType === undefined) return resolved(GENERIC, name);
  return resolved(ARRAY, ENUM_TYPES.has(itemType) ? 'string' : itemType);
}

/** A subclass that the tables lack has at least the fields of the declared type. */
function openDeclared(frame: Frame, declared: string, said: string): void {
  const type = (said === '' ? undefined : dataType(said)) ?? dataType(declared);
  if (type) openObject(frame, type, said === '' ? declared : said);
  else openGeneric(frame, said === '' ? declared : said);
}

function openObject(frame: Frame, type: DataType, name: string): void {
  frame.kind = OBJECT;
  frame.type = type;
  frame.value = { $type: name };
}

function openGeneric(frame: Frame, typeName: string): void {
  frame.kind = GENERIC;
  frame.detail = typeName;
}

function becomeObject(frame: Frame): void {
  frame.kind = OBJECT;
  frame.type = undefined;
  frame.value = frame.detail === '' ? {} : { $type: frame.detail };
}

function finished(frame: Frame): unknown {
  if (frame.nil) return undefined;
  switch (frame.kind) {
    case OBJECT:
    case ARRAY:
      return frame.value;
    case SCALAR:
      return readScalar(frame.detail, frame.text);
    case REFERENCE:
      return { type: frame.detail, value: frame.text };
    case GENERIC:
      // An element that says it is of an object type is one, also when it is empty.
      return frame.detail !== '' && frame.text.trim() === '' && !ENUM_TYPES.has(frame.detail)
        ? { $type: frame.detail }
        : frame.text;
    default:
      return undefined;
  }
}

function attach(parent: Frame, { name, known, array }: Frame, value: unknown): void {
  if (parent.kind === ARRAY) {
    (parent.value as unknown[]).push(value);
    return;
  }
  const object = parent.value as GenericObject;
  if (!known) attachUnknown(parent, object, name, value);
  else if (!array) object[name] = value;
  else if (object[name] === undefined) object[name] = [value];
  else (object[name] as unknown[]).push(value);
}

/** Where no schema says whether it is an array, what comes twice is one. */
function attachUnknown(parent: Frame, object: GenericObject, name: string, value: unknown): void {
  if (name === '__proto__') return;
  if (parent.type) {
    object[UNKNOWN_FIELDS] ??= [];
    object[UNKNOWN_FIELDS].push(name);
  }
  if (!Object.hasOwn(object, name)) object[name] = value;
  else if (Array.isArray(object[name])) object[name].push(value);
  else object[name] = [object[name], value];
}
