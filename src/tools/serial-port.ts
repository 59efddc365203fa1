/** The serial port of a VM that is reached over the network. */
import { z } from 'zod';
import { serialPortsOf } from '../vsphere/serial-port.ts';
import { objectRef, vmName } from './fields.ts';
import { defineTool } from './tool.ts';
import { devicesOf } from './vm-devices.ts';

const text = z.string().optional();

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
