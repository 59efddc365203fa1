/** Changed configurations: new values from old ones. */
import type { VirtualDevice, VirtualMachineConfigInfo } from '../../../src/vim25/generated/types.ts';
import { withControllerLists } from './hardware.ts';

export function withDevices(
  config: VirtualMachineConfigInfo,
  devices: readonly VirtualDevice[],
): VirtualMachineConfigInfo {
  return { ...config, hardware: { ...config.hardware, device: withControllerLists(devices) } };
}
