/** Which objects and properties a PropertyFilterSpec selects: PropertyCollector's traversal. */
import type {
  ObjectContent,
  ObjectSpec,
  PropertyFilterSpec,
  PropertySpec,
  SelectionSpec,
  TraversalSpec,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument, localized, objectNotFound, VimFault } from './faults.ts';
import type { AnyObject } from './managed-object.ts';
import { demand, isAllowed } from './privileges.ts';
import { isPropertyOf, type PropertyPath, parsePath, readPath } from './property-path.ts';
import type { Session } from './sessions.ts';
import { type DeclaredType, isManagedSubtype, propertiesOf } from './type-tables.ts';

/** Finds what a reference names, in the session or in the inventory. */
export type Find = (ref: ManagedObjectReference) => AnyObject | undefined;

export interface Selected {
  readonly object: AnyObject;
  readonly paths: readonly PropertyPath[];
}

/** The selected objects, each once, in the order of the traversal. Errors: ManagedObjectNotFound, InvalidArgument. */
export function select(spec: PropertyFilterSpec, find: Find): Selected[] {
  const wanted = pathsOfTypes(spec.propSet);
  const found = new Map<string, AnyObject>();
  for (const objectSpec of spec.objectSet) selectFrom(objectSpec, spec, find, found);
  const selected: Selected[] = [];
  for (const object of found.values()) {
    const paths = wanted(object.ref.type);
    if (paths) selected.push({ object, paths });
  }
  return selected;
}

function selectFrom(objectSpec: ObjectSpec, spec: PropertyFilterSpec, find: Find, found: Map<string, AnyObject>) {
  const start = find(objectSpec.obj);
  if (!start) {
    if (spec.reportMissingObjectsInResults) return;
    throw objectNotFound(objectSpec.obj);
  }
  if (!objectSpec.skip) found.set(keyOf(start), start);
  const walk = createWalk(objectSpec.selectSet ?? [], find, found);
  walk(start, objectSpec.selectSet ?? []);
}

type Walk = (object: AnyObject, selections: readonly SelectionSpec[]) => void;

function createWalk(roots: readonly SelectionSpec[], find: Find, found: Map<string, AnyObject>): Walk {
  const named = new Map<string, TraversalSpec>();
  collectNamed(roots, named);
  const walked = new Set<string>();
  const walk: Walk = (object, selections) => {
    for (const selection of selections) {
      const traversal = resolve(selection, named);
      if (!isManagedSubtype(object.ref.type, traversal.type)) continue;
      const key = `${object.id}\0${traversal.name ?? ''}\0${traversal.type}\0${traversal.path}`;
      if (walked.has(key)) continue;
      walked.add(key);
      for (const ref of referencesAt(object, parsePath(traversal.path))) {
        const next = find(ref);
        if (!next) continue;
        if (!traversal.skip) found.set(keyOf(next), next);
        walk(next, traversal.selectSet ?? []);
      }
    }
  };
  return walk;
}

function collectNamed(selections: readonly SelectionSpec[], named: Map<string, TraversalSpec>): void {
  for (const selection of selections) {
    if (!isTraversal(selection)) continue;
    if (selection.name !== undefined) named.set(selection.name, selection);
    collectNamed(selection.selectSet ?? [], named);
  }
}

function resolve(selection: SelectionSpec, named: Map<string, TraversalSpec>): TraversalSpec {
  if (isTraversal(selection)) return selection;
  const target = named.get(selection.name ?? '');
  if (!target) throw invalidArgument('selectSet.name');
  return target;
}

function isTraversal(selection: SelectionSpec): selection is TraversalSpec {
  return selection.$type === 'TraversalSpec' || 'path' in selection;
}

function referencesAt(object: AnyObject, path: PropertyPath): readonly ManagedObjectReference[] {
  if (!isPropertyOf(object.ref.type, path)) return [];
  const { declared, value } = readPath(object, path);
  if (declared.type !== 'ref' || value === undefined) return [];
  return declared.array ? (value as ManagedObjectReference[]) : [value as ManagedObjectReference];
}

function keyOf(object: AnyObject): string {
  return `${object.ref.type}:${object.id}`;
}

/** The most specific PropertySpec of a type decides; of several for one type, all count. */
function pathsOfTypes(specs: readonly PropertySpec[]): (type: string) => readonly PropertyPath[] | undefined {
  const kept = new Map<string, readonly PropertyPath[] | undefined>();
  return (type) => {
    if (kept.has(type)) return kept.get(type);
    const matching = specs.filter((spec) => isManagedSubtype(type, spec.type));
    const paths =
      matching.length === 0
        ? undefined
        : [...new Map(matching.flatMap((spec) => pathsOf(spec, type)).map((path) => [path.text, path])).values()];
    kept.set(type, paths);
    return paths;
  };
}

function pathsOf({ all, pathSet }: PropertySpec, type: string): PropertyPath[] {
  return (all ? [...(propertiesOf(type)?.keys() ?? [])] : (pathSet ?? [])).map(parsePath);
}

export interface ReadProperty {
  readonly name: string;
  readonly declared: DeclaredType;
  readonly value: unknown;
}

/** Whether an account without System.Read is shown a property: of an entity only its name and where it lies. */
export function isShownToAll(object: AnyObject, { steps }: PropertyPath): boolean {
  return SHOWN_TO_ALL.has(steps[0]!.name) || !isManagedSubtype(object.ref.type, 'ManagedEntity');
}

const SHOWN_TO_ALL: ReadonlySet<string> = new Set(['name', 'parent']);

/** What is set, and what the person may not read or is broken: per-property, not for the whole call. */
export function readSelected(
  { object, paths }: Selected,
  session: Session,
): {
  properties: ReadProperty[];
  missing: NonNullable<ObjectContent['missingSet']>;
} {
  const properties: ReadProperty[] = [];
  const missing = [];
  const readsAll = isAllowed(session, 'System.Read');
  for (const path of paths) {
    try {
      if (!readsAll && !isShownToAll(object, path)) demand(session, 'System.Read', object);
      const { declared, value } = readPath(object, path);
      if (value !== undefined) properties.push({ name: path.text, declared, value });
    } catch (error) {
      if (!(error instanceof VimFault)) throw error;
      if (error.fault.$type === 'InvalidProperty') throw error;
      missing.push({ path: path.text, fault: localized(error) });
    }
  }
  return { properties, missing };
}
