import { describe, expect, it } from 'vitest';
import type { Reader } from './reader.ts';
import { cloneLocation } from './vm-clone-location.ts';
import { chooseHost } from './vm-host-choice.ts';

/** The simulator's clusters all have DRS: those without are made by hand here. */
const ref = (type: string, value: string) => ({ type, value });
const ssd = ref('Datastore', 'datastore-1');
const lan = ref('Network', 'network-1');
const cluster = {
  ref: ref('ClusterComputeResource', 'domain-c1'),
  type: 'ClusterComputeResource',
  id: 'domain-c1',
  name: 'C1',
  path: '/DC/host/C1',
};

type Props = Record<string, unknown>;

function reader(objects: Record<string, Props>): Reader {
  const read = async (_type: string, refs: readonly { type: string; value: string }[]) =>
    refs.map((each) => ({ ref: each, props: objects[each.value] ?? {}, missing: new Map() }));
  const readOne = async (type: string, each: { type: string; value: string }) => (await read(type, [each]))[0];
  return { read, readOne } as unknown as Reader;
}

function clusterOf(hosts: Record<string, Props>, drs: boolean, more: Props = {}): Reader {
  const common = { datastore: [ssd], network: [lan] };
  return reader({
    'domain-c1': {
      ...common,
      host: Object.keys(hosts).map((value) => ref('HostSystem', value)),
      resourcePool: ref('ResourcePool', 'resgroup-1'),
      configurationEx: { $type: 'ClusterConfigInfoEx', drsConfig: { enabled: drs } },
      ...more,
    },
    ...Object.fromEntries(
      Object.entries(hosts).map(([value, props]) => [
        value,
        { ...common, 'runtime.connectionState': 'connected', parent: cluster.ref, ...props },
      ]),
    ),
    'vm-1': { 'runtime.host': ref('HostSystem', 'host-1'), parent: ref('Folder', 'group-v1') },
  });
}

const gib = (count: number) => ({ 'summary.hardware.memorySize': count * 1024 ** 3 });
const needs = { datastore: ssd, network: lan };

describe('chooseHost', () => {
  it('leaves the choice to DRS', async () => {
    expect(await chooseHost(clusterOf({ 'host-1': gib(64) }, true), cluster, needs)).toBeUndefined();
  });

  it('takes the host with the most memory free where there is no DRS', async () => {
    const hosts = {
      'host-1': { ...gib(64), 'summary.quickStats.overallMemoryUsage': 60 * 1024 },
      'host-2': { ...gib(32), 'summary.quickStats.overallMemoryUsage': 1024 },
    };
    expect(await chooseHost(clusterOf(hosts, false), cluster, needs)).toEqual(ref('HostSystem', 'host-2'));
  });

  it('passes over hosts that cannot run it', async () => {
    const hosts = {
      'host-1': { ...gib(512), 'runtime.inMaintenanceMode': true },
      'host-2': { ...gib(512), 'runtime.connectionState': 'notResponding' },
      'host-3': { ...gib(512), datastore: [] },
      'host-4': { ...gib(512), network: [ref('Network', 'network-2')] },
      'host-5': gib(8),
    };
    expect(await chooseHost(clusterOf(hosts, false), cluster, needs)).toEqual(ref('HostSystem', 'host-5'));
  });

  it('says so when no host is left', async () => {
    const hosts = { 'host-1': { ...gib(512), 'runtime.inMaintenanceMode': true } };
    await expect(chooseHost(clusterOf(hosts, false), cluster, needs)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it.each([{ datastore: [] }, { network: [] }])('says what the cluster cannot reach: %o', async (lacking) => {
    const [what] = Object.keys(lacking);
    await expect(chooseHost(clusterOf({ 'host-1': gib(8) }, true, lacking), cluster, needs)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining(what!),
    });
  });
});

describe('cloneLocation', () => {
  const source = { ref: ref('VirtualMachine', 'vm-1'), type: 'VirtualMachine', id: 'vm-1', name: 'base', path: '/x' };

  it('names the host of the source where there is no DRS', async () => {
    const { location, folder } = await cloneLocation(clusterOf({ 'host-1': gib(8) }, false), source, undefined);
    expect(location).toEqual({ pool: ref('ResourcePool', 'resgroup-1'), host: ref('HostSystem', 'host-1') });
    expect(folder).toEqual(ref('Folder', 'group-v1'));
  });

  it('leaves the host to DRS', async () => {
    const { location } = await cloneLocation(clusterOf({ 'host-1': gib(8) }, true), source, ssd);
    expect(location).toEqual({ pool: ref('ResourcePool', 'resgroup-1'), datastore: ssd });
  });

  it('knows no place where neither pool nor host can be read', async () => {
    await expect(cloneLocation(reader({}), source, undefined)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});
