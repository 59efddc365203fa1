/** The serial port of a VM that is reached over the network: a text console for whoever connects to it. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { plugged } from '../vsphere/connectable.ts';
import { InvalidStateError } from '../vsphere/errors.ts';
import { quoted } from '../vsphere/names.ts';
import { type SerialPort, serialPortsOf } from '../vsphere/serial-port.ts';
import {
  networkPort,
  portDevice,
  portRemoved,
  portSetUp,
  requireNetworkPort,
  SERIAL_PROTOCOLS,
  serviceUri,
} from '../vsphere/serial-port-changes.ts';
import { namesOf } from '../vsphere/virtual-machine.ts';
import { readHardware, requireOff, type VmHardware } from '../vsphere/vm-hardware.ts';
import { objectRef, toObjectRef, vmName } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';
import { added, devicesOf, label, reconfigured, type Subject, toBeChanged } from './vm-devices.ts';

const text = z.string().optional();
const portLabel = label.optional().describe('Needed where several are on the network: "Serial port 1".');

export const getSerialPort = defineTool({
  name: 'get_serial_port',
  title: 'Get serial port',
  description:
    'The serial port of a VM that is reached over the network (a text console): its address, direction and state. Says so where the VM has none; other serial ports are only counted.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: vmName },
  output: {
    vm: objectRef,
    configured: z.boolean(),
    label: text,
    connected: z.boolean().optional(),
    start_connected: z.boolean().optional(),
    direction: text,
    service_uri: text,
    yield_on_poll: z.boolean().optional(),
    serial_port_count: z.int(),
    message: text,
  },
  target: ({ name }) => name,
  async handler({ name }, context) {
    const { vm, devices } = await devicesOf(name, context);
    const ports = serialPortsOf(devices);
    const [port] = ports;
    if (port?.backing !== 'network') {
      return {
        vm,
        configured: false,
        serial_port_count: ports.length,
        message: 'The VM has no serial port on the network.',
      };
    }
    return {
      vm,
      configured: true,
      label: port.label,
      connected: port.connected,
      start_connected: port.startConnected,
      direction: port.direction,
      service_uri: port.serviceUri,
      yield_on_poll: port.yieldOnPoll,
      serial_port_count: ports.length,
    };
  },
});

export const setupSerialPort = defineTool({
  name: 'setup_serial_port',
  title: 'Set up serial port',
  description:
    'Give a VM a serial port on the network, or change the one it has. The VM must be off. server: its ESXi host listens on the port (its firewall must let it); client: it connects to remote_host.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: {
    name: vmName,
    protocol: z.enum(SERIAL_PROTOCOLS).default('telnet'),
    port: z.int().min(1).max(65_535).describe('One that nothing else on the host uses.'),
    direction: z.enum(['server', 'client']).default('server'),
    remote_host: z.string().min(1).max(253).optional(),
    yield_on_poll: z.boolean().default(true),
    port_label: portLabel,
  },
  output: {
    vm: objectRef,
    operation: z.string().describe('add or edit'),
    label: text,
    service_uri: text,
    connection_string: text,
    protocol: z.string(),
    port: z.int(),
    direction: z.string(),
    yield_on_poll: z.boolean(),
  },
  target: ({ name }) => name,
  async handler(given, context) {
    const { protocol, port, direction } = given;
    const line = { protocol, port, direction, remoteHost: given.remote_host, yieldOnPoll: given.yield_on_poll };
    serviceUri(line);
    const subject = await toBeChanged(given.name, context);
    const present = networkPort(subject.hardware, given.port_label);
    requireOff(subject.vm, subject.hardware, 'a serial port is set up while it is off');
    const deviceChange = portSetUp(subject.hardware, present, line);
    const { task, now } = await reconfigured(subject, { deviceChange }, context);
    const ports = serialPortsOf(now.devices);
    const after = present ? ports.find(({ key }) => key === present.key) : added(subject, ports);
    return {
      vm: toObjectRef(subject.vm),
      operation: present ? 'edit' : 'add',
      label: after?.label,
      service_uri: after?.serviceUri,
      connection_string: after && (await connectionString(after, now, context)),
      protocol,
      port,
      direction: after?.direction ?? direction,
      yield_on_poll: after?.yieldOnPoll ?? given.yield_on_poll,
      task,
    };
  },
});

const plug = {
  vm: objectRef,
  label: z.string(),
  connected: z.boolean().describe('Only while the VM runs.'),
  start_connected: z.boolean(),
  service_uri: text,
};

export const connectSerialPort = defineTool({
  name: 'connect_serial_port',
  title: 'Connect serial port',
  description:
    "Plug a VM's serial port on the network in or, with connected: false, out; it stays so over restarts. clear_serial_port only drops who is connected now.",
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: { name: vmName, connected: z.boolean().default(true), port_label: portLabel },
  output: plug,
  target: ({ name }) => name,
  async handler({ name, connected, port_label }, context) {
    const subject = await toBeChanged(name, context);
    const port = requireNetworkPort(subject.vm, subject.hardware, port_label);
    const deviceChange = plugged(portDevice(subject.hardware, port), connected);
    const { task, now } = await reconfigured(subject, { deviceChange }, context);
    return { ...toPlug(subject, port, now), task };
  },
});

export const clearSerialPort = defineTool({
  name: 'clear_serial_port',
  title: 'Clear serial port',
  description:
    "Free a running VM's serial port on the network from a client that hangs on it: unplugs it and plugs it in again. Whoever is connected loses the connection.",
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  destructive: true,
  task: true,
  input: { name: vmName, port_label: portLabel },
  output: { ...plug, status: z.string().describe('cleared, or clearing while the task runs') },
  target: ({ name }) => name,
  async handler({ name, port_label }, context) {
    const { vsphere, acting, follow } = context;
    const subject = await toBeChanged(name, context);
    const { vm, hardware } = subject;
    const port = requireNetworkPort(vm, hardware, port_label);
    if (!port.connected) {
      throw new InvalidStateError(
        `${quoted(port.label)} of ${quoted(vm.name)} is not connected: connect_serial_port plugs it in while the VM runs.`,
      );
    }
    const device = portDevice(hardware, port);
    const set = (connected: boolean) => {
      const deviceChange = plugged(device, connected, port.startConnected);
      return vsphere.call('ReconfigVM_Task', { _this: vm.ref, spec: { deviceChange } });
    };
    await acting(vm);
    await follow(await set(false), { step: true });
    try {
      const { task } = await follow(await set(true));
      const status = task.state === 'success' ? 'cleared' : 'clearing';
      return { ...toPlug(subject, port, await readHardware(vsphere, vm)), status, task };
    } catch (error) {
      throw error instanceof GatewayError ? new LeftUnpluggedError(error) : error;
    }
  },
});

/** The second of two steps went wrong: whoever called must know what the first has left. */
class LeftUnpluggedError extends GatewayError {
  override readonly maybeExecuted: boolean;

