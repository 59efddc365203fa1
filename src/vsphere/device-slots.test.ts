import { describe, expect, it } from 'vitest';
import type { VirtualDevice } from '../vim25/generated/types.ts';
import { cdromSlot, diskSlot, isHotPluggable } from './device-slots.ts';

const device = ($type: string, key: number, more: object = {}) => ({ $type, key, ...more }) as unknown as VirtualDevice;
const controller = ($type: string, key: number, busNumber = 0) => device($type, key, { busNumber });
const filled = ($type: string, controllerKey: number, units: readonly number[]) =>
  units.map((unitNumber) => device($type, controllerKey * 10 + unitNumber, { controllerKey, unitNumber }));
const upTo = (units: number) => [...Array(units).keys()];

const PVSCSI = controller('ParaVirtualSCSIController', 1000);
const IDE = [controller('VirtualIDEController', 200), controller('VirtualIDEController', 201, 1)];

describe('diskSlot', () => {
  it('takes the next unit beside the first disk, never the one of the controller itself', () => {
    const devices = [PVSCSI, ...filled('VirtualDisk', 1000, upTo(7))];
    expect(diskSlot(devices, true)).toEqual({ controllerKey: 1000, unitNumber: 8, changes: [] });
  });

  it('stays on the bus that the VM has', () => {
    const nvme = controller('VirtualNVMEController', 31000);
    const devices = [PVSCSI, nvme, ...filled('VirtualDisk', 31000, [0])];
    expect(diskSlot(devices, false)).toMatchObject({ controllerKey: 31000, unitNumber: 1 });
  });

  it('leaves the controller of a CD drive alone while the kind of the disks has room', () => {
    const units = upTo(16).filter((unit) => unit !== 7);
    const devices = [PVSCSI, controller('VirtualAHCIController', 15000), ...filled('VirtualDisk', 1000, units)];
    expect(diskSlot(devices, true).changes).toMatchObject([{ device: { $type: 'ParaVirtualSCSIController' } }]);
  });

  it('adds a controller of the same kind, with a bus number of its own, where all are full', () => {
    const units = upTo(16).filter((unit) => unit !== 7);
    const sas = controller('VirtualLsiLogicSASController', 1000);
    const second = controller('VirtualLsiLogicSASController', 1002, 2);
    const devices = [sas, second, ...filled('VirtualDisk', 1000, units), ...filled('VirtualDisk', 1002, units)];
    const { controllerKey, unitNumber, changes } = diskSlot(devices, true);
    expect(unitNumber).toBe(0);
    expect(changes).toEqual([
      {
        operation: 'add',
        device: {
          $type: 'VirtualLsiLogicSASController',
          key: controllerKey,
          busNumber: 1,
          sharedBus: 'noSharing',
        },
      },
    ]);
    expect(controllerKey).toBeLessThan(0);
  });

  it('takes an IDE controller only of a VM that is off', () => {
    const devices = [...IDE, ...filled('VirtualDisk', 200, [0])];
    expect(diskSlot(devices, false)).toMatchObject({ controllerKey: 200, unitNumber: 1, changes: [] });
    expect(diskSlot(devices, true).changes).toHaveLength(1);
  });

  it('says that nothing is free where there can be no more controllers', () => {
    const units = upTo(16).filter((unit) => unit !== 7);
    const devices = upTo(4).flatMap((bus) => [
      controller('ParaVirtualSCSIController', 1000 + bus, bus),
      ...filled('VirtualDisk', 1000 + bus, units),
    ]);
    const sata = upTo(4).flatMap((bus) => [
      controller('VirtualAHCIController', 15000 + bus, bus),
      ...filled('VirtualCdrom', 15000 + bus, upTo(30)),
    ]);
    expect(() => diskSlot([...devices, ...sata], true)).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }));
    expect(() => cdromSlot(sata, true)).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }));
    expect(diskSlot([...devices, ...IDE], false)).toMatchObject({ controllerKey: 200 });
  });

  it('makes the first controller of a VM without any', () => {
    const [change] = diskSlot([], false).changes;
    expect(change?.device).toMatchObject({ $type: 'ParaVirtualSCSIController', busNumber: 0 });
  });
});

describe('cdromSlot', () => {
  it('takes IDE while the VM is off and SATA while it runs', () => {
    const sata = controller('VirtualAHCIController', 15000);
    expect(cdromSlot([...IDE, sata], false)).toMatchObject({ controllerKey: 200, unitNumber: 0 });
    expect(cdromSlot([...IDE, sata], true)).toMatchObject({ controllerKey: 15000, unitNumber: 0, changes: [] });
  });

  it('adds a SATA controller where there is no room', () => {
    const devices = [...IDE, ...filled('VirtualCdrom', 200, [0, 1]), ...filled('VirtualCdrom', 201, [0, 1])];
    expect(cdromSlot(devices, false).changes).toMatchObject([{ device: { $type: 'VirtualAHCIController' } }]);
  });
});

it('knows what comes out of a running VM', () => {
  const [onScsi, onIde] = [filled('VirtualDisk', 1000, [0])[0]!, filled('VirtualDisk', 200, [0])[0]!];
  const devices = [PVSCSI, ...IDE, onScsi, onIde];
  expect([onScsi, onIde].map((each) => isHotPluggable(devices, each))).toEqual([true, false]);
  expect(isHotPluggable([onScsi], onScsi)).toBe(false);
});
