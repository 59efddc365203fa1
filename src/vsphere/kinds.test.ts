import { describe, expect, it } from 'vitest';
import { isOfKind, possibleId } from './kinds.ts';

describe('ids', () => {
  it.each([
    ['VirtualMachine', 'vm-42', 'VirtualMachine'],
    ['HostSystem', 'host-21', 'HostSystem'],
    ['Datastore', 'datastore-10', 'Datastore'],
    ['Folder', 'group-v3', 'Folder'],
    ['Folder', 'group-p7', 'StoragePod'],
    ['ResourcePool', 'resgroup-8', 'ResourcePool'],
    ['ResourcePool', 'resgroup-v81', 'VirtualApp'],
    ['ClusterComputeResource', 'domain-c7', 'ClusterComputeResource'],
    ['ComputeResource', 'domain-s9', 'ComputeResource'],
    ['Network', 'network-11', 'Network'],
    ['Network', 'dvportgroup-13', 'DistributedVirtualPortgroup'],
  ] as const)('takes for a %s on vCenter: %s', (kind, text, type) => {
    expect(possibleId(kind, text, true)).toEqual({ type, value: text });
  });

  it.each([
    ['VirtualMachine', 'host-21'],
    ['VirtualMachine', 'vm-042'],
    ['VirtualMachine', 'web-1'],
    ['VirtualMachine', '1'],
    ['VirtualMachine', 'VM-42'],
    ['VirtualMachine', 'vm-42 '],
    ['VirtualMachine', 'constructor-1'],
    ['Datastore', `datastore-${'1'.repeat(200)}`],
  ] as const)('takes for a name on vCenter, when a %s is asked for: %s', (kind, text) => {
    expect(possibleId(kind, text, true)).toBeUndefined();
  });

  it.each([
    ['VirtualMachine', '1'],
    ['HostSystem', 'ha-host'],
    ['Folder', 'ha-folder-vm'],
    ['Datastore', '5f1b2c3d-0a1b2c3d-1234-0050569a1b2c'],
  ] as const)('takes for a %s on an ESXi host: %s', (kind, text) => {
    expect(possibleId(kind, text, false)?.value).toBe(text);
  });
});

describe('kinds', () => {
  it('count a distributed port group as a network, and a vApp as a pool', () => {
    expect(isOfKind('DistributedVirtualPortgroup', 'Network')).toBe(true);
    expect(isOfKind('VirtualApp', 'ResourcePool')).toBe(true);
    expect(isOfKind('ComputeResource', 'ClusterComputeResource')).toBe(false);
  });
});
