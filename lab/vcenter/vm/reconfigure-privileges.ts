/** Which privileges a change of a VM's configuration needs. */
import type { VirtualDeviceConfigSpec, VirtualMachineConfigSpec } from '../../../src/vim25/generated/types.ts';
import { is } from './devices.ts';

const CONFIG = 'VirtualMachine.Config';

export function privilegesFor(spec: VirtualMachineConfigSpec): ReadonlySet<string> {
  const needed = new Set<string>();
  if (spec.name !== undefined) needed.add(`${CONFIG}.Rename`);
  if (spec.numCPUs !== undefined || spec.numCoresPerSocket !== undefined) needed.add(`${CONFIG}.CPUCount`);
  if (spec.memoryMB !== undefined) needed.add(`${CONFIG}.Memory`);
  if (spec.annotation !== undefined) needed.add(`${CONFIG}.Annotation`);
  if (spec.extraConfig?.length) needed.add(`${CONFIG}.AdvancedConfig`);
  if (spec.cpuAllocation || spec.memoryAllocation) needed.add(`${CONFIG}.Resource`);
  if (spec.guestId !== undefined || spec.bootOptions || spec.flags || spec.tools) needed.add(`${CONFIG}.Settings`);
  for (const change of spec.deviceChange ?? []) needed.add(privilegeForDevice(change));
  return needed;
}

function privilegeForDevice({ operation, fileOperation, device }: VirtualDeviceConfigSpec): string {
  if (is(device, 'VirtualDisk')) {
    if (operation === 'add') return fileOperation ? `${CONFIG}.AddNewDisk` : `${CONFIG}.AddExistingDisk`;
    return operation === 'remove' ? `${CONFIG}.RemoveDisk` : `${CONFIG}.DiskExtend`;
  }
  return operation === 'edit' ? `${CONFIG}.EditDevice` : `${CONFIG}.AddRemoveDevice`;
}
