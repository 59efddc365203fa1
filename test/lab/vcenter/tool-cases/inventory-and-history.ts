import { expect } from 'vitest';
import { type Args, BAD_CURSOR, type Stage, type ToolCases } from './case.ts';

async function aTask(stage: Stage): Promise<string> {
  const { task } = await stage.run('power_off', { name: stage.vm('poweredOn').id });
  return task.id;
}

export const inventoryAndHistoryCases: ToolCases = {
  list_folders: {
    async works(stage) {
      const { folders } = await stage.run('list_folders', { limit: 1000 });
      const ids = (list: Iterable<{ readonly id: string }>) => [...list].map(({ id }) => id).sort();
      expect(folders.length).toBeGreaterThan(5);
      expect(ids(stage.world.objects.all('Folder'))).toEqual(expect.arrayContaining(ids(folders)));
      // The name holds a slash, which vSphere keeps escaped.
      expect(folders.map(({ name }: Args) => name).some((name: string) => name.includes('/'))).toBe(true);
    },
    fails: BAD_CURSOR,
    denied: { args: {} },
  },
  find: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const { matches } = await stage.run('find', { query: vm.get('guest')?.ipAddress });
      expect(matches).toEqual([expect.objectContaining({ id: vm.id, name: vm.get('name') })]);
    },
    fails: { args: { query: '' }, code: 'INVALID_INPUT' },
    denied: { args: { query: 'web' } },
  },
  get_task: {
    async works(stage) {
      const task_id = await aTask(stage);
      expect(await stage.run('get_task', { task_id })).toMatchObject({ key: task_id, state: 'success' });
    },
    fails: { args: { task_id: 'task-999999' }, code: 'NOT_FOUND', says: /task-999999/ },
    denied: { args: async (stage) => ({ task_id: await aTask(stage) }) },
  },
  list_recent_tasks: {
    async works(stage) {
      const id = await aTask(stage);
      const { tasks } = await stage.run('list_recent_tasks', { max_count: 50 });
      expect(tasks[0]).toMatchObject({ key: id, state: 'success', user: stage.vcenter.user });
      expect(tasks.length).toBeGreaterThan(1);
    },
    fails: { args: { max_count: 0 }, code: 'INVALID_INPUT', says: /max_count/ },
    denied: { args: {} },
  },
  list_recent_events: {
    async works(stage) {
      const vm = stage.vm('poweredOff');
      await stage.run('power_on', { name: vm.id });
      const { events } = await stage.run('list_recent_events', {
        event_types: ['DrsVmPoweredOnEvent', 'VmPoweredOnEvent'],
        hours_back: 1,
      });
      const posted = stage.world.events.all().filter(({ $type }) => /VmPoweredOnEvent$/.test(String($type)));
      expect(events[0]).toMatchObject({ key: posted.at(-1)?.key, type: posted.at(-1)?.$type, vm: vm.get('name') });
    },
    fails: { args: { hours_back: -1 }, code: 'INVALID_INPUT', says: /hours_back/ },
    denied: { args: {} },
  },
  get_alarms: {
    async works(stage) {
      const root = stage.world.objects.get(stage.world.content.rootFolder, 'Folder');
      const { alarms } = await stage.run('get_alarms');
      expect(alarms.length).toBeGreaterThan(0);
      expect(alarms.map(({ entity_id }: Args) => entity_id).sort()).toEqual(
        root
          .get('triggeredAlarmState')
          ?.map(({ entity }) => entity.value)
          .sort(),
      );
    },
    fails: BAD_CURSOR,
    denied: { args: {} },
  },
  get_vcenter_info: {
    async works(stage) {
      const { about } = stage.world.content;
      expect(await stage.run('get_vcenter_info')).toMatchObject({
        full_name: about.fullName,
        api_version: about.apiVersion,
        instance_uuid: about.instanceUuid,
      });
    },
    fails: { args: { host: 'elsewhere.example.com' }, code: 'NOT_FOUND', says: /elsewhere/ },
    denied: { args: {} },
  },
  list_servers: {
    async works(stage) {
      const { servers } = await stage.run('list_servers');
      expect(servers).toEqual([
        expect.objectContaining({ kind: 'vcenter', connected: true, user: stage.vcenter.user }),
      ]);
    },
    fails: { args: { surprise: true }, code: 'INVALID_INPUT' },
    denied: { args: {} },
  },
  whoami: {
    async works(stage) {
      const said = await stage.run('whoami', { tool: 'power_off' }, { groups: ['vsphere-readers'] });
      expect(said).toMatchObject({ highest_level: 'READ_ONLY', tool: { name: 'power_off', allowed: false } });
    },
    fails: { args: { tool: 'no-such-thing' }, code: 'NOT_FOUND', says: /no-such-thing/ },
    denied: { args: {} },
  },
};
