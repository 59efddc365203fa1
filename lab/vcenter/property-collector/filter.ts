/** One filter of a collector: what was told of each object, and what has changed since. */
import type { ObjectUpdate, PropertyChange, PropertyFilterSpec } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { Encoded, encodeDeclared } from '../core/encode.ts';
import { VimFault } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import { type Find, readSelected, type Selected, select } from '../core/property-filter.ts';
import type { Session } from '../core/sessions.ts';

export interface Filter {
  readonly ref: ManagedObjectReference;
  /** Something of the object changed, or of what is there at all (`undefined`). */
  changed(object: AnyObject | undefined): void;
  /** What changed since the last call, at most `limit` objects; what did not fit stays for the next. */
  updates(limit: number): { readonly updates: ObjectUpdate[]; readonly more: boolean };
  /** Forgets what was told: everything is new again. */
  restart(): void;
}

interface Told {
  readonly selected: Selected;
  /** Path → the value as it was written. */
  readonly values: Map<string, string>;
}

export interface FilterOptions {
  readonly spec: PropertyFilterSpec;
  readonly find: Find;
  /** Whose filter it is: it tells what that account may read. */
  readonly session: Session;
}

export function createFilter(ref: ManagedObjectReference, { spec, find, session }: FilterOptions): Filter {
  const told = new Map<string, Told>();
  const dirty = new Set<string>();
  const traverses = spec.objectSet.some(({ selectSet }) => selectSet && selectSet.length > 0);
  let stale = true;
  let pending: ObjectUpdate[] = [];

  const reselect = () => {
    const now = new Map(selectQuietly(spec, find).map((selected) => [keyOf(selected.object), selected]));
    for (const [key, { selected }] of told) {
      if (now.has(key)) continue;
      told.delete(key);
      pending.push({ kind: 'leave', obj: selected.object.ref });
    }
    for (const [key, selected] of now) {
      if (told.has(key)) continue;
      const values = valuesOf(selected, session);
      told.set(key, { selected, values });
      pending.push({ kind: 'enter', obj: selected.object.ref, changeSet: assignments(values) });
      dirty.delete(key);
    }
  };
  const collect = () => {
    if (stale || (traverses && dirty.size > 0)) reselect();
    stale = false;
    for (const key of dirty) {
      const entry = told.get(key);
      if (!entry) continue;
      const changeSet = changesOf(entry, session);
      if (changeSet.length > 0) pending.push({ kind: 'modify', obj: entry.selected.object.ref, changeSet });
    }
    dirty.clear();
  };

  return {
    ref,
    changed(object) {
      if (object === undefined) stale = true;
      else if (traverses || told.has(keyOf(object))) dirty.add(keyOf(object));
    },
    updates(limit) {
      collect();
      const updates = pending.slice(0, limit);
      pending = pending.slice(limit);
      return { updates, more: pending.length > 0 };
    },
    restart() {
      told.clear();
      dirty.clear();
      pending = [];
      stale = true;
    },
  };
}

/** An object that the filter began from may be gone by now: that is a leave, no fault. */
function selectQuietly(spec: PropertyFilterSpec, find: Find): Selected[] {
  try {
    return select(spec, find);
  } catch (error) {
    if (!(error instanceof VimFault) || error.fault.$type !== 'ManagedObjectNotFound') throw error;
    return select({ ...spec, reportMissingObjectsInResults: true }, find);
  }
}

function valuesOf(selected: Selected, session: Session): Map<string, string> {
  const { properties } = readSelected(selected, session);
  return new Map(properties.map(({ name, declared, value }) => [name, encodeDeclared('val', declared, value)]));
}

function assignments(values: ReadonlyMap<string, string>): PropertyChange[] {
  return [...values].map(([name, xml]) => ({ name, op: 'assign', val: new Encoded(xml) }));
}

function changesOf({ selected, values }: Told, session: Session): PropertyChange[] {
  const now = valuesOf(selected, session);
  const changes: PropertyChange[] = [];
  for (const [name, xml] of now) {
    if (values.get(name) === xml) continue;
    values.set(name, xml);
    changes.push({ name, op: 'assign', val: new Encoded(xml) });
  }
  for (const name of [...values.keys()]) {
    if (now.has(name)) continue;
    values.delete(name);
    changes.push({ name, op: 'remove' } as PropertyChange);
  }
  return changes;
}

function keyOf(object: AnyObject): string {
  return object.ref.value;
}
