import { expect } from 'vitest';
import type { VirtualDevice } from '../../../../src/vim25/generated/types.ts';
import { type Args, productionVm, refOf, type Stage, type ToolCases, type Vm } from './case.ts';

const templateOf = (stage: Stage) => stage.first('VirtualMachine', (vm) => vm.get('config')?.template === true);

const datastoreOf = ({ world }: Stage, vm: Vm) => world.objects.get(vm.get('datastore')[0]!, 'Datastore');
const hostOf = ({ world }: Stage, vm: Vm) => world.objects.get(vm.get('runtime').host!, 'HostSystem');

/** Another datastore with room that the VM's host has. */
function otherDatastore(stage: Stage, vm: Vm) {
  const there = hostOf(stage, vm)
    .get('datastore')
    .map(({ value }) => value);
  const own = vm.get('datastore').map(({ value }) => value);
  return stage.first(
    'Datastore',
    (each) =>
      there.includes(each.id) && !own.includes(each.id) && stage.world.files.of(each).freeBytes() > 500 * 1024 ** 3,
  );
}

function otherHost(stage: Stage, vm: Vm) {
  const present = hostOf(stage, vm);
  return stage.first('HostSystem', (host) => {
    const { connectionState, inMaintenanceMode } = host.get('runtime');
    const sameCluster = host.get('parent')?.value === present.get('parent')?.value;
    return sameCluster && host.id !== present.id && connectionState === 'connected' && !inMaintenanceMode;
  });
}

/** A datastore that the host of the VM does not have. */
function unreachableDatastore(stage: Stage, vm: Vm) {
  const there = hostOf(stage, vm)
    .get('datastore')
    .map(({ value }) => value);
  return stage.first('Datastore', (each) => !there.includes(each.id));
}

function diskLabelOf(vm: Vm): string {
  const devices: readonly VirtualDevice[] = vm.get('config')?.hardware.device ?? [];
  return String(devices.find((device) => 'capacityInKB' in device)?.deviceInfo?.label);
}

const toOtherDatastore = (stage: Stage): Args => {
  const vm = productionVm(stage);
  return { vm_name: vm.id, target_datastore: otherDatastore(stage, vm).id };
};

/** The file of each disk and of the configuration. */
function filesOf(vm: Vm): string[] {
  const config = vm.get('config')!;
  const disks = (config.hardware.device ?? []).filter((device) => 'capacityInKB' in device);
  const backings = disks.map((disk) => (disk as { backing?: { fileName?: string } }).backing?.fileName ?? '');
  return [config.files.vmPathName ?? '', ...backings];
}

