/** What an event says about the object that it is of, and about what that lies in. */
import type { Event } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { isManagedSubtype } from '../core/type-tables.ts';
import { ancestorsOf } from './ancestry.ts';

/** Managed object type → the event's field of it, and that field's field for the reference. */
const ARGUMENTS: readonly (readonly [type: string, field: string, reference: string])[] = [
  ['VirtualMachine', 'vm', 'vm'],
  ['HostSystem', 'host', 'host'],
  ['ComputeResource', 'computeResource', 'computeResource'],
  ['Datacenter', 'datacenter', 'datacenter'],
  ['Datastore', 'ds', 'datastore'],
  ['Network', 'net', 'network'],
  ['DistributedVirtualSwitch', 'dvs', 'dvs'],
];

export function describeForEvents(entity: AnyObject, objects: ObjectStore): Partial<Event> {
  const described: Record<string, unknown> = {};
  for (const object of [entity, ...around(entity, objects)]) {
    const found = ARGUMENTS.find(([type]) => isManagedSubtype(object.ref.type, type));
    if (!found) continue;
    const [, field, reference] = found;
    described[field] ??= { name: String(object.read('name')), [reference]: object.ref };
  }
  return described as Partial<Event>;
}

function around(entity: AnyObject, objects: ObjectStore): AnyObject[] {
  const host = objects.find(
    (entity.read('runtime') as { host?: ManagedObjectReference } | undefined)?.host as ManagedObjectReference,
  );
  const above = [...ancestorsOf(entity, objects)];
  return host && entity.ref.type === 'VirtualMachine' ? [host, ...ancestorsOf(host, objects), ...above] : above;
}
