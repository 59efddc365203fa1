import { describe, expect, it } from 'vitest';
import type { VirtualDevice } from '../vim25/generated/types.ts';
import { byLabel, disksOf, nicsOf } from './devices.ts';

const devices = [
  {
    $type: 'ParaVirtualSCSIController',
    key: 1000,
    deviceInfo: { label: 'SCSI controller 0', summary: '' },
    busNumber: 0,
  },
  {
    $type: 'VirtualDisk',
    key: 2000,
    deviceInfo: { label: 'Hard disk 1', summary: '' },
    controllerKey: 1000,
    unitNumber: 0,
    capacityInKB: 41_943_040,
    capacityInBytes: 42_949_672_960,
    backing: {
      $type: 'VirtualDiskFlatVer2BackingInfo',
      fileName: '[ds 1] web/web.vmdk',
      diskMode: 'persistent',
      thinProvisioned: true,
      uuid: '6000C29f',
    },
  },
  { $type: 'VirtualDisk', key: 2001, capacityInKB: 1_048_576 },
  {
    $type: 'VirtualVmxnet3',
    key: 4000,
    deviceInfo: { label: 'Network adapter 1', summary: 'VM Network' },
    macAddress: '00:50:56:aa:bb:cc',
    addressType: 'assigned',
    connectable: { connected: true, startConnected: true, allowGuestControl: true },
    backing: {
      $type: 'VirtualEthernetCardNetworkBackingInfo',
      deviceName: 'VM %2f Network',
      network: { type: 'Network', value: 'network-7' },
    },
  },
  {
    $type: 'VirtualE1000e',
    key: 4001,
    deviceInfo: { label: 'Network adapter 2', summary: '' },
    backing: {
      $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
      port: { switchUuid: '50 01', portgroupKey: 'dvportgroup-13' },
    },
  },
  { $type: 'VirtualEthernetCardOfTomorrow', key: 4002, macAddress: '00:50:56:aa:bb:dd' },
  { $type: 'VirtualCdrom', key: 3000, deviceInfo: { label: 'CD/DVD drive 1', summary: '' } },
] as unknown as VirtualDevice[];

describe('devices', () => {
  it('tells a disk with its size, file, datastore and controller', () => {
    expect(disksOf(devices)[0]).toEqual({
      key: 2000,
      label: 'Hard disk 1',
      capacityBytes: 42_949_672_960,
      capacityGb: 40,
      controller: 'SCSI controller 0',
      unitNumber: 0,
      file: '[ds 1] web/web.vmdk',
      datastore: 'ds 1',
      thinProvisioned: true,
      mode: 'persistent',
      uuid: '6000C29f',
    });
  });

  it('tells a disk that has a size only', () => {
    expect(disksOf(devices)[1]).toMatchObject({ label: 'device 2001', capacityGb: 1, file: undefined });
  });

  it('tells a card on a plain network by its decoded name', () => {
    expect(nicsOf(devices)[0]).toMatchObject({
      type: 'vmxnet3',
      macAddress: '00:50:56:aa:bb:cc',
      macType: 'assigned',
      connected: true,
      network: 'VM / Network',
      networkId: 'network-7',
    });
  });

  it('tells a card on a distributed port group by the id of the group', () => {
    expect(nicsOf(devices)[1]).toMatchObject({ type: 'e1000e', network: undefined, networkId: 'dvportgroup-13' });
  });

  it('keeps a card of a type that is not known yet', () => {
    expect(nicsOf(devices).map(({ type }) => type)).toEqual(['vmxnet3', 'e1000e', 'VirtualEthernetCardOfTomorrow']);
  });

  it('finds one by its label, and lists the labels otherwise', () => {
    const nics = nicsOf(devices);
    expect(byLabel(nics, 'network adapter 2', 'NIC').key).toBe(4001);
    expect(() => byLabel(nics, 'Network adapter 9', 'NIC')).toThrow('"Network adapter 1"');
    expect(() => byLabel([], 'x', 'disk')).toThrow('The VM has no disk.');
    expect(() => byLabel([{ label: 'a' }, { label: 'a' }], 'a', 'disk')).toThrow('Several');
  });
});
