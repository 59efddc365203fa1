/** Whether a device is connected: only a running VM's is, and what is to be at power on. */
import type { VirtualDevice, VirtualDeviceConnectInfo } from '../../../src/vim25/generated/types.ts';

const DEFAULT: VirtualDeviceConnectInfo = {
  migrateConnect: 'unset',
  startConnected: true,
  allowGuestControl: true,
  connected: true,
  status: 'untried',
};

/** What was asked for, over what is, as far as the power state lets it be. */
export function connectInfo(
  asked: Partial<VirtualDeviceConnectInfo> | undefined,
  present: VirtualDeviceConnectInfo | undefined,
  running: boolean,
): VirtualDeviceConnectInfo {
  const { $type: _, ...given } = asked ?? {};
  const wanted = { ...DEFAULT, ...present, ...given };
  const connected = running && wanted.connected;
  return { ...wanted, connected, status: connected ? 'ok' : 'untried' };
}

/** The devices as power on leaves them. `canConnect`: whether what is behind one is there. */
export function connectedAtStart(
  devices: readonly VirtualDevice[],
  canConnect: (device: VirtualDevice) => boolean,
): VirtualDevice[] {
  return devices.map((device) => {
    const { connectable } = device;
    if (!connectable) return device;
    const connected = connectable.startConnected && canConnect(device);
    return { ...device, connectable: { ...connectable, connected, status: connected ? 'ok' : 'untried' } };
  });
}

export function disconnected(devices: readonly VirtualDevice[]): VirtualDevice[] {
  return devices.map((device) =>
    device.connectable?.connected
      ? { ...device, connectable: { ...device.connectable, connected: false, status: 'untried' } }
      : device,
  );
}
