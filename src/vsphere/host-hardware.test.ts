import { describe, expect, it } from 'vitest';
import type { HostHardwareInfo, PhysicalNic } from '../vim25/generated/types.ts';
import { toHardware } from './host-hardware.ts';

const hardware = {
  systemInfo: { vendor: 'Dell', model: 'R740', uuid: '4c4c4544-0000-0000-0000-000000000001' },
  biosInfo: { vendor: 'Dell Inc.', biosVersion: '2.1', releaseDate: '2024-01-02T00:00:00Z' },
  cpuInfo: { numCpuPackages: 2, numCpuCores: 32, numCpuThreads: 64, hz: 2_294_609_140 },
  cpuPkg: [],
  memorySize: 549_755_813_888,
  smcPresent: false,
  pciDevice: [
    {
      id: '0000:00:1f.6',
      classId: 512,
      bus: 0,
      slot: 31,
      function: 6,
      vendorId: -32634,
      subVendorId: 0,
      vendorName: 'Intel',
      deviceId: 1,
      parentBridge: '',
      subDeviceId: 0,
      deviceName: 'X710',
    },
  ],
} as unknown as HostHardwareInfo;

const pnics = [
  {
    device: 'vmnic0',
    driver: 'i40en',
    mac: '00:50:56:00:00:01',
    pci: '',
    linkSpeed: { speedMb: 10_000, duplex: true },
  },
  { device: 'vmnic1', mac: '00:50:56:00:00:02', pci: '' },
] as unknown as PhysicalNic[];

describe('toHardware', () => {
  it('tells what a host is made of', () => {
    expect(toHardware(hardware, pnics)).toEqual({
      uuid: '4c4c4544-0000-0000-0000-000000000001',
      bios: { vendor: 'Dell Inc.', version: '2.1', releaseDate: '2024-01-02T00:00:00Z' },
      cpu: { packages: 2, cores: 32, threads: 64, hz: 2_294_609_140 },
      memoryBytes: 549_755_813_888,
      pciDevices: [{ id: '0000:00:1f.6', vendorName: 'Intel', deviceName: 'X710', classId: '0x200' }],
      networkAdapters: [
        { device: 'vmnic0', driver: 'i40en', mac: '00:50:56:00:00:01', linkSpeedMb: 10_000 },
        { device: 'vmnic1', driver: undefined, mac: '00:50:56:00:00:02', linkSpeedMb: undefined },
      ],
    });
  });

  it('shows a class above 0x7fff, which arrives as a negative number', () => {
    const [device] = hardware.pciDevice!;
    const { pciDevices } = toHardware({ ...hardware, pciDevice: [{ ...device!, classId: -32_768 }] }, []);
    expect(pciDevices[0]?.classId).toBe('0x8000');
  });

  it('does without what a host does not tell', () => {
    const { biosInfo: _bios, pciDevice: _pci, ...rest } = hardware;
    expect(toHardware(rest, [])).toMatchObject({ bios: { vendor: undefined }, pciDevices: [], networkAdapters: [] });
  });
});
