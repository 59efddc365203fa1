/** What vSphere is told to set up, plug or remove a serial port on the network, and what must be so before. */
import { GatewayError } from '../lib/errors.ts';
import type {
  VirtualDeviceConfigSpec,
  VirtualSerialPort,
  VirtualSerialPortURIBackingInfo,
} from '../vim25/generated/types.ts';
import { byLabel } from './devices.ts';
import { AmbiguousNameError, listed, ObjectNotFoundError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import { type SerialPort, serialPortsOf } from './serial-port.ts';
import type { VmHardware } from './vm-hardware.ts';

export const SERIAL_PROTOCOLS = ['telnet', 'telnets', 'tcp', 'tcp+ssl', 'tcp4', 'tcp6'] as const;

export interface SerialLine {
  readonly protocol: (typeof SERIAL_PROTOCOLS)[number];
  readonly port: number;
  /** `server`: the VM's host listens on the port; `client`: it connects to the port of another machine. */
  readonly direction: 'server' | 'client';
  /** The other machine; of a client only. */
  readonly remoteHost: string | undefined;
  readonly yieldOnPoll: boolean;
}

const NEW_PORT_KEY = -105;
const HOST_NAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i;
const IPV6 = /^[\da-f]*(?::[\da-f]*){2,7}$/i;

/**
 * Where the line leads, as vSphere writes it: `telnet://:2001` for a server, `tcp://log.example.com:514` for a client.
 *
 * Errors: INVALID_INPUT for a client without a machine to connect to, a server with one, and what is no host name.
 */
export function serviceUri({ protocol, port, direction, remoteHost }: Omit<SerialLine, 'yieldOnPoll'>): string {
  if (direction === 'server') {
    if (remoteHost === undefined) return `${protocol}://:${port}`;
    throw new GatewayError('INVALID_INPUT', 'remote_host: only with direction "client"; a server waits for anybody.');
  }
  if (remoteHost === undefined) {
    throw new GatewayError('INVALID_INPUT', 'remote_host: direction "client" needs the machine to connect to.');
  }
  if (IPV6.test(remoteHost)) return `${protocol}://[${remoteHost}]:${port}`;
  if (!HOST_NAME.test(remoteHost))
    throw new GatewayError('INVALID_INPUT', 'remote_host: a host name or an IP address.');
  return `${protocol}://${remoteHost}:${port}`;
}

/** The one serial port that is on the network, or the one with the label; undefined where there is none. */
export function networkPort({ devices }: VmHardware, label: string | undefined): SerialPort | undefined {
  const ports = serialPortsOf(devices);
  if (label !== undefined) return byLabel(ports, label, 'serial port');
  const [port, ...more] = ports.filter(({ backing }) => backing === 'network');
  if (more.length > 0) {
    const labels = listed([port!, ...more].map((each) => quoted(each.label)));
    throw new AmbiguousNameError(`The VM has several serial ports on the network; give port_label: ${labels}`);
  }
  return port;
}

/** Errors: NOT_FOUND where there is none, AMBIGUOUS where there are several and none is named. */
export function requireNetworkPort(vm: InventoryObject, hardware: VmHardware, label: string | undefined): SerialPort {
  const port = networkPort(hardware, label);
  if (port?.backing === 'network') return port;
  const subject = port === undefined ? `${quoted(vm.name)} has no serial port` : `${quoted(port.label)} is not`;
  throw new ObjectNotFoundError(`${subject} on the network: setup_serial_port makes one.`);
}

/** A new port, or the present one on another line. */
export function portSetUp(
  hardware: VmHardware,
  present: SerialPort | undefined,
  line: SerialLine,
): VirtualDeviceConfigSpec[] {
  const backing: VirtualSerialPortURIBackingInfo = {
    $type: 'VirtualSerialPortURIBackingInfo',
    serviceURI: serviceUri(line),
    direction: line.direction,
  };
  const port: VirtualSerialPort = {
    ...(present ? portDevice(hardware, present) : {}),
    $type: 'VirtualSerialPort',
    key: present?.key ?? NEW_PORT_KEY,
    yieldOnPoll: line.yieldOnPoll,
    backing,
    connectable: { startConnected: true, connected: true, allowGuestControl: true },
  };
  return [{ operation: present ? 'edit' : 'add', device: port }];
}

export function portRemoved(hardware: VmHardware, port: SerialPort): VirtualDeviceConfigSpec[] {
  return [{ operation: 'remove', device: portDevice(hardware, port) }];
}

/** As it is on the wire. */
export function portDevice({ devices }: VmHardware, { key }: SerialPort): VirtualSerialPort {
  return devices.find((device) => device.key === key) as VirtualSerialPort;
}
