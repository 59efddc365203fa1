/** What the tools say of objects that vCenter does not let the service account read: System.Read is missing there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import { startToolHarness, type ToolHarness, type ToolOutput } from '../support/tool-harness.ts';

let vcenter: VCenter;
/** Whose account reads all. */
let harness: ToolHarness;
/** Whose account reads no entity. */
let blind: ToolHarness;
/** Whose account reads all but `hidden`. */
let partial: ToolHarness;
const hidden = new Set<string>();

beforeAll(async () => {
  vcenter = await startVCenter({
    vms: 30,
    accounts: [
      { name: 'administrator@vsphere.local', password: 'lab-password' },
      { name: 'blind@vsphere.local', password: 'lab-password', may: (privilege) => privilege !== 'System.Read' },
      {
        name: 'partial@vsphere.local',
        password: 'lab-password',
        may: (privilege, object) => privilege !== 'System.Read' || !hidden.has(object?.value ?? ''),
      },
    ],
  });
  harness = await startToolHarness([{ vcsim: vcenter }]);
  blind = await startToolHarness([{ vcsim: { ...vcenter, user: 'blind@vsphere.local' } }]);
  partial = await startToolHarness([{ vcsim: { ...vcenter, user: 'partial@vsphere.local' } }]);
});
afterAll(async () => {
  await Promise.all([harness?.close(), blind?.close(), partial?.close()]);
  await vcenter?.stop();
});

const LISTS = [
  ['list_vms', 'vms'],
  ['list_datastores', 'datastores'],
  ['list_hosts', 'hosts'],
  ['list_networks', 'networks'],
  ['list_clusters', 'clusters'],
  ['list_resource_pools', 'resource_pools'],
  ['list_folders', 'folders'],
] as const;

/** What an item tells beside where it is. */
function told({ name, path, id, parent, owner, ...rest }: ToolOutput): unknown[] {
  return Object.values(rest).flatMap((value) => (typeof value === 'object' ? told(value) : (value ?? [])));
}

describe('an account that reads nothing', () => {
  it.each(LISTS)('%s tells names and nothing that nobody knows', async (tool, field) => {
    const all = await harness.run(tool);
    const seen = await blind.run(tool);
    expect(seen.total).toBeGreaterThan(0);
    expect(seen.unreadable).toBe(seen.total);
    expect(seen[field].every(({ name }: ToolOutput) => name !== '')).toBe(true);
    const names = new Set(seen[field].map(({ name }: ToolOutput) => name));
    for (const { name } of all[field]) expect(names).toContain(name);
    const known = seen[field].flatMap((item: ToolOutput) =>
      told(tool === 'list_networks' ? { ...item, type: undefined } : item),
    );
    expect(known).toEqual([]);
    expect(all.unreadable).toBeUndefined();
  });

  it('list_templates says of how many VMs it cannot tell whether they are templates', async () => {
    const { templates, unreadable } = await blind.run('list_templates');
    expect(templates).toEqual([]);
    expect(unreadable).toBe((await blind.run('list_vms')).total);
  });

  it.each([
    ['get_vm_info', 'name', 'list_vms', 'vms', 'VM'],
    ['get_vm_stats', 'name', 'list_vms', 'vms', 'VM'],
    ['power_on', 'name', 'list_vms', 'vms', 'VM'],
    ['list_disks', 'vm_name', 'list_vms', 'vms', 'VM'],
    ['get_datastore_info', 'name', 'list_datastores', 'datastores', 'datastore'],
    ['get_host_info', 'host_name', 'list_hosts', 'hosts', 'host'],
    ['get_network_info', 'name', 'list_networks', 'networks', ''],
    ['get_cluster_info', 'cluster_name', 'list_clusters', 'clusters', 'cluster'],
    ['get_resource_pool_info', 'name', 'list_resource_pools', 'resource_pools', 'resource pool'],
  ])('%s is refused, and says by whom and what it takes', async (tool, argument, list, field, noun) => {
    const [{ id, name }] = (await harness.run(list))[field];
    const error = await blind.run(tool, { [argument]: id }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
    const { message } = error as Error;
    expect(message).toContain("vSphere does not let the gateway's service account read the ");
    expect(message).toContain(`${noun} "${name}": it needs the privilege System.Read there.`);
  });
});

describe('an account that does not read one VM', () => {
  let vms: ToolOutput[];
  let lost: ToolOutput;

  beforeAll(async () => {
    ({ vms } = (await harness.run('list_vms')) as { vms: ToolOutput[] });
    lost = vms.find(({ power_state }) => power_state === 'poweredOff') ?? vms[0]!;
    hidden.add(lost.id);
  });
  afterAll(() => hidden.clear());

  it('lists it with its name and place, and all others in full', async () => {
    const seen = await partial.run('list_vms');
    const { name, path, id } = lost;
    expect(seen.unreadable).toBe(1);
    expect(seen.vms).toEqual(vms.map((vm) => (vm.id === id ? { name, path, id } : vm)));
  });

  it('counts it, and does not say that it fits, where its power state or host decides', async () => {
    const seen = await partial.run('list_vms', { power_state: 'poweredOff' });
    expect(seen.unreadable).toBe(1);
    expect(seen.vms).toEqual(vms.filter(({ power_state, id }) => power_state === 'poweredOff' && id !== lost.id));
    const { unreadable } = await partial.run('list_vms', { name: vms.find(({ id }) => id !== lost.id)!.name });
    expect(unreadable).toBeUndefined();
  });

  it('refuses what needs its state, changes nothing, and serves the others', async () => {
    await expect(partial.run('power_on', { name: lost.id })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect((await harness.run('get_vm_info', { name: lost.id })).power_state).toBe(lost.power_state);
    const other = vms.find(({ id }) => id !== lost.id)!;
    expect(await partial.run('get_vm_info', { name: other.id })).toMatchObject({
      is_template: false,
      name: other.name,
    });
  });

  it('still says that a VM is gone, and not that it may not be read', async () => {
    await expect(partial.run('get_vm_info', { name: 'vm-999999' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
