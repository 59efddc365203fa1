/** VMs, folders, pools, tags and tasks of a vCenter: what goes wrong, on the lab; the usual way also on vcsim. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ManagedObject } from '../../lab/vcenter/core/managed-object.ts';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import { prepareTags } from '../support/simulated-tags.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const ADMIN = { groups: ['vsphere-admins'] };
const HOST_ADMIN = { groups: ['vsphere-host-admins'] };
const TIB = 1024 ** 4;

describe('on the lab', () => {
  let vcenter: VCenter;
  let esxi: VCenter;
  let harness: ToolHarness;
  const taken = new Set<string>();

  beforeAll(async () => {
    vcenter = await startVCenter({ vms: 150 });
    esxi = await startVCenter({ kind: 'esxi', vms: 2 });
    harness = await startToolHarness([{ vcsim: vcenter }, { vcsim: esxi, name: 'lone', kind: 'esxi' }]);
  });

  afterAll(async () => {
    await harness?.close();
    await Promise.all([vcenter, esxi].map((each) => each?.stop()));
  });

  afterEach(async () => {
    vcenter.world.tasks.stepMs = 0;
    await vcenter.world.tasks.idle();
  });

  type Vm = ManagedObject<'VirtualMachine'>;

  const clusterNamed = (name: string) =>
    [...vcenter.world.objects.all('ClusterComputeResource')].find((each) => each.get('name') === name)!;
  const hostOf = (vm: Vm) => vcenter.world.objects.get(vm.get('runtime').host!, 'HostSystem');
  const run = (name: string, args: Record<string, unknown>, options = ADMIN) => harness.run(name, args, options);

  /** One after another, usual ones that are in that state. */
  function vmOf(cluster: string, powerState: 'poweredOn' | 'poweredOff' = 'poweredOn'): Vm {
    const vm = [...vcenter.world.objects.all('VirtualMachine')].find((each) => {
      const { connectionState, powerState: state, host } = each.get('runtime');
      const usual = connectionState === 'connected' && state === powerState && each.get('config')?.template !== true;
      const there =
        vcenter.world.objects.find(host)?.as('HostSystem')?.get('parent')?.value === clusterNamed(cluster).id;
      return usual && there && each.get('parent') !== undefined && !taken.has(each.id);
    });
    if (vm === undefined) throw new Error(`no VM of ${cluster} is left`);
    taken.add(vm.id);
    return vm;
  }

  function usableHosts(cluster: string) {
    return clusterNamed(cluster)
      .get('host')
      .map((ref) => vcenter.world.objects.get(ref, 'HostSystem'))
      .filter((host) => !host.get('runtime').inMaintenanceMode);
  }

  const otherHost = (vm: Vm) => usableHosts('Production').find(({ id }) => id !== hostOf(vm).id)!;
  const refused = (says: RegExp) => ({ code: 'INVALID_STATE', message: expect.stringMatching(says) });
  const tasksOn = (vm: Vm, name: string) =>
    vcenter.world.tasks.recent().filter((task) => {
      const info = task.get('info');
      return info.entity?.value === vm.id && info.name === name;
    });

  describe('moving a VM', () => {
    it('tells how far it has come', async () => {
      const vm = vmOf('Production');
      vcenter.world.tasks.stepMs = 20;
      const told: number[] = [];
      const host_name = otherHost(vm).id;
      await harness.run('migrate_vm', { vm_name: vm.id, host_name }, { ...ADMIN, onProgress: (at) => told.push(at) });
      expect(told.length).toBeGreaterThan(1);
      expect(told).toEqual([...told].sort((a, b) => a - b));
    });

    it('to another cluster puts it into its root pool, and keeps its files', async () => {
      const vm = vmOf('Test');
      const files = vm.get('config')!.files.vmPathName;
      const [host] = usableHosts('Production');
      const said = await run('migrate_vm', { vm_name: vm.id, host_name: host!.get('name') });
      expect(said).toMatchObject({ host: host!.get('name'), power_state: 'poweredOn' });
      expect(vm.get('resourcePool')).toEqual(clusterNamed('Production').get('resourcePool'));
      expect(vm.get('config')!.files.vmPathName).toBe(files);
      expect(harness.records().at(-1)).toMatchObject({
        event: 'TOOL_OUTCOME',
        result: 'success',
        target: { id: vm.id, name: vm.get('name') },
      });
    });

    it('is not begun where the host lacks what the VM needs', async () => {
      const vm = vmOf('Production');
      const [branch] = usableHosts('Branch');
      await expect(run('migrate_vm', { vm_name: vm.id, host_name: branch!.id })).rejects.toMatchObject(
        refused(/does not have the datastore "prod-ssd-/),
      );
      expect(tasksOn(vm, 'RelocateVM_Task')).toEqual([]);
    });

    it('is not begun where vCenter sees an obstacle that the gateway does not', async () => {
      const vm = vmOf('Production', 'poweredOff');
      const to = otherHost(vm);
      const before = to.get('network');
      to.set({ network: [] });
      try {
        await expect(run('migrate_vm', { vm_name: vm.id, host_name: to.id })).rejects.toMatchObject(
          refused(/^vSphere would not move "[^"]+" there: .*network/),
        );
      } finally {
        to.set({ network: before });
      }
      expect(tasksOn(vm, 'CheckRelocate_Task')).toHaveLength(1);
      expect(tasksOn(vm, 'RelocateVM_Task')).toEqual([]);
    });

    it('needs somewhere else to go', async () => {
      const vm = vmOf('Production');
      await expect(run('migrate_vm', { vm_name: vm.id })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await expect(run('migrate_vm', { vm_name: vm.id, host_name: hostOf(vm).id })).rejects.toMatchObject(
        refused(/already/),
      );
      const resource_pool = clusterNamed('Test').get('resourcePool')!.value;
      const host_name = otherHost(vm).id;
      await expect(run('migrate_vm', { vm_name: vm.id, host_name, resource_pool })).rejects.toMatchObject(
        refused(/not one of the cluster/),
      );
    });

    it('takes no VM that its host has lost', async () => {
      const vm = vmOf('Production');
      const runtime = vm.get('runtime');
      vm.set({ runtime: { ...runtime, connectionState: 'inaccessible' } });
      const host_name = otherHost(vm).id;
      await expect(run('migrate_vm', { vm_name: vm.id, host_name })).rejects.toMatchObject(refused(/inaccessible/));
      vm.set({ runtime });
    });

    it('to a datastore without room, or one that it is on, is not begun', async () => {
      const vm = vmOf('Production');
      const own = vcenter.world.objects.get(vm.get('datastore')[0]!, 'Datastore');
      const move = (target_datastore: string, more = {}) =>
        run('storage_vmotion', { vm_name: vm.id, target_datastore, ...more });
      await expect(move(own.id)).rejects.toMatchObject(refused(/already/));
      const there = hostOf(vm)
        .get('datastore')
        .map((ref) => vcenter.world.objects.get(ref, 'Datastore'));
      const small = there.find((each) => each.id !== own.id && vcenter.world.files.of(each).freeBytes() < 5 * TIB)!;
      const files = vcenter.world.files.of(small);
      files.write('fill.bin', { size: files.freeBytes() - 1024 });
      await expect(move(small.id)).rejects.toMatchObject(refused(/GB free/));
      await expect(move(small.id, { thin_provision: false })).rejects.toMatchObject(refused(/GB free/));
      files.remove('fill.bin');
      expect(tasksOn(vm, 'RelocateVM_Task')).toEqual([]);
    });

    it('turns thin disks into thick ones on the way where asked', async () => {
      const vm = vmOf('Test', 'poweredOff');
      const [host] = usableHosts('Production');
      const target = hostOf(vm)
        .get('datastore')
        .map((ref) => vcenter.world.objects.get(ref, 'Datastore'))
        .find((each) => each.id !== vm.get('datastore')[0]!.value && vcenter.world.files.of(each).freeBytes() > TIB)!;
      expect(host).toBeDefined();
      await run('storage_vmotion', { vm_name: vm.id, target_datastore: target.id, thin_provision: false });
      const { disks } = await run('list_disks', { vm_name: vm.id });
      expect(disks.map(({ thin_provisioned }: { thin_provisioned: boolean }) => thin_provisioned)).toEqual(
        disks.map(() => false),
      );
    });
  });

  describe('cancelling a task', () => {
    it('ends a migration that goes on, and the VM stays where it was', async () => {
      const vm = vmOf('Production');
      const from = hostOf(vm).id;
      vcenter.world.tasks.stepMs = 200;
      const { task } = await run('migrate_vm', { vm_name: vm.id, host_name: otherHost(vm).id, wait: false });
      expect(task.state).toBe('running');
      expect(await run('cancel_task', { task_id: task.id })).toMatchObject({ cancelled: true, entity: { id: vm.id } });
      expect(hostOf(vm).id).toBe(from);
    });

    it('takes HOST_ADMIN for tasks on hosts and for those that the gateway did not start', async () => {
      vcenter.world.tasks.stepMs = 300;
      const [host] = usableHosts('Test');
      const { tasks } = vcenter.world;
      const plan = { name: 'Some_Task', descriptionId: 'HostSystem.some', run: () => undefined };
      const by = (name: string) => ({ session: { account: { name } } }) as unknown as Parameters<typeof tasks.start>[0];
      const onHost = tasks.start(by(vcenter.user), { ...plan, entity: host! });
      const vm = vmOf('Production');
      const another = tasks.start(by('somebody@vsphere.local'), { ...plan, entity: vm });
      for (const [task_id, why] of [
        [onHost.value, /works on a host/],
        [another.value, /not started by the gateway/],
      ] as const) {
        await expect(run('cancel_task', { task_id })).rejects.toMatchObject({
          code: 'PERMISSION_DENIED',
          message: expect.stringMatching(why),
        });
        expect(await run('cancel_task', { task_id }, HOST_ADMIN)).toMatchObject({ cancelled: true, state: 'error' });
      }
    });

    it('says where vSphere does not let a task be cancelled, and knows no made-up one', async () => {
      vcenter.world.tasks.stepMs = 100;
      const { tasks } = vcenter.world;
      const vm = vmOf('Production');
      const session = { account: { name: vcenter.user } };
      const { value: task_id } = tasks.start({ session } as unknown as Parameters<typeof tasks.start>[0], {
        name: 'Firm_Task',
        descriptionId: 'VirtualMachine.firm',
        entity: vm,
        cancelable: false,
        run: () => undefined,
      });
      await expect(run('cancel_task', { task_id })).rejects.toMatchObject(refused(/does not let/));
      for (const made of ['task-999999', '../task-1', 'task\n1', '💥']) {
        await expect(run('cancel_task', { task_id: made })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
    });
  });

  describe('folders', () => {
    it('with running VMs stay, whatever force says', async () => {
      const { folder } = await run('create_folder', { folder_name: 'running', parent_path: '/DC0/vm' });
      const vm = vmOf('Production');
      await run('move_vm_to_folder', { vm_name: vm.id, folder_path: folder.path });
      await expect(run('delete_folder', { folder_path: folder.path, force: true })).rejects.toMatchObject(
        refused(/1 VMs \(1 of them not off\).*Power its VMs off/),
      );
      expect(vm.get('parent')?.value).toBe(folder.id);
    });

    it.each([
      ['/DC0/host/Racks', /2 other objects.*Move them/],
      ['/', /stays/],
      ['/DC1/datastore', /stays/],
      ['prod-pod', /datastore cluster/],
    ])('%s is not deleted by force', async (folder_path, says) => {
      await expect(run('delete_folder', { folder_path, force: true })).rejects.toMatchObject(refused(says));
    });

    it('take no VM of another datacenter, none twice and none whose name is taken', async () => {
      const vm = vmOf('Production');
      const move = (folder_path: string) => run('move_vm_to_folder', { vm_name: vm.id, folder_path });
      await expect(move('/DC1/vm')).rejects.toMatchObject(refused(/another datacenter/));
      const { folder } = await run('create_folder', { folder_name: 'once', parent_path: '/DC0/vm' });
      await move(folder.id);
      await expect(move(folder.id)).rejects.toMatchObject(refused(/already/));
      const { folder: other } = await run('create_folder', { folder_name: 'other', parent_path: '/DC0/vm' });
      await run('create_folder', { folder_name: vm.get('name'), parent_path: other.id });
      await expect(move(other.id)).rejects.toMatchObject(refused(/taken/));
    });

    it.each([[''], ['a\nb'], ['a\u202eb'], ['x'.repeat(81)], [['a']], [null]])(
      'are not named %j',
      async (folder_name) => {
        await expect(run('create_folder', { folder_name })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      },
    );

    it('lie in each other, and in no datastore cluster', async () => {
      const { folder } = await run('create_folder', { folder_name: 'racks 2', parent_path: '/DC0/host/Racks' });
      expect(folder.path).toBe('/DC0/host/Racks/racks 2');
      expect(await run('delete_folder', { folder_path: folder.path })).toMatchObject({ deleted: true });
      await expect(run('create_folder', { folder_name: 'x', parent_path: 'prod-pod' })).rejects.toMatchObject(
        refused(/datastore cluster/),
      );
    });
  });

  describe('resource pools', () => {
    const root = (cluster: string) => clusterNamed(cluster).get('resourcePool')!.value;

    it('that are roots stay, and a name is taken once', async () => {
      await expect(run('delete_resource_pool', { name: root('Test') })).rejects.toMatchObject(refused(/root pool/));
      const args = { name: 'once', parent: root('Test') };
      await run('create_resource_pool', args);
      await expect(run('create_resource_pool', args)).rejects.toMatchObject(refused(/already/));
    });

    it('have no limit below what they reserve', async () => {
      const args = { name: 'odd', parent: root('Test'), memory_reservation_mb: 10, memory_limit_mb: 9 };
      await expect(run('create_resource_pool', args)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    });

    it('need DRS in a cluster', async () => {
      const cluster = clusterNamed('Branch');
      const [before, beforeEx] = [cluster.get('configuration'), cluster.get('configurationEx')];
      const off = { drsConfig: { ...before.drsConfig, enabled: false } };
      cluster.set({
        configuration: { ...before, ...off },
        configurationEx: { ...beforeEx, ...off } as typeof beforeEx,
      });
      await expect(run('create_resource_pool', { name: 'no', parent: root('Branch') })).rejects.toMatchObject(
        refused(/no DRS/),
      );
      cluster.set({ configuration: before, configurationEx: beforeEx });
    });

    it('are made, filled and dissolved on a lone ESXi host too', async () => {
      const host = 'lone';
      const { pool } = await run('create_resource_pool', { name: 'small', cpu_limit_mhz: 500, host });
      const [vm] = (await run('list_vms', { host })).vms;
      await run('move_vm_to_resource_pool', { vm_name: vm.id, resource_pool: pool.path, host });
      const there = esxi.world.objects.get({ type: 'VirtualMachine', value: vm.id }, 'VirtualMachine');
      expect(there.get('resourcePool')?.value).toBe(pool.id);
      const said = await run('delete_resource_pool', { name: pool.id, host });
      expect(said).toMatchObject({ deleted: true, vms_moved: 1 });
      expect(there.get('resourcePool')?.value).not.toBe(pool.id);
    });

    it('hold no templates', async () => {
      const [template] = (await run('list_templates', {})).templates;
      const args = { vm_name: template.id, resource_pool: root('Test') };
      await expect(run('move_vm_to_resource_pool', args)).rejects.toMatchObject(refused(/template/));
    });
  });

  it('a template becomes a VM on another cluster where that has what it needs', async () => {
    const [template] = (await run('list_templates', {})).templates;
    const vm = vcenter.world.objects.get({ type: 'VirtualMachine', value: template.id }, 'VirtualMachine');
    const branch = clusterNamed('Branch').get('resourcePool')!.value;
    await expect(run('convert_to_vm', { template_name: template.id, resource_pool: branch })).rejects.toMatchObject(
      refused(/has the datastores and networks/),
    );
    const said = await run('convert_to_vm', { template_name: template.id });
    expect(said).toMatchObject({ is_template: false, host: hostOf(vm).get('name') });
    await run('convert_to_template', { vm_name: template.id });
    await expect(run('convert_to_template', { vm_name: template.id })).rejects.toMatchObject(refused(/already/));
  });

  describe('tags', () => {
    it('that are made up are not found, and names of several are not guessed', async () => {
      const vm_name = vmOf('Production').id;
      for (const tag of ['Environment/prdo', 'urn:vmomi:InventoryServiceTag:none:GLOBAL', '../../session', '%2f']) {
        await expect(run('apply_tag_to_vm', { vm_name, tag })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
    });

    it('of categories that are not for VMs are refused before vCenter is asked', async () => {
      const { tags } = vcenter.world;
      const category = tags.createCategory({
        name: 'Hosts only',
        description: '',
        cardinality: 'MULTIPLE',
        associable_types: ['HostSystem'],
      });
      tags.createTag({ category_id: category.id, name: 'rack-1', description: '' });
      await expect(
        run('apply_tag_to_vm', { vm_name: vmOf('Production').id, tag: 'Hosts only/rack-1' }),
      ).rejects.toMatchObject(refused(/not for a VirtualMachine/));
    });

    it('are announced on the VM by the name of who puts them there', async () => {
      const vm = vmOf('Production');
      for (const id of vcenter.world.tags.tagsOf(vm.ref)) vcenter.world.tags.detach(id, vm.ref);
      await run('apply_tag_to_vm', { vm_name: vm.id, tag: 'Environment/dev' });
      const { events } = await run('list_recent_events', { event_types: ['GeneralUserEvent'], max_count: 5 });
      expect(events[0]).toMatchObject({ vm: vm.get('name'), message: expect.stringContaining('apply_tag_to_vm') });
    });
  });

  it.each([
    ['storage_vmotion', { vm_name: 'x', target_datastore: 'y' }],
    ['move_vm_disk', { vm_name: 'x', disk_label: 'y', target_datastore: 'z' }],
    ['migrate_vm', { vm_name: 'x', host_name: 'y' }],
    ['convert_to_template', { vm_name: 'x' }],
    ['convert_to_vm', { template_name: 'x' }],
    ['deploy_from_template', { template_name: 'x', new_vm_name: 'y' }],
    ['create_folder', { folder_name: 'x' }],
    ['delete_folder', { folder_path: 'x' }],
    ['move_vm_to_folder', { vm_name: 'x', folder_path: 'y' }],
    ['list_tags', {}],
    ['get_vm_tags', { vm_name: 'x' }],
    ['apply_tag_to_vm', { vm_name: 'x', tag: 'y' }],
    ['remove_tag_from_vm', { vm_name: 'x', tag: 'y' }],
  ])('%s says that an ESXi host is not enough', async (tool, args) => {
    await expect(run(tool, { ...args, host: 'lone' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/ vCenter; .*ESXi host\.$/),
    });
  });
});

describe.skipIf(!(await vcsimAvailable()))('on vcsim', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;
  const run = (name: string, args: Record<string, unknown>) => harness.run(name, args, ADMIN);

  beforeAll(async () => {
    vcsim = await startVcsim({ tls: false, dc: 1, cluster: 1, host: 2, vm: 4, ds: 2 });
    harness = await startToolHarness([{ vcsim }]);
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  async function there(name: string, path: 'parent' | 'datastore' | 'runtime.host' | 'config.template') {
    const vms = await harness.peer.properties('VirtualMachine', ['name', path]);
    return [...vms.values()].find((vm) => vm.name === name)?.[path];
  }

  it('makes folders, moves VMs there, and keeps those that are not empty', async () => {
    const { folder } = await run('create_folder', { folder_name: 'made/here', parent_path: '/DC0/vm' });
    expect(folder.path).toBe('/DC0/vm/made%2fhere');
    await run('move_vm_to_folder', { vm_name: 'DC0_H0_VM0', folder_path: folder.path });
    expect(await there('DC0_H0_VM0', 'parent')).toContain(folder.id);
    await expect(run('delete_folder', { folder_path: folder.id })).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it('moves a VM to another host and to another datastore', async () => {
    const name = 'DC0_C0_RP0_VM0';
    const { host } = await run('get_vm_info', { name });
    const host_name = ['DC0_C0_H0', 'DC0_C0_H1'].find((each) => each !== host)!;
    expect(await run('migrate_vm', { vm_name: name, host_name })).toMatchObject({ host: host_name, from_host: host });
    const { hosts } = await run('list_hosts', {});
    const { id } = hosts.find((each: { name: string }) => each.name === host_name);
    expect(await there(name, 'runtime.host')).toContain(id);
    const [before] = (await run('get_vm_info', { name })).datastore;
    const target_datastore = ['LocalDS_0', 'LocalDS_1'].find((each) => each !== before)!;
    expect(await run('storage_vmotion', { vm_name: name, target_datastore })).toMatchObject({ target_datastore });
    const { datastores } = await run('list_datastores', {});
    const target = datastores.find((each: { name: string }) => each.name === target_datastore);
    expect(await there(name, 'datastore')).toContain(target.id);
  });

  it('makes a template of a VM, deploys it, and makes it a VM again', async () => {
    const vm_name = 'DC0_C0_RP0_VM1';
    await expect(run('convert_to_template', { vm_name })).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await harness.run('power_off', { name: vm_name });
    expect(await run('convert_to_template', { vm_name })).toMatchObject({ is_template: true });
    expect(await there(vm_name, 'config.template')).toBe('true');
    const deployed = await run('deploy_from_template', { template_name: vm_name, new_vm_name: 'deployed' });
    expect(deployed).toMatchObject({ vm: { name: 'deployed' }, template: { name: vm_name } });
    expect(await run('convert_to_vm', { template_name: vm_name })).toMatchObject({ is_template: false });
    expect(await there(vm_name, 'config.template')).toBe('false');
  });

  it('makes resource pools, moves VMs there, and dissolves them', async () => {
    const parent = '/DC0/host/DC0_C0/Resources';
    const { pool } = await run('create_resource_pool', { name: 'made', parent, cpu_limit_mhz: 1000 });
    const pools = await harness.peer.properties('ResourcePool', ['name', 'config']);
    expect([...pools.values()].find(({ name }) => name === 'made')?.config).toContain('<limit>1000</limit>');
    const moved = await run('move_vm_to_resource_pool', { vm_name: 'DC0_C0_RP0_VM2', resource_pool: pool.id });
    expect(moved).toMatchObject({ from_pool: parent, to_pool: pool.path });
    expect(await run('delete_resource_pool', { name: pool.id })).toMatchObject({ deleted: true, parent });
  });

  it('puts tags on VMs and takes them off', async () => {
    const prepared = await prepareTags(vcsim);
    await prepared.tag('gold', await prepared.category('tier'));
    await prepared.close();
    const args = { vm_name: 'DC0_H0_VM1', tag: 'tier/gold' };
    expect(await run('apply_tag_to_vm', args)).toMatchObject({ tags: ['tier/gold'] });
    expect((await run('list_vms', { tag: 'tier/gold' })).vms).toMatchObject([{ name: 'DC0_H0_VM1' }]);
    await expect(run('apply_tag_to_vm', args)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    expect(await run('remove_tag_from_vm', args)).toMatchObject({ tags: [] });
    expect((await run('list_vms', { tag: 'tier/gold' })).vms).toEqual([]);
    await expect(run('remove_tag_from_vm', args)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it('does not cancel a task that has ended', async () => {
    const { task } = await harness.run('power_off', { name: 'DC0_H0_VM2' });
    await expect(harness.run('cancel_task', { task_id: task.id })).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});
