/** What the gateway's reading tools say of the lab has every part that it has of vcsim, and of the same types. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import { startToolHarness, type ToolHarness } from '../../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../../support/vcsim.ts';

type Args = Readonly<Record<string, unknown>>;

/** Tool → what it is asked, made of the ids in the answer of a list. */
const READS: Readonly<Record<string, (ids: Ids) => Args>> = {
  list_vms: () => ({}),
  get_vm_info: ({ vm }) => ({ name: vm }),
  get_vm_stats: ({ vm }) => ({ name: vm }),
  get_vm_tools_status: ({ vm }) => ({ name: vm }),
  list_disks: ({ vm }) => ({ vm_name: vm }),
  list_nics: ({ vm }) => ({ vm_name: vm }),
  list_snapshots: ({ vm }) => ({ name: vm }),
  list_hosts: () => ({}),
  get_host_info: ({ host }) => ({ host_name: host }),
  get_host_stats: ({ host }) => ({ host_name: host }),
  get_host_hardware: ({ host }) => ({ host_name: host }),
  list_clusters: () => ({}),
  get_cluster_info: ({ cluster }) => ({ cluster_name: cluster }),
  list_resource_pools: () => ({}),
  get_resource_pool_info: ({ pool }) => ({ name: pool }),
  list_datastores: () => ({}),
  get_datastore_info: ({ datastore }) => ({ name: datastore }),
  list_networks: () => ({}),
  list_folders: () => ({}),
  get_vcenter_info: () => ({}),
};

interface Ids {
  readonly vm: string;
  readonly host: string;
  readonly cluster: string;
  readonly pool: string;
  readonly datastore: string;
}

async function idsOf(harness: ToolHarness): Promise<Ids> {
  const first = async (tool: string, list: string, args: Args = {}) => (await harness.run(tool, args))[list][0].id;
  return {
    vm: await first('list_vms', 'vms', { power_state: 'poweredOn' }),
    host: await first('list_hosts', 'hosts'),
    cluster: await first('list_clusters', 'clusters'),
    pool: await first('list_resource_pools', 'resource_pools'),
    datastore: await first('list_datastores', 'datastores'),
  };
}

/** `vms[].name: string`, for each part of a value. */
function partsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => partsOf(item, `${path}[]`)))];
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([name, part]) => partsOf(part, path === '' ? name : `${path}.${name}`));
}

describe.skipIf(!(await vcsimAvailable()))('what tools read of the lab and of vcsim', () => {
  let vcenter: VCenter;
  let vcsim: Vcsim;
  let lab: ToolHarness;
  let other: ToolHarness;
  let ids: readonly [Ids, Ids];

  beforeAll(async () => {
    vcenter = await startVCenter({ vms: 40 });
    vcsim = await startVcsim({ pool: 1 });
    lab = await startToolHarness([{ vcsim: vcenter }]);
    other = await startToolHarness([{ vcsim }]);
    ids = [await idsOf(lab), await idsOf(other)];
  });
  afterAll(async () => {
    await lab?.close();
    await other?.close();
    await vcenter?.stop();
    await vcsim?.stop();
  });

  it.each(Object.entries(READS))('%s has the same parts', async (tool, args) => {
    const own = new Set(partsOf(await lab.run(tool, args(ids[0]))));
    const lacking = partsOf(await other.run(tool, args(ids[1]))).filter((part) => !own.has(part));
    expect(lacking).toEqual([]);
  });
});
