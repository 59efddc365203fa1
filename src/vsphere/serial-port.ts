/** A VM's serial ports, and the one that can be reached over the network. */
import type { VirtualDevice } from '../vim25/generated/types.ts';

export interface SerialPort {
  readonly key: number;
  readonly label: string;
  readonly connected: boolean;
  readonly startConnected: boolean;
  readonly yieldOnPoll: boolean;
  /** `network`, or what else it is plugged into: `file`, `pipe`, `device`, … */
  readonly backing: string;
  /** `server` (the VM listens) or `client`; of a network port only, like its address. */
  readonly direction: string | undefined;
  readonly serviceUri: string | undefined;
}

const BACKINGS: Readonly<Record<string, string>> = {
  VirtualSerialPortURIBackingInfo: 'network',
  VirtualSerialPortFileBackingInfo: 'file',
  VirtualSerialPortPipeBackingInfo: 'pipe',
  VirtualSerialPortDeviceBackingInfo: 'device',
  VirtualSerialPortThinPrintBackingInfo: 'thinprint',
};

/** All of them, those on the network first, then in the order of their keys. */
export function serialPortsOf(devices: readonly VirtualDevice[]): SerialPort[] {
  return (devices as readonly (VirtualDevice & { $type?: string; yieldOnPoll?: boolean })[])
    .filter(({ $type }) => $type === 'VirtualSerialPort')
    .map((port) => {
      const backing = (port.backing ?? {}) as { $type?: string; serviceURI?: string; direction?: string };
      return {
        key: port.key,
        label: port.deviceInfo?.label ?? `Serial port ${port.key}`,
        connected: port.connectable?.connected === true,
        startConnected: port.connectable?.startConnected === true,
        yieldOnPoll: port.yieldOnPoll === true,
        backing: BACKINGS[backing.$type ?? ''] ?? 'unknown',
        direction: backing.direction,
        serviceUri: backing.serviceURI,
      };
    })
    .sort((a, b) => Number(b.backing === 'network') - Number(a.backing === 'network') || a.key - b.key);
}
