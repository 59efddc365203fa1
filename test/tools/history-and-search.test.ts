import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tools } from '../../src/tools/index.ts';
import { postAlarmEvent } from '../support/simulated-alarm.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const READER = { groups: ['vsphere-readers'] };
const VM = '/DC0/vm/DC0_H0_VM0';

interface Named {
  readonly name: string;
  readonly path: string;
  readonly id: string;
}

describe.skipIf(!(await vcsimAvailable()))('history, search and the gateway itself', () => {
  let vcenter: Vcsim;
  let esxi: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcenter = await startVcsim({ dc: 2, cluster: 1, host: 2, vm: 2 });
    esxi = await startVcsim({ esx: true, vm: 2 });
    harness = await startToolHarness([
      { vcsim: vcenter, name: 'vc' },
      { vcsim: esxi, name: 'lab-esxi', kind: 'esxi' },
      { vcsim: { ...vcenter, url: 'https://127.0.0.1:9/sdk' }, name: 'down' },
    ]);
  });

  afterAll(async () => {
    await harness?.close();
    await vcenter?.stop();
    await esxi?.stop();
  });

  describe('tasks', () => {
    it('get_task tells how a task ended, and names the object it made', async () => {
      const made = await harness.run('clone_vm', { template_name: VM, new_name: 'made-by-task' });
      const task = await harness.run('get_task', { task_id: made.task.id }, READER);
      expect(task).toMatchObject({ key: made.task.id, state: 'success', result: { name: 'made-by-task' } });
      const there = await harness.peer.properties('VirtualMachine', ['name']);
      expect(there.get(task.result.id)?.name).toBe('made-by-task');
    });

    it('get_task tells why a task failed', async () => {
      const { aside } = harness;
      const vm = await aside.inventory.find('VirtualMachine', VM);
      const task = await aside.call('PowerOnVM_Task', { _this: vm.ref });
      await aside.tasks.wait(task).catch(() => undefined);
      const told = await harness.run('get_task', { task_id: task.value }, READER);
      expect(told).toMatchObject({ state: 'error', entity_id: vm.id, error: expect.any(String) });
      expect(told.result).toBeUndefined();
    });

    it.each(['task-999999', '../x', '<a/>', 'x'.repeat(200)])('get_task refuses %o', async (task_id) => {
      await expect(harness.run('get_task', { task_id }, READER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('list_recent_tasks tells the newest first, at most max_count', async () => {
      const off = await harness.run('power_off', { name: 'DC0_H0_VM1' });
      const on = await harness.run('power_on', { name: 'DC0_H0_VM1' });
      const { tasks, total } = await harness.run('list_recent_tasks', {}, READER);
      expect(total).toBeGreaterThanOrEqual(2);
      const keys = tasks.map(({ key }: { key: string }) => key);
      expect(keys).toContain(on.task.id);
      expect(keys.indexOf(on.task.id)).toBeLessThan(keys.indexOf(off.task.id));
      const times = tasks.map(({ queued_time }: { queued_time: string }) => Date.parse(queued_time));
      expect(times).toEqual([...times].sort((a, b) => b - a));
      const one = await harness.run('list_recent_tasks', { max_count: 1 }, READER);
      expect(one).toMatchObject({ tasks: [{ key: keys[0] }], total });
    });

    it('list_recent_tasks of one object is the same by name, path and id', async () => {
      const off = await harness.run('power_off', { name: 'DC0_H0_VM1' });
      const { vm } = off;
      const keysBy = async (entity_name: string) => {
        const { tasks } = await harness.run('get_recent_tasks', { entity_name }, READER);
        return tasks.map(({ key }: { key: string }) => key);
      };
      const byName = await keysBy(vm.name);
      expect(byName).toContain(off.task.id);
      expect(await keysBy(vm.path)).toEqual(byName);
      expect(await keysBy(vm.id)).toEqual(byName);
      expect(await keysBy('nothing')).toEqual([]);
      await harness.run('power_on', { name: vm.id });
    });

    it.each([{ max_count: 0 }, { max_count: 1e9 }, { max_count: '5' }])(
      'list_recent_tasks refuses %o',
      async (args) => {
        await expect(harness.run('list_recent_tasks', args, READER)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      },
    );
  });

  describe('list_recent_events', () => {
    it('tells the newest first, under its alias too', async () => {
      await harness.run('power_off', { name: 'DC1_H0_VM0' });
      await harness.run('power_on', { name: 'DC1_H0_VM0' });
      for (const tool of ['list_recent_events', 'get_recent_events']) {
        const { events } = await harness.run(tool, {}, READER);
        const times = events.map(({ created_time }: { created_time: string }) => Date.parse(created_time));
        expect(times).toEqual([...times].sort((a, b) => b - a));
        const types = events.map(({ type }: { type: string }) => type);
        expect(types.indexOf('VmPoweredOnEvent')).toBeGreaterThanOrEqual(0);
        expect(types.indexOf('VmPoweredOnEvent')).toBeLessThan(types.indexOf('VmPoweredOffEvent'));
      }
    });

    it('narrows by class, and says that there may be more', async () => {
      const { events } = await harness.run('list_recent_events', { event_types: ['VmPoweredOffEvent'] }, READER);
      expect(new Set(events.map(({ type }: { type: string }) => type))).toEqual(new Set(['VmPoweredOffEvent']));
      expect(await harness.run('list_recent_events', { max_count: 1 }, READER)).toMatchObject({ total: 1, more: true });
    });

    it.each([
      { event_types: ['<x>'] },
      { hours_back: 0 },
      { hours_back: -1 },
      { hours_back: 'all' },
      { max_count: 1001 },
    ])('refuses %o', async (args) => {
      await expect(harness.run('list_recent_events', args, READER)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    });
  });

  it('get_alarms tells what is raised, red before yellow, until it is cleared', async () => {
    expect(await harness.run('get_alarms', {}, READER)).toEqual({ alarms: [], total: 0 });
    const [red, yellow] = await harness.aside.inventory.findAll('VirtualMachine', ['DC0_H0_VM0', 'DC1_H0_VM0']);
    await postAlarmEvent(vcenter, red!.id, 'fatal');
    await postAlarmEvent(vcenter, yellow!.id, 'failure');
    const { alarms, total } = await harness.run('get_alarms', {}, READER);
    expect(total).toBe(2);
    expect(alarms).toMatchObject([
      { entity: red!.name, entity_id: red!.id, entity_type: 'VirtualMachine', status: 'red', acknowledged: false },
      { entity: yellow!.name, status: 'yellow' },
    ]);
    const { props } = await harness.aside.readOne('Alarm', { type: 'Alarm', value: alarms[0].alarm_id }, ['info.name']);
    expect(alarms[0].alarm).toBe(props['info.name']);
    const first = await harness.run('get_alarms', { limit: 1 }, READER);
    expect(first.alarms).toEqual([alarms[0]]);
    const second = await harness.run('get_alarms', { limit: 1, cursor: first.next_cursor }, READER);
    expect(second).toEqual({ alarms: [alarms[1]], total: 2 });
    await postAlarmEvent(vcenter, red!.id, 'success');
    expect((await harness.run('get_alarms', {}, READER)).alarms).toEqual([alarms[1]]);
  });

  it('get_alarms of a lone ESXi tells its own', async () => {
    expect(await harness.run('get_alarms', { host: 'lab-esxi' }, READER)).toEqual({ alarms: [], total: 0 });
  });

  it('list_folders shows the tree with what is in each', async () => {
    const { folders, total } = await harness.run('list_folders', {}, READER);
    expect(total).toBe(folders.length);
    const vmFolder = folders.find(({ path }: Named) => path === '/DC0/vm');
    expect(vmFolder.type).toContain('VirtualMachine');
    const { props } = await harness.aside.readOne('Folder', { type: 'Folder', value: vmFolder.id }, ['childEntity']);
    expect(vmFolder.children).toBe(props.childEntity?.length);
    const first = await harness.run('list_folders', { limit: 3 }, READER);
    const second = await harness.run('list_folders', { limit: 3, cursor: first.next_cursor }, READER);
    expect([...first.folders, ...second.folders]).toEqual(folders.slice(0, 6));
  });

  it.each(['list_recent_tasks', 'list_recent_events', 'list_folders'])('%s works on a lone ESXi too', async (tool) => {
    await harness.run('power_off', { host: 'lab-esxi', name: 'ha-host_VM0' });
    const result = await harness.run(tool, { host: 'lab-esxi' }, READER);
    expect(result.total).toBeGreaterThan(0);
    await harness.run('power_on', { host: 'lab-esxi', name: 'ha-host_VM0' });
  });

  describe('find', () => {
    it('searches every server, and tells which could not be', async () => {
      const { matches, servers } = await harness.run('find', { query: '_VM' }, READER);
      const ofVcenter = matches.filter(({ host }: { host: string }) => host === 'vc');
      const there = await harness.peer.properties('VirtualMachine', ['name']);
      const expected = [...there.values()].filter(({ name }) => name?.includes('_VM')).length;
      expect(ofVcenter.length).toBe(expected);
      expect(matches.some(({ host }: { host: string }) => host === 'lab-esxi')).toBe(true);
      expect(servers).toEqual([
        { host: 'vc', searched: true },
        { host: 'lab-esxi', searched: true, tags_error: 'Tags need a vCenter; "lab-esxi" is an ESXi host.' },
        { host: 'down', searched: false, error: expect.stringContaining('"down" cannot be used') },
      ]);
    });

    it('finds objects of any kind by a part of their name in any case, with path and id', async () => {
      const { matches } = await harness.run('find', { query: 'dc0_' }, READER);
      const types = new Set(matches.map(({ type }: { type: string }) => type));
      for (const type of ['VirtualMachine', 'HostSystem', 'ClusterComputeResource', 'DistributedVirtualPortgroup']) {
        expect(types).toContain(type);
      }
      expect(matches.find(({ name }: Named) => name === 'DC0_C0_H0')).toMatchObject({
        path: '/DC0/host/DC0_C0/DC0_C0_H0',
        matched_by: 'name',
      });
    });

    it('finds a VM by its MAC address and by its id', async () => {
      const { nics, vm } = await harness.run('list_nics', { vm_name: VM }, READER);
      const byMac = await harness.run(
        'find',
        { query: nics[0].mac_address.replaceAll(':', '-').toUpperCase() },
        READER,
      );
      const match = { matched_by: 'mac_address', matched: nics[0].mac_address };
      expect(byMac.matches).toContainEqual(expect.objectContaining({ ...match, id: vm.id, host: 'vc' }));
      // The simulator gives a clone the MAC address of its template.
      for (const each of byMac.matches) expect(each).toMatchObject(match);
      const byId = await harness.run('find', { query: vm.id }, READER);
      expect(byId.matches).toContainEqual(expect.objectContaining({ path: VM, matched_by: 'id' }));
    });

    it('finds a host by its address', async () => {
      const info = await harness.run('get_host_info', { host_name: 'DC0_C0_H0' }, READER);
      const { matches } = await harness.run('find', { query: info.management_ip }, READER);
      expect(matches).toContainEqual(expect.objectContaining({ name: 'DC0_C0_H0', matched_by: 'ip_address' }));
    });

    it('walks pages, and finds nothing where nothing is', async () => {
      const whole = await harness.run('find', { query: 'dc1' }, READER);
      const first = await harness.run('find', { query: 'dc1', limit: 2 }, READER);
      const second = await harness.run('find', { query: 'dc1', limit: 2, cursor: first.next_cursor }, READER);
      expect([...first.matches, ...second.matches]).toEqual(whole.matches.slice(0, 4));
      expect(await harness.run('find', { query: 'no such thing' }, READER)).toMatchObject({ matches: [], total: 0 });
    });

    it.each([{}, { query: '' }, { query: 'x'.repeat(201) }, { query: 5 }])('refuses %o', async (args) => {
      await expect(harness.run('find', args, READER)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    });
  });

  describe('the gateway', () => {
    it('get_vcenter_info tells what each server is', async () => {
      expect(await harness.run('get_vcenter_info', {}, READER)).toMatchObject({ api_type: 'VirtualCenter' });
      expect(await harness.run('get_vcenter_info', { host: 'lab-esxi' }, READER)).toMatchObject({
        api_type: 'HostAgent',
      });
      await expect(harness.run('get_vcenter_info', { host: 'down' }, READER)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      });
      await expect(harness.run('get_vcenter_info', { host: 'vcc' }, READER)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('vc'),
      });
    });

    it('list_servers tells all, and no credentials', async () => {
      await harness.run('find', { query: 'x' }, READER);
      const listed = await harness.run('list_servers', {}, READER);
      expect(listed).toMatchObject({
        total: 3,
        servers: [
          { host: 'vc', kind: 'vcenter', address: vcenter.host, default: true, connected: true, insecure: true },
          { host: 'lab-esxi', kind: 'esxi', default: false, connected: true },
          { host: 'down', connected: false, error: expect.any(String) },
        ],
      });
      expect(Object.keys(JSON.parse(JSON.stringify(listed.servers[0]))).sort()).toEqual(
        ['address', 'connected', 'default', 'host', 'insecure', 'kind', 'user'].sort(),
      );
      await expect(harness.run('list_servers', { host: 'vc' }, READER)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
    });

    it('whoami tells user, groups and levels, what means something first', async () => {
      const me = await harness.run('whoami', {}, { groups: ['a-team', 'vsphere-operators', 'a-team'] });
      expect(me).toMatchObject({
        user: 'alice@example.com',
        subject: 'alice',
        groups: [{ group: 'vsphere-operators', level: 'POWER_OPS' }, { group: 'a-team' }],
        highest_level: 'POWER_OPS',
      });
      expect(
        me.levels.filter(({ granted }: { granted: boolean }) => granted).map(({ level }: { level: string }) => level),
      ).toEqual(['READ_ONLY', 'POWER_OPS']);
      const named = me.levels.flatMap((each: { tools: string[] }) => each.tools);
      expect([...named].sort()).toEqual(tools.map(({ name }) => name).sort());
      expect(me.tool).toBeUndefined();
    });

    it('whoami says why a tool is denied and which groups grant it', async () => {
      const { tool } = await harness.run('whoami', { tool: 'delete_vm' }, READER);
      expect(tool).toMatchObject({ name: 'delete_vm', allowed: false, required_level: 'VM_LIFECYCLE' });
      expect(tool.explanation).toContain('vsphere-admins');
      await expect(harness.run('delete_vm', { name: VM }, READER)).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: tool.explanation,
      });
    });

    it('whoami says which group grants a tool, asked by its alias', async () => {
      const { tool } = await harness.run('whoami', { tool: 'get_recent_events' }, READER);
      expect(tool).toMatchObject({ name: 'list_recent_events', allowed: true, required_level: 'READ_ONLY' });
      expect(tool.explanation).toContain('vsphere-readers');
    });

    it.each(['power_of', '__proto__', 'constructor', 'no\nsuch'])('whoami knows no tool %o', async (tool) => {
      await expect(harness.run('whoami', { tool }, READER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('whoami bounds what a login with thousands of groups carries', async () => {
      const groups = [...Array.from({ length: 5000 }, (_, i) => `g${i}\u202e`), 'vsphere-readers'];
      const me = await harness.run('whoami', {}, { groups });
      expect(me.groups_total).toBe(5001);
      expect(me.groups.length).toBe(50);
      expect(me.groups[0]).toEqual({ group: 'vsphere-readers', level: 'READ_ONLY' });
      expect(JSON.stringify(me)).not.toContain('\u202e');
    });
  });

  it.each(
    tools.filter(({ permission, effect }) => permission === 'READ_ONLY' && effect === 'read').map(({ name }) => name),
  )('%s tells nothing to somebody without a known group', async (name) => {
    for (const groups of [[], ['marketing']]) {
      await expect(harness.run(name, {}, { groups })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    expect(harness.records().at(-1)).toMatchObject({ event: 'PERMISSION_DENIED', tool: name });
  });
});
