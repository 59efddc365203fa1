/** What a guest is to be customized by: checked as vCenter does, and then left alone, as no guest boots here. */
import type { CustomizationSpec, VirtualMachineConfigInfo } from '../../../src/vim25/generated/types.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import { is } from './devices.ts';
import { toolsOf } from './guest-boot.ts';
import { guestSystem } from './guest-systems.ts';
import type { Vm } from './subject.ts';

/** Errors: InvalidArgument, CustomizationFault. */
export function checkCustomization(spec: CustomizationSpec, vm: Vm, config: VirtualMachineConfigInfo): void {
  const kind = spec.identity?.$type ?? '';
  if (!/^Customization/.test(kind)) throw invalidArgument('spec.customization.identity');
  if (toolsOf(vm) === 'none') {
    throw fault('CustomizationFault', {}, 'VMware Tools is not installed in the guest operating system.');
  }
  const cards = (config.hardware.device ?? []).filter((device) => is(device, 'VirtualEthernetCard')).length;
  const settings = spec.nicSettingMap?.length ?? 0;
  if (settings !== cards) {
    throw fault(
      'CustomizationFault',
      {},
      `The number of network adapters in the customization specification (${settings}) does not match the number in the virtual machine (${cards}).`,
    );
  }
  const windows = guestSystem(config.guestId).family === 'windowsGuest';
  if ((windows && /LinuxPrep/.test(kind)) || (!windows && /Sysprep/.test(kind))) {
    throw fault('CustomizationFault', {}, 'Customization of the guest operating system is not supported.');
  }
}