  constructor(error: GatewayError) {
    super(error.code, `The port was unplugged; connect_serial_port plugs it in again. ${error.message}`, {
      cause: error,
    });
    this.maybeExecuted = error.maybeExecuted;
  }
}

export const removeSerialPort = defineTool({
  name: 'remove_serial_port',
  title: 'Remove serial port',
  description:
    "Take a VM's serial port on the network away. The VM must be off; connect_serial_port with connected: false unplugs it while it runs.",
  permission: 'VM_LIFECYCLE',
  effect: 'delete',
  task: true,
  input: { name: vmName, port_label: portLabel },
  output: {
    vm: objectRef,
    label: z.string(),
    service_uri: text,
    removed: z.boolean().describe('false while the task runs'),
  },
  target: ({ name }) => name,
  async handler({ name, port_label }, context) {
    const subject = await toBeChanged(name, context);
    const { vm, hardware } = subject;
    const port = requireNetworkPort(vm, hardware, port_label);
    requireOff(vm, hardware, 'a serial port is removed while it is off');
    const { task, now } = await reconfigured(subject, { deviceChange: portRemoved(hardware, port) }, context);
    return {
      vm: toObjectRef(vm),
      label: port.label,
      service_uri: port.serviceUri,
      removed: !now.devices.some(({ key }) => key === port.key),
      task,
    };
  },
});

function toPlug({ vm }: Subject, port: SerialPort, { devices }: Pick<VmHardware, 'devices'>) {
  const now = serialPortsOf(devices).find(({ key }) => key === port.key) ?? port;
  return {
    vm: toObjectRef(vm),
    label: now.label,
    connected: now.connected,
    start_connected: now.startConnected,
    service_uri: now.serviceUri,
  };
}

/** What a person gives to a terminal program: a server's address is that of the host that the VM is on. */
async function connectionString(
  { serviceUri: uri, direction }: SerialPort,
  { host }: VmHardware,
  { vsphere }: ServerContext,
): Promise<string | undefined> {
  if (uri === undefined || direction === 'client' || host === undefined) return uri;
  const name = (await namesOf(vsphere, [host])).get(host.value) ?? host.value;
  return uri.replace('://:', `://${name.includes(':') ? `[${name}]` : name}:`);
}
