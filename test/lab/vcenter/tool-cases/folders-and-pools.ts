import { expect } from 'vitest';
import { type Args, productionVm, type Stage, type ToolCases } from './case.ts';

let made = 0;

const vmFolder = (stage: Stage, path: readonly string[] = ['DC0', 'vm']) =>
  stage.first('Folder', (folder) => {
    const parent = stage.world.objects.find(folder.get('parent'))?.read('name');
    return folder.get('name') === path[1] && parent === path[0];
  });

const newFolder = async (stage: Stage, folder_name: string) =>
  (await stage.run('create_folder', { folder_name, parent_path: vmFolder(stage).id })).folder;

const folderNow = (stage: Stage, id: string) => [...stage.world.objects.all('Folder')].find((each) => each.id === id);

export const folderCases: ToolCases = {
  create_folder: {
    async works(stage) {
      const parent = vmFolder(stage);
      const said = await stage.run('create_folder', { folder_name: 'a/b', parent_path: '/DC0/vm' });
      expect(said).toMatchObject({ folder: { name: 'a/b', path: '/DC0/vm/a%2fb' }, parent: '/DC0/vm' });
      const there = folderNow(stage, said.folder.id);
      expect(there?.get('name')).toBe('a%2fb');
      expect(there?.get('parent')).toEqual(parent.ref);
    },
    fails: {
      async args(stage) {
        await newFolder(stage, 'twice');
        return { folder_name: 'twice', parent_path: '/DC0/vm' };
      },
      code: 'INVALID_STATE',
      says: /taken/,
    },
    denied: { args: { folder_name: 'never-made', parent_path: '/DC0/vm' }, without: 'Folder.Create' },
  },
  delete_folder: {
    async works(stage) {
      const { id, path } = await newFolder(stage, 'to-delete');
      const inner = await stage.run('create_folder', { folder_name: 'inner', parent_path: path });
      const vm = productionVm(stage, 'poweredOff');
      const file = vm.get('config')?.files.vmPathName ?? '';
      const datastore = stage.world.objects.get(vm.get('datastore')[0]!, 'Datastore');
      vm.set({ parent: folderNow(stage, inner.folder.id)!.ref });
      await expect(stage.run('delete_folder', { folder_path: path })).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringContaining('1 VMs (0 of them not off), 1 folders'),
      });
      const said = await stage.run('delete_folder', { folder_path: path, force: true });
      expect(said).toMatchObject({ deleted: true, vms_unregistered: 1, folders_deleted: 1 });
      expect(folderNow(stage, id)).toBeUndefined();
      expect(stage.world.objects.find(vm.ref)).toBeUndefined();
      // Only its place in the inventory is gone.
      expect(stage.world.files.of(datastore).stat(file.slice(file.indexOf('] ') + 2))).toBeDefined();
    },
    fails: { args: { folder_path: '/DC0/vm', force: true }, code: 'INVALID_STATE', says: /stays/ },
    denied: {
      args: async (stage) => ({ folder_path: (await newFolder(stage, `kept-${++made}`)).id }),
      without: 'Folder.Delete',
    },
  },
  move_vm_to_folder: {
    async works(stage) {
      const vm = productionVm(stage);
      const { id, path } = await newFolder(stage, 'moved-into');
      const from = stage.world.objects.get(vm.get('parent')!).read('name');
      const said = await stage.run('move_vm_to_folder', { vm_name: vm.id, folder_path: path });
      expect(said).toMatchObject({ vm: { path: `${path}/${vm.get('name')}` }, to_folder: path });
      expect(said.from_folder.endsWith(`/${String(from)}`)).toBe(true);
      expect(vm.get('parent')?.value).toBe(id);
    },
    fails: {
      args: (stage) => ({ vm_name: productionVm(stage).id, folder_path: vmFolder(stage, ['DC0', 'host']).id }),
      code: 'INVALID_STATE',
      says: /no folder for VMs/,
    },
    denied: {
      async args(stage) {
        const { id } = await newFolder(stage, `never-into-${++made}`);
        return { vm_name: productionVm(stage).id, folder_path: id };
      },
      without: 'VirtualMachine.Inventory.Move',
    },
  },
};

