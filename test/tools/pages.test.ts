/** Lists that are walked page by page: nothing twice, nothing left out, in the order of the whole list. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ServerUnderTest,
  startToolHarness,
  type ToolHarness,
  type ToolOutput,
  toolNamed,
} from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const READER = { groups: ['vsphere-readers'] };
const VM = '/DC0/vm/DC0_H0_VM0';

describe.skipIf(!(await vcsimAvailable()))('a list in pages', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, vm: 2 });
    const more = Array.from({ length: 11 }, (_, at): ServerUnderTest => ({ vcsim, name: `server${11 - at}` }));
    harness = await startToolHarness([{ vcsim, name: 'vc' }, ...more]);
    await addDevices();
    for (const power of ['power_off', 'power_on', 'reset_vm']) await harness.run(power, { name: VM });
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  /** Twelve disks in all and two cards: their keys in words would sort in another order. */
  async function addDevices(): Promise<void> {
    const { aside } = harness;
    const { ref } = await aside.inventory.find('VirtualMachine', VM);
    const { props } = await aside.readOne('VirtualMachine', ref, ['config.hardware.device']);
    const devices = (props['config.hardware.device'] ?? []) as {
      $type?: string;
      key: number;
      controllerKey?: number;
    }[];
    const { controllerKey } = devices.find(({ $type }) => $type === 'VirtualDisk')!;
    const card = devices.find(({ $type }) => /Ethernet|E1000|Vmxnet/.test($type ?? ''))!;
    const disks = Array.from({ length: 11 }, (_, at) => ({
      operation: 'add' as const,
      fileOperation: 'create' as const,
      device: {
        $type: 'VirtualDisk',
        key: -1 - at,
        controllerKey: controllerKey!,
        unitNumber: at < 6 ? at + 1 : at + 2,
        capacityInKB: 1024 * (at + 1),
        backing: { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: '', diskMode: 'persistent' },
      },
    }));
    const added = { operation: 'add' as const, device: { ...card, key: -99, unitNumber: undefined, macAddress: '' } };
    const deviceChange = [...disks, added];
    await aside.tasks.wait(await aside.call('ReconfigVM_Task', { _this: ref, spec: { deviceChange } as never }));
  }

  const walked = async (tool: string, field: string, args: object, limit: number) => {
    const pages: ToolOutput[] = [];
    let cursor: string | undefined;
    do {
      const page = await harness.run(tool, { ...args, limit, ...(cursor && { cursor }) }, READER);
      expect(page[field].length).toBeLessThanOrEqual(limit);
      pages.push(page);
      cursor = page.next_cursor;
    } while (cursor !== undefined && pages.length < 100);
    return pages;
  };

  it.each([
    ['list_services', 'services', { host_name: 'DC0_C0_H0' }, 2, 3],
    ['list_disks', 'disks', { vm_name: VM }, 5, 12],
    ['list_nics', 'nics', { vm_name: VM }, 1, 2],
    ['list_servers', 'servers', {}, 5, 12],
    ['list_recent_tasks', 'tasks', {}, 2, 4],
    ['list_recent_tasks', 'tasks', { entity_name: VM }, 1, 4],
    ['list_recent_events', 'events', {}, 2, 4],
    ['list_recent_events', 'events', { event_types: ['VmPoweredOnEvent', 'VmPoweredOffEvent'] }, 1, 2],
  ])('%s gives all %s of %j', async (tool, field, args, limit, atLeast) => {
    const whole = await harness.run(tool, args, READER);
    expect(whole[field].length).toBeGreaterThanOrEqual(atLeast);
    expect(whole.next_cursor).toBeUndefined();
    const pages = await walked(tool, field, args, limit);
    expect(pages.length).toBe(Math.ceil(whole[field].length / limit));
    expect(pages.flatMap((page) => page[field])).toEqual(whole[field]);
    for (const { total } of pages) expect(total).toBe(whole.total);
  });

  it('lists disks as the VM has them, and servers as they are configured', async () => {
    const { disks } = await harness.run('list_disks', { vm_name: VM }, READER);
    const labels = disks.map(({ label }: { label: string }) => label);
    expect(labels.indexOf('disk-202-9')).toBeLessThan(labels.indexOf('disk-202-10'));
    const { servers } = await harness.run('list_servers', {}, READER);
    expect(servers.map(({ host }: { host: string }) => host).slice(0, 3)).toEqual(['vc', 'server11', 'server10']);
  });

  it.each([
    ['list_recent_tasks', 'tasks'],
    ['list_recent_events', 'events'],
  ])('%s goes on with what was there, whatever happens meanwhile', async (tool, field) => {
    const keys = (page: ToolOutput): unknown[] => page[field].map(({ key }: { key: unknown }) => key);
    const whole = await harness.run(tool, { max_count: 4 }, READER);
    const first = await harness.run(tool, { max_count: 4, limit: 2 }, READER);
    await harness.run('power_off', { name: 'DC0_H0_VM1' });
    await harness.run('power_on', { name: 'DC0_H0_VM1' });
    const second = await harness.run(tool, { max_count: 4, limit: 2, cursor: first.next_cursor }, READER);
    expect([...keys(first), ...keys(second)]).toEqual(keys(whole));
    expect(second.next_cursor).toBeUndefined();
    expect(second.total).toBe(first.total);
    expect(keys(await harness.run(tool, { max_count: 4 }, READER))).not.toEqual(keys(whole));
  });

  it('list_recent_events tells by more that max_count, and not limit, ended it', async () => {
    expect(await harness.run('list_recent_events', { max_count: 3, limit: 2 }, READER)).toMatchObject({
      total: 3,
      more: true,
      next_cursor: expect.any(String),
    });
    expect(await harness.run('list_recent_events', { max_count: 1000, limit: 1 }, READER)).toMatchObject({
      more: false,
    });
  });

  it.each([
    ['list_services', { host_name: 'DC0_C0_H0' }],
    ['list_disks', { vm_name: VM }],
    ['list_nics', { vm_name: VM }],
    ['get_drs_recommendations', { cluster_name: 'DC0_C0' }],
    ['list_servers', {}],
    ['list_recent_tasks', {}],
    ['list_recent_events', {}],
  ])('%s takes no cursor that it has not given, and no limit beyond reason', async (tool, args) => {
    const { next_cursor } = await harness.run('list_vms', { limit: 1 }, READER);
    for (const wrong of [{ cursor: next_cursor }, { cursor: '' }, { cursor: 'x' }, { limit: 0 }, { limit: 1e6 }]) {
      await expect(harness.run(tool, { ...args, ...wrong }, READER)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
  });
});

