/** Property paths as clients write them: `config.hardware.device[4000].backing.fileName`. */
import { dataType } from '../../../src/vim25/schema.ts';
import { fault } from './faults.ts';
import type { AnyObject } from './managed-object.ts';
import { type DeclaredType, fieldType, propertiesOf } from './type-tables.ts';

export interface PropertyPath {
  readonly text: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly name: string;
  /** Of an array's element: its `key`, or its `name` where it has none. */
  readonly key: string | undefined;
}

export interface PropertyValue {
  readonly declared: DeclaredType;
  /** Undefined where it is unset. */
  readonly value: unknown;
}

const paths = new Map<string, PropertyPath>();
const MAX_KEPT = 10_000;

/** Errors: the fault InvalidProperty for what is no path. */
export function parsePath(text: string): PropertyPath {
  const known = paths.get(text);
  if (known) return known;
  const steps = [...text.matchAll(/([^.[\]]+)(?:\["?([^\]"]+)"?\])?(?:\.|$)/g)].map((match) => ({
    name: match[1]!,
    key: match[2],
  }));
  const written = steps.reduce((length, { name, key }) => length + name.length + 1 + (key ? key.length + 2 : 0), -1);
  if (steps.length === 0 || (written !== text.length && !text.includes('"'))) throw invalidProperty(text);
  const path = { text, steps };
  if (paths.size < MAX_KEPT) paths.set(text, path);
  return path;
}

/** Errors: the fault InvalidProperty where a type on the way has no such property. */
export function readPath(object: AnyObject, { text, steps }: PropertyPath): PropertyValue {
  const [first, ...rest] = steps as [Step, ...Step[]];
  const declared = propertiesOf(object.ref.type)?.get(first.name);
  if (!declared) throw invalidProperty(text);
  let at = pick({ declared, value: object.read(first.name) }, first.key);
  for (const step of rest) at = pick(readField(at, step.name, text), step.key);
  return at;
}

/** Whether objects of the type have such a property, as far as the declared types tell. */
export function isPropertyOf(type: string, path: PropertyPath): boolean {
  return propertiesOf(type)?.has(path.steps[0]!.name) ?? false;
}

function readField({ declared, value }: PropertyValue, name: string, text: string): PropertyValue {
  const concrete = (value as { $type?: string } | undefined)?.$type ?? declared.type;
  const field = fieldType(concrete, name);
  if (declared.array || (!field && dataType(concrete))) throw invalidProperty(text);
  return {
    declared: field ?? { type: 'any', array: false },
    value: value === undefined ? undefined : (value as Record<string, unknown>)[name],
  };
}

function pick(at: PropertyValue, key: string | undefined): PropertyValue {
  if (key === undefined) return at;
  const items = (at.value ?? []) as readonly { key?: unknown; name?: unknown }[];
  return {
    declared: { ...at.declared, array: false },
    value: items.find((item) => String(item.key ?? item.name) === key),
  };
}

function invalidProperty(name: string) {
  return fault('InvalidProperty', { name }, `The property ${name} is not there.`);
}
