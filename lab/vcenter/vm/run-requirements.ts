/** What a VM needs of its host to run there. */
import { fault } from '../core/faults.ts';
import type { World } from '../core/world.ts';
import { fileNotFound } from '../files/faults.ts';
import { devicesOf, disksIn } from './devices.ts';
import type { Vm } from './subject.ts';
import { chainOf, findPlace } from './vm-disks.ts';

/** Errors: InvalidHostState, HostNotConnected, InvalidState (no host), InaccessibleDatastore, FileNotFound. */
export function requireRunnable(world: World, vm: Vm): void {
  const host = world.objects.find(vm.get('runtime').host)?.as('HostSystem');
  if (!host) throw fault('InvalidState', {}, 'The virtual machine has no host to run on.');
  const { connectionState, inMaintenanceMode } = host.get('runtime');
  if (connectionState !== 'connected') {
    throw fault('HostNotConnected', {}, 'Unable to communicate with the remote host, since it is disconnected.');
  }
  if (inMaintenanceMode) {
    throw fault(
      'InvalidHostState',
      { host: host.ref },
      'The operation is not allowed in the current state of the host.',
    );
  }
  for (const ref of vm.get('datastore')) {
    const datastore = world.objects.find(ref)?.as('Datastore');
    if (datastore?.get('summary').accessible === false) {
      const name = datastore.get('name');
      throw fault('InaccessibleDatastore', { datastore: ref, name }, `Unable to access the datastore ${name}.`);
    }
  }
  requireDisks(world, vm);
}

/** Errors: FileNotFound where somebody has deleted a disk's file. */
function requireDisks(world: World, vm: Vm): void {
  for (const disk of disksIn(devicesOf(vm))) {
    for (const { fileName } of chainOf(disk)) {
      const place = findPlace(world, vm.get('runtime').host, fileName);
      if (!place?.tree.stat(place.path)) throw fileNotFound(fileName);
    }
  }
}

/** DRS powers VMs on by itself, and says so. */
export function hostHasDrs(world: World, vm: Vm): boolean {
  const host = world.objects.find(vm.get('runtime').host);
  const cluster = world.objects.find(host?.as('HostSystem')?.get('parent'))?.as('ClusterComputeResource');
  return cluster?.get('configuration').drsConfig.enabled === true;
}