const rootOf = (stage: Stage, cluster: string) =>
  stage.first('ClusterComputeResource', (each) => each.get('name') === cluster).get('resourcePool')!.value;

const newPool = async (stage: Stage, more: Args = {}) => {
  const parent = rootOf(stage, 'Production');
  return (await stage.run('create_resource_pool', { name: `case-pool-${++made}`, parent, ...more })).pool;
};

const poolNow = (stage: Stage, id: string) =>
  [...stage.world.objects.all('ResourcePool')].find((each) => each.id === id);

export const resourcePoolCases: ToolCases = {
  create_resource_pool: {
    async works(stage) {
      const parent = rootOf(stage, 'Production');
      const said = await stage.run('create_resource_pool', {
        name: 'made/by tool',
        parent,
        cpu_shares: 'high',
        cpu_reservation_mhz: 500,
        memory_shares: 12_345,
        memory_limit_mb: 4096,
      });
      expect(said).toMatchObject({ pool: { name: 'made/by tool' }, cpu_reservation_mhz: 500, memory_limit_mb: 4096 });
      const there = poolNow(stage, said.pool.id)!;
      expect(there.get('name')).toBe('made%2fby tool');
      expect(there.get('parent')?.value).toBe(parent);
      const { cpuAllocation, memoryAllocation } = there.get('config');
      expect(cpuAllocation).toMatchObject({ reservation: 500, limit: -1, shares: { level: 'high' } });
      expect(memoryAllocation).toMatchObject({ limit: 4096, shares: { level: 'custom', shares: 12_345 } });
    },
    fails: {
      args: (stage) => ({ name: 'greedy', parent: rootOf(stage, 'Production'), cpu_reservation_mhz: 1e9 }),
      code: 'INVALID_STATE',
      says: /can still be reserved/,
    },
    denied: {
      args: (stage) => ({ name: 'never-made', parent: rootOf(stage, 'Production') }),
      without: 'Resource.CreatePool',
    },
  },
  delete_resource_pool: {
    async works(stage) {
      const { id } = await newPool(stage);
      const { id: child } = await newPool(stage, { parent: id });
      const vm = productionVm(stage);
      vm.set({ resourcePool: poolNow(stage, id)!.ref });
      const said = await stage.run('delete_resource_pool', { name: id });
      expect(said).toMatchObject({ pool: { id }, deleted: true, vms_moved: 1, pools_moved: 1 });
      expect(poolNow(stage, id)).toBeUndefined();
      expect(poolNow(stage, child)?.get('parent')?.value).toBe(rootOf(stage, 'Production'));
      expect(vm.get('resourcePool')?.value).toBe(rootOf(stage, 'Production'));
    },
    fails: {
      args: (stage) => ({ name: stage.first('VirtualApp').id }),
      code: 'INVALID_STATE',
      says: /would delete its VMs/,
    },
    denied: { args: async (stage) => ({ name: (await newPool(stage)).id }), without: 'Resource.DeletePool' },
  },
  move_vm_to_resource_pool: {
    async works(stage) {
      const { id, path } = await newPool(stage);
      const vm = productionVm(stage);
      const host = vm.get('runtime').host;
      const said = await stage.run('move_vm_to_resource_pool', { vm_name: vm.id, resource_pool: path });
      expect(said).toMatchObject({ vm: { id: vm.id }, to_pool: path });
      expect(vm.get('resourcePool')?.value).toBe(id);
      expect(vm.get('runtime').host).toEqual(host);
    },
    fails: {
      args: (stage) => ({ vm_name: productionVm(stage).id, resource_pool: rootOf(stage, 'Test') }),
      code: 'INVALID_STATE',
      says: /migrate_vm/,
    },
    denied: {
      args: async (stage) => ({ vm_name: productionVm(stage).id, resource_pool: (await newPool(stage)).id }),
      without: 'Resource.AssignVMToPool',
    },
  },
};
