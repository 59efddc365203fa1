/** Whether a VM could run elsewhere: what vMotion and CheckRelocate look at. */
import type { VirtualDisk } from '../../../src/vim25/generated/types.ts';
import { fault, localized, type VimFault } from '../core/faults.ts';
import type { World } from '../core/world.ts';
import { fileNotFound } from '../files/faults.ts';
import { devicesOf, disksIn } from './devices.ts';
import type { Destination } from './disk-moves.ts';
import { networkOf, nicsOf } from './nics.ts';
import { type Host, sees } from './placement.ts';
import { powerStateOf, type Vm } from './subject.ts';
import { backingOf } from './vm-disks.ts';

/** Everything that stands in the way; the first is the one that a migration fails by. */
export function problemsOf(world: World, vm: Vm, host: Host, destination: Destination): VimFault[] {
  const problems: VimFault[] = [];
  const { connectionState, inMaintenanceMode } = host.get('runtime');
  if (connectionState !== 'connected') {
    problems.push(
      fault('HostNotConnected', {}, 'Unable to communicate with the remote host, since it is disconnected.'),
    );
  }
  if (inMaintenanceMode) {
    problems.push(
      fault('InvalidHostState', { host: host.ref }, 'The operation is not allowed in the current state of the host.'),
    );
  }
  for (const disk of disksIn(devicesOf(vm))) {
    const datastore = destination(disk)?.ref ?? backingOf(disk)?.datastore;
    if (datastore && !sees(host, 'datastore', datastore)) problems.push(diskOutOfReach(disk));
  }
  const present = vm.get('runtime').host;
  for (const nic of nicsOf(vm)) {
    if (host.id === present?.value || networkOf(world, nic.backing, host.ref)) continue;
    const device = nic.deviceInfo?.label ?? '';
    const backing = nic.deviceInfo?.summary ?? '';
    const connected = powerStateOf(vm) === 'poweredOn' && nic.connectable?.connected === true;
    problems.push(
      fault(
        'CannotAccessNetwork',
        { device, backing, connected },
        `Currently connected network interface '${device}' uses network '${backing}', which is not accessible.`,
      ),
    );
  }
  return problems;
}

function diskOutOfReach(disk: VirtualDisk): VimFault {
  const device = disk.deviceInfo?.label ?? '';
  const backing = backingOf(disk)?.fileName ?? '';
  return fault(
    'CannotAccessVmDisk',
    { device, backing, connected: true, fault: localized(fileNotFound(backing)) },
    `Virtual disk '${device}' is not accessible on the host: Unable to access file ${backing}`,
  );
}
