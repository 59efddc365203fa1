/** Devices with a plug: network cards, serial ports. */
import type { VirtualDevice, VirtualDeviceConfigSpec, VirtualDeviceConnectInfo } from '../vim25/generated/types.ts';

/**
 * Plugs a device in or out, now and, unless told otherwise, at the next start: what is unplugged stays so when the VM
 * is restarted.
 */
export function plugged(
  device: VirtualDevice,
  connected: boolean,
  startConnected: boolean = connected,
): VirtualDeviceConfigSpec[] {
  const connectable: VirtualDeviceConnectInfo = {
    allowGuestControl: true,
    ...device.connectable,
    connected,
    startConnected,
  };
  return [{ operation: 'edit', device: { ...device, connectable } }];
}