export const vcenterOperationCases: ToolCases = {
  storage_vmotion: {
    async works(stage) {
      const vm = productionVm(stage);
      const from = datastoreOf(stage, vm);
      const to = otherDatastore(stage, vm);
      const said = await stage.run('storage_vmotion', { vm_name: vm.id, target_datastore: to.get('name') });
      expect(said).toMatchObject({
        vm: refOf(vm),
        source_datastore: from.get('name'),
        target_datastore: to.get('name'),
        datastores: [to.get('name')],
        task: { state: 'success' },
      });
      for (const file of filesOf(vm)) {
        expect(file.startsWith(`[${to.get('name')}] `)).toBe(true);
        expect(stage.world.files.of(to).stat(file.slice(file.indexOf('] ') + 2))).toBeDefined();
      }
      expect(vm.get('runtime').powerState).toBe('poweredOn');
    },
    fails: {
      args(stage) {
        const vm = productionVm(stage);
        return { vm_name: vm.id, target_datastore: unreachableDatastore(stage, vm).id };
      },
      code: 'INVALID_STATE',
      says: /does not have the datastore/,
    },
    denied: { args: toOtherDatastore, without: 'Resource.HotMigrate' },
  },
  move_vm_disk: {
    async works(stage) {
      const vm = productionVm(stage);
      const [home] = filesOf(vm);
      const to = otherDatastore(stage, vm);
      const disk_label = diskLabelOf(vm);
      const said = await stage.run('move_vm_disk', { vm_name: vm.id, disk_label, target_datastore: to.id });
      expect(said).toMatchObject({ disk: disk_label, target_datastore: to.get('name') });
      const [homeNow, ...disks] = filesOf(vm);
      expect(homeNow).toBe(home);
      expect(disks[0]).toBe(said.file);
      expect(disks[0]?.startsWith(`[${to.get('name')}] `)).toBe(true);
      expect(disks.slice(1).every((file) => !file.startsWith(`[${to.get('name')}] `))).toBe(true);
    },
    fails: {
      args: (stage) => ({ ...toOtherDatastore(stage), disk_label: 'Hard disk 99' }),
      code: 'NOT_FOUND',
      says: /Hard disk 1/,
    },
    denied: {
      args(stage) {
        const vm = productionVm(stage, 'poweredOff');
        return { vm_name: vm.id, disk_label: diskLabelOf(vm), target_datastore: otherDatastore(stage, vm).id };
      },
      without: 'Resource.ColdMigrate',
    },
  },
  migrate_vm: {
    async works(stage) {
      const vm = productionVm(stage);
      const [from, to] = [hostOf(stage, vm), otherHost(stage, vm)];
      const said = await stage.run('migrate_vm', { vm_name: vm.id, host_name: to.get('name') });
      expect(said).toMatchObject({
        vm: refOf(vm),
        from_host: from.get('name'),
        host: to.get('name'),
        power_state: 'poweredOn',
        warnings: [],
      });
      expect(vm.get('runtime')).toMatchObject({ host: { value: to.id }, powerState: 'poweredOn' });
      expect(to.get('vm').map(({ value }) => value)).toContain(vm.id);
    },
    fails: {
      args: (stage) => ({
        vm_name: productionVm(stage).id,
        host_name: stage.first('HostSystem', (host) => host.get('runtime').inMaintenanceMode).id,
      }),
      code: 'INVALID_STATE',
      says: /maintenance mode/,
    },
    denied: {
      args(stage) {
        const vm = productionVm(stage);
        return { vm_name: vm.id, host_name: otherHost(stage, vm).id };
      },
      without: 'Resource.HotMigrate',
    },
  },
  convert_to_template: {
    async works(stage) {
      const vm = productionVm(stage, 'poweredOff');
      expect(await stage.run('convert_to_template', { vm_name: vm.id })).toMatchObject({
        vm: refOf(vm),
        is_template: true,
      });
      expect(vm.get('config')?.template).toBe(true);
      expect(vm.get('config')?.files.vmPathName).toMatch(/\.vmtx$/);
      expect(vm.get('resourcePool')).toBeUndefined();
    },
    fails: {
      args: (stage) => ({ vm_name: productionVm(stage).id }),
      code: 'INVALID_STATE',
      says: /poweredOn: only a VM that is off/,
    },
    denied: {
      args: (stage) => ({ vm_name: productionVm(stage, 'poweredOff').id }),
      without: 'VirtualMachine.Provisioning.MarkAsTemplate',
    },
  },
  convert_to_vm: {
    async works(stage) {
      const vm = productionVm(stage, 'poweredOff');
      const pool = vm.get('resourcePool')!;
      await stage.run('convert_to_template', { vm_name: vm.id });
      const said = await stage.run('convert_to_vm', { template_name: vm.id, resource_pool: pool.value });
      expect(said).toMatchObject({ vm: refOf(vm), is_template: false, host: hostOf(stage, vm).get('name') });
      expect(vm.get('config')?.template).toBe(false);
      expect(vm.get('resourcePool')).toEqual(pool);
      expect(vm.get('runtime').powerState).toBe('poweredOff');
    },
    fails: {
      args: (stage) => ({ template_name: productionVm(stage, 'poweredOff').id }),
      code: 'INVALID_STATE',
      says: /is a VM, not a template/,
    },
    denied: {
      args: (stage) => ({ template_name: templateOf(stage).id }),
      without: 'VirtualMachine.Provisioning.MarkAsVM',
    },
  },
  deploy_from_template: {
    async works(stage) {
      const template = templateOf(stage);
      const said = await stage.run('deploy_from_template', {
        template_name: template.id,
        new_vm_name: 'deployed%2f1',
        power_on: true,
      });
      const there = stage.first('VirtualMachine', (vm) => vm.id === said.vm.id);
      expect(said).toMatchObject({ template: refOf(template), power_state: 'poweredOn' });
      expect(there.get('name')).toBe('deployed%252f1');
      expect(said.vm.name).toBe('deployed%2f1');
      expect(there.get('config')).toMatchObject({ template: false, guestId: template.get('config')?.guestId });
      expect(there.get('runtime').powerState).toBe('poweredOn');
    },
    fails: {
      args: (stage) => ({ template_name: productionVm(stage, 'poweredOff').id, new_vm_name: 'never-deployed' }),
      code: 'INVALID_STATE',
      says: /not a template/,
    },
    denied: {
      args: (stage) => ({ template_name: templateOf(stage).id, new_vm_name: 'never-deployed' }),
      without: 'VirtualMachine.Provisioning.DeployTemplate',
    },
  },
  cancel_task: {
    async works(stage) {
      const task_id = await runningTask(stage);
      const said = await stage.run('cancel_task', { task_id }).finally(() => {
        stage.world.tasks.stepMs = 0;
      });
      expect(said).toMatchObject({ task_id, state: 'error', cancelled: true, entity: { id: expect.any(String) } });
      const task = stage.first('Task', (each) => each.id === task_id);
      expect(task.get('info')).toMatchObject({ state: 'error', cancelled: true });
    },
    fails: {
      async args(stage) {
        const { task } = await stage.run('power_off', { name: productionVm(stage).id });
        return { task_id: task.id };
      },
      code: 'INVALID_STATE',
      says: /has ended already/,
    },
    denied: { args: { task_id: 'task-1' } },
  },
};

async function runningTask(stage: Stage): Promise<string> {
  const name = productionVm(stage, 'poweredOff').id;
  stage.world.tasks.stepMs = 500;
  const { task } = await stage.run('power_on', { name, wait: false });
  return task.id;
}
