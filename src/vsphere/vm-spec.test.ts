import { describe, expect, it } from 'vitest';
import { newVmSpec } from './vm-spec.ts';

const nic = { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: 'VM Network' } as const;
const vm = {
  name: 'web01',
  cpu: 2,
  memoryMb: 4096,
  diskGb: 20,
  guestId: 'otherGuest64',
  datastore: 'ssd 1',
  nic,
};

function devices(spec: ReturnType<typeof newVmSpec>) {
  return new Map(spec.deviceChange?.map((change) => [change.device.$type as string, change]));
}

describe('newVmSpec', () => {
  it('puts a thin disk on a paravirtual controller', () => {
    const added = devices(newVmSpec(vm));
    const controller = added.get('ParaVirtualSCSIController');
    expect(controller).toMatchObject({ operation: 'add', device: { key: -101, busNumber: 0, sharedBus: 'noSharing' } });
    expect(added.get('VirtualDisk')).toMatchObject({
      operation: 'add',
      fileOperation: 'create',
      device: {
        controllerKey: -101,
        unitNumber: 0,
        capacityInKB: 20 * 1024 * 1024,
        backing: {
          $type: 'VirtualDiskFlatVer2BackingInfo',
          fileName: '[ssd 1]',
          diskMode: 'persistent',
          thinProvisioned: true,
        },
      },
    });
  });

  it('plugs a vmxnet3 card into the given backing', () => {
    expect(devices(newVmSpec(vm)).get('VirtualVmxnet3')).toMatchObject({
      operation: 'add',
      device: { addressType: 'generated', backing: nic, connectable: { startConnected: true } },
    });
  });

  it('keeps its files on the datastore', () => {
    expect(newVmSpec(vm)).toMatchObject({
      name: 'web01',
      numCPUs: 2,
      memoryMB: 4096,
      guestId: 'otherGuest64',
      files: { vmPathName: '[ssd 1]' },
    });
  });

  it('has no CD drive without an image, and then no boot order either', () => {
    const spec = newVmSpec({ ...vm, bootFromIso: true });
    expect(devices(spec).has('VirtualCdrom')).toBe(false);
    expect(spec.bootOptions).toBeUndefined();
  });

  it('boots from the image where it shall', () => {
    const spec = newVmSpec({ ...vm, iso: '[nfs] iso/debian.iso', bootFromIso: true });
    expect(devices(spec).get('VirtualCdrom')).toMatchObject({
      device: {
        controllerKey: 200,
        backing: { $type: 'VirtualCdromIsoBackingInfo', fileName: '[nfs] iso/debian.iso' },
        connectable: { startConnected: true },
      },
    });
    expect(spec.bootOptions).toEqual({ bootOrder: [{ $type: 'VirtualMachineBootOptionsBootableCdromDevice' }] });
    expect(newVmSpec({ ...vm, iso: '[nfs] a.iso', bootFromIso: false }).bootOptions).toBeUndefined();
  });

  it('refers to new devices by keys that no two of them share', () => {
    const keys = newVmSpec({ ...vm, iso: '[nfs] a.iso' }).deviceChange?.map(({ device }) => device.key) ?? [];
    expect(new Set(keys).size).toBe(4);
    expect(Math.max(...keys)).toBeLessThan(0);
  });

  it('escapes in a name what vSphere escapes, and what it would take for an escape', () => {
    expect(newVmSpec({ ...vm, name: '50%2f' }).name).toBe('50%252f');
    expect(newVmSpec({ ...vm, name: 'a/b\\c 100%' }).name).toBe('a%2fb%5cc 100%25');
  });
});