/** The simulator's DRS recommends nothing. */
describe('get_drs_recommendations', () => {
  const recommended = [
    ['3', 2],
    ['10', 5],
    ['1', 5],
    ['2', 1],
  ].map(([key, rating]) => ({
    key,
    rating,
    reason: 'fairnessCpuAvg',
    reasonText: '',
    type: 'V1',
    action: [{ type: 'MigrationV1', target: { type: 'VirtualMachine', value: `vm-${key}` } }],
  }));
  let described: string[] = [];
  const vsphere = {
    requireVcenter: () => undefined,
    inventory: {
      find: async () => ({
        ref: { type: 'ClusterComputeResource', value: 'domain-c1' },
        name: 'c',
        path: '/c',
        id: 'c1',
      }),
      describeAll: async (refs: readonly { value: string }[]) => {
        described = refs.map(({ value }) => value);
        return new Map();
      },
    },
    readOne: async () => ({ props: { recommendation: recommended } }),
  };
  const { handler, input } = toolNamed('get_drs_recommendations');
  const run = (args: object) =>
    (handler as (given: unknown, context: unknown) => Promise<ToolOutput>)(
      input.parse({ cluster_name: 'c', ...args }),
      {
        vsphere,
        reading: () => undefined,
      },
    );

  it('gives the most urgent first, in pages, and asks for the objects of its page only', async () => {
    const first = await run({ limit: 3 });
    expect(first.recommendations.map(({ key }: { key: string }) => key)).toEqual(['1', '10', '3']);
    expect(first.total).toBe(4);
    expect(described).toEqual(['vm-1', 'vm-10', 'vm-3']);
    const second = await run({ limit: 3, cursor: first.next_cursor });
    expect(second.recommendations).toMatchObject([{ key: '2', rating: 1 }]);
    expect(second.next_cursor).toBeUndefined();
    expect(described).toEqual(['vm-2']);
  });
});
