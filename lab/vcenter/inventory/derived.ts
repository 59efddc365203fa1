/** What every managed entity has, and what of datacenters follows from what lies in them. */
import type { ManagedEntityStatus } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { ManagedType } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { membersBelow } from '../views/members.ts';
import { deriveComputeResources } from './compute-resources.ts';
import { deriveDatastores } from './datastores.ts';
import { deriveHostManagers } from './host-managers.ts';
import { deriveHosts } from './hosts.ts';
import { keepLinks } from './links.ts';
import { deriveNetworks } from './networks.ts';
import { derivePools } from './pools.ts';

const ADMINISTRATOR_ROLE = -1;

/** Before anything is in the inventory. */
export function deriveInventory(world: World): void {
  const { objects } = world;
  keepLinks(objects);
  passOn(world);
  deriveComputeResources(world);
  deriveDatastores(world);
  deriveHostManagers(world);
  deriveHosts(world);
  deriveNetworks(world);
  derivePools(world);
  const nothing = ['customValue', 'value', 'availableField', 'configIssue', 'disabledMethod', 'permission', 'tag'];
  for (const property of nothing) objects.derive('ManagedEntity', property as 'tag', () => []);
  objects.derive('ManagedEntity', 'effectiveRole', () => [ADMINISTRATOR_ROLE]);
  objects.derive('ManagedEntity', 'alarmActionsEnabled', () => true);
  objects.derive('ManagedEntity', 'configStatus', (entity) => (entity.get('configIssue').length > 0 ? 'red' : 'green'));
  objects.derive('ManagedEntity', 'overallStatus', (entity) =>
    statusOf(entity.get('triggeredAlarmState').filter((alarm) => alarm.entity.value === entity.id)),
  );

  for (const [folder, property, type] of [
    ['datastoreFolder', 'datastore', 'Datastore'],
    ['networkFolder', 'network', 'Network'],
  ] as const) {
    objects.derive('Datacenter', property, (datacenter) => below(world, datacenter.get(folder), type));
  }
  objects.derive('Datacenter', 'configuration', () => ({ defaultHardwareVersionKey: 'vmx-21' }));
  objects.derive('VirtualApp', 'datastore', (vApp) => ofVms(world, vApp.get('vm'), 'datastore'));
  objects.derive('VirtualApp', 'network', (vApp) => ofVms(world, vApp.get('vm'), 'network'));
  objects.derive('ComputeResource', 'datastore', (owner) => ofHosts(world, owner.get('host'), 'datastore'));
  objects.derive('ComputeResource', 'network', (owner) => ofHosts(world, owner.get('host'), 'network'));
}

/** What a cluster or a pod says follows from its hosts or datastores: who waits for the one is told of the other. */
function passOn({ objects }: World): void {
  objects.watch((object) => {
    const { type } = object.ref;
    if (type !== 'HostSystem' && type !== 'Datastore') return;
    const parent = objects.find(object.read('parent') as ManagedObjectReference | undefined);
    if (parent?.as('ComputeResource') || parent?.as('StoragePod')) parent.touch();
  });
}

function statusOf(alarms: readonly { readonly overallStatus: ManagedEntityStatus }[]): ManagedEntityStatus {
  const worst = ['red', 'yellow'].find((status) => alarms.some(({ overallStatus }) => overallStatus === status));
  return worst ?? 'green';
}

function below({ objects }: World, folder: ManagedObjectReference, type: ManagedType): ManagedObjectReference[] {
  const container = objects.find(folder);
  return container ? membersBelow(container, { types: [type], recursive: true }, objects) : [];
}

function ofHosts(world: World, hosts: readonly ManagedObjectReference[], property: 'datastore' | 'network') {
  return union(hosts.map((ref) => world.objects.find(ref)?.as('HostSystem')?.get(property) ?? []));
}

function ofVms(world: World, vms: readonly ManagedObjectReference[], property: 'datastore' | 'network') {
  return union(vms.map((ref) => world.objects.find(ref)?.as('VirtualMachine')?.get(property) ?? []));
}

function union(lists: readonly (readonly ManagedObjectReference[])[]): ManagedObjectReference[] {
  return [...new Map(lists.flat().map((ref) => [ref.value, ref])).values()];
}
