import { describe, expect, it } from 'vitest';
import { nicBacking } from './nic-backing.ts';
import type { Reader } from './reader.ts';

/** The simulator of the tests has no networks of NSX, and never hides a switch: these answers are made by hand. */
function answering(answers: Record<string, Record<string, unknown>>): Reader {
  const readOne = async (type: string, ref: unknown) => ({ ref, props: answers[type] ?? {} });
  return { readOne } as unknown as Reader;
}

function network(type: string) {
  return { ref: { type, value: 'network-1' }, type, id: 'network-1', name: 'app/blue', path: '/DC/network/app%2fblue' };
}

describe('nicBacking', () => {
  it('names a standard network as its host does', async () => {
    expect(await nicBacking(answering({}), network('Network'))).toEqual({
      $type: 'VirtualEthernetCardNetworkBackingInfo',
      deviceName: 'app/blue',
    });
  });

  it('plugs into a port group of a distributed switch by its key', async () => {
    const reader = answering({
      DistributedVirtualPortgroup: {
        key: 'dvportgroup-9',
        'config.distributedVirtualSwitch': { type: 'VmwareDistributedVirtualSwitch', value: 'dvs-7' },
      },
      DistributedVirtualSwitch: { uuid: '50 1e' },
    });
    expect(await nicBacking(reader, network('DistributedVirtualPortgroup'))).toEqual({
      $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
      port: { switchUuid: '50 1e', portgroupKey: 'dvportgroup-9' },
    });
  });

  it('plugs into a network of NSX by its opaque id', async () => {
    const summary = { $type: 'OpaqueNetworkSummary', opaqueNetworkId: 'ls-1', opaqueNetworkType: 'nsx.LogicalSwitch' };
    expect(await nicBacking(answering({ OpaqueNetwork: { summary } }), network('OpaqueNetwork'))).toEqual({
      $type: 'VirtualEthernetCardOpaqueNetworkBackingInfo',
      opaqueNetworkId: 'ls-1',
      opaqueNetworkType: 'nsx.LogicalSwitch',
    });
  });

  it.each(['DistributedVirtualPortgroup', 'OpaqueNetwork'])('guesses nothing about a hidden %s', async (type) => {
    await expect(nicBacking(answering({}), network(type))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  const OWN = { type: 'DistributedVirtualPortgroup', value: 'network-1' };
  it.each([
    [{ 'config.uplink': true }, {}],
    [{ tag: [{ key: 'SYSTEM/DVS.UPLINKPG' }] }, {}],
    [{}, { 'config.uplinkPortgroup': [OWN] }],
    [{ name: 'Switch-DVUplinks-7' }, { name: 'Switch' }],
  ])('refuses uplinks: %o of the switch %o', async (mark, ofSwitch) => {
    const dvs = { type: 'DistributedVirtualSwitch', value: 'dvs-7' };
    const reader = answering({
      DistributedVirtualPortgroup: { key: 'k', 'config.distributedVirtualSwitch': dvs, ...mark },
      DistributedVirtualSwitch: { uuid: '50 1e', ...ofSwitch },
    });
    await expect(nicBacking(reader, network('DistributedVirtualPortgroup'))).rejects.toMatchObject({
      code: 'INVALID_STATE',
    });
  });
});
