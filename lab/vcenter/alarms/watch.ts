/** Alarms that follow what objects are like: connections of hosts, SSH, full datastores, disks to consolidate. */
import type { ManagedEntityStatus } from '../../../src/vim25/generated/types.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import type { Alarms } from './alarms.ts';

const YELLOW_PART = 0.75;
const RED_PART = 0.85;

/** Follows every change from now on; `look` sees to what is there already. */
export function watchForAlarms(world: World, alarms: Alarms): { look(): void } {
  const { objects } = world;
  const watched = ['HostSystem', 'Datastore', 'VirtualMachine'] as const;
  let busy = false;
  const see = (object: AnyObject) => {
    // An alarm that changes tells of a change of the object.
    if (busy) return;
    busy = true;
    try {
      const host = object.as('HostSystem');
      const datastore = object.as('Datastore');
      const vm = object.as('VirtualMachine');
      if (host) seeHost(host, alarms);
      else if (datastore) seeDatastore(datastore, alarms);
      else if (vm) seeVm(vm, alarms);
    } finally {
      busy = false;
    }
  };
  let looking = false;
  objects.watch((object, kind) => {
    if (looking && kind === 'modify' && (watched as readonly string[]).includes(object.ref.type)) see(object);
  });
  return {
    look() {
      looking = true;
      for (const type of watched) for (const object of objects.all(type)) see(object);
    },
  };
}

function seeHost(host: ManagedObject<'HostSystem'>, alarms: Alarms): void {
  const { connectionState } = host.get('runtime');
  const lost = connectionState === 'notResponding' ? 'red' : 'green';
  alarms.set('hostConnection', host, lost);
  const ssh = host.get('config')?.service?.service?.find(({ key }) => key === 'TSM-SSH');
  alarms.set('hostSsh', host, ssh?.running ? 'yellow' : 'green');
}

function seeDatastore(datastore: ManagedObject<'Datastore'>, alarms: Alarms): void {
  const { capacity, freeSpace, accessible } = datastore.get('summary');
  alarms.set('datastoreUsage', datastore, capacity > 0 ? usageStatus(1 - freeSpace / capacity) : 'green');
  alarms.set('datastoreAccess', datastore, accessible ? 'green' : 'red');
}

function usageStatus(part: number): ManagedEntityStatus {
  if (part > RED_PART) return 'red';
  return part > YELLOW_PART ? 'yellow' : 'green';
}

function seeVm(vm: ManagedObject<'VirtualMachine'>, alarms: Alarms): void {
  alarms.set('vmConsolidation', vm, vm.get('runtime').consolidationNeeded === true ? 'red' : 'green');
}
