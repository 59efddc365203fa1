import { describe, expect, it } from 'vitest';
import { serialPortsOf } from './serial-port.ts';

const port = (key: number, backing: object | undefined, more: object = {}) => ({
  $type: 'VirtualSerialPort',
  key,
  deviceInfo: { label: `Serial port ${key - 8999}`, summary: '' },
  ...(backing === undefined ? {} : { backing }),
  ...more,
});

describe('serialPortsOf', () => {
  it('reads a port on the network', () => {
    const ports = serialPortsOf([
      port(
        9000,
        { $type: 'VirtualSerialPortURIBackingInfo', serviceURI: 'telnet://:2001', direction: 'server' },
        { yieldOnPoll: true, connectable: { connected: true, startConnected: true, allowGuestControl: true } },
      ),
    ]);
    expect(ports).toEqual([
      {
        key: 9000,
        label: 'Serial port 1',
        connected: true,
        startConnected: true,
        yieldOnPoll: true,
        backing: 'network',
        direction: 'server',
        serviceUri: 'telnet://:2001',
      },
    ]);
  });

  it('puts those on the network first, then goes by key', () => {
    const ports = serialPortsOf([
      port(9002, { $type: 'VirtualSerialPortURIBackingInfo', serviceURI: 'tcp://:2', direction: 'client' }),
      port(9001, { $type: 'VirtualSerialPortFileBackingInfo', fileName: '[ds] a.log' }),
      port(9003, { $type: 'VirtualSerialPortURIBackingInfo', serviceURI: 'tcp://:3', direction: 'client' }),
      port(9000, undefined),
    ]);
    expect(ports.map(({ key, backing }) => [key, backing])).toEqual([
      [9002, 'network'],
      [9003, 'network'],
      [9000, 'unknown'],
      [9001, 'file'],
    ]);
  });

  it('finds none among other devices', () => {
    const disk = { $type: 'VirtualDisk', key: 2000, capacityInKB: 1, deviceInfo: { label: 'Serial', summary: '' } };
    expect(serialPortsOf([disk])).toEqual([]);
    expect(serialPortsOf([])).toEqual([]);
  });
});
