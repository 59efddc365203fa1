import { expect } from 'vitest';
import type { VirtualDevice } from '../../../../src/vim25/generated/types.ts';
import { type Args, BAD_CURSOR, missing, refOf, type Stage, type ToolCases } from './case.ts';

const INVENTORY = 'VirtualMachine.Inventory';

const templateOf = (stage: Stage) => stage.first('VirtualMachine', (vm) => vm.get('config')?.template === true);
const vmsOf = ({ world }: Stage, template: boolean) =>
  [...world.objects.all('VirtualMachine')].filter((vm) => (vm.get('config')?.template ?? false) === template);

function named({ world }: Stage, name: string) {
  return [...world.objects.all('VirtualMachine')].filter((vm) => vm.get('name') === name);
}

function newVm(stage: Stage, name: string): Args {
  const vm = stage.vm('poweredOn');
  return { name, datastore: vm.get('datastore')[0]!.value, network: vm.get('network')[0]!.value };
}

const changed = (more: Args) => (stage: Stage) => ({ name: stage.vm('poweredOff').id, ...more });

export const lifecycleCases: ToolCases = {
  list_vms: {
    async works(stage) {
      const { vms, total } = await stage.run('list_vms', { limit: 1000 });
      const there = vmsOf(stage, false);
      expect(total).toBe(there.length);
      const ids = (list: { id: string }[]) => list.map(({ id }) => id).sort();
      expect(ids(vms)).toEqual(ids(there));
      for (const vm of there.slice(0, 20)) {
        const listed = vms.find(({ id }: { id: string }) => id === vm.id);
        const hardware = vm.get('config')?.hardware;
        expect(listed).toMatchObject({ power_state: vm.get('runtime').powerState });
        expect([listed.cpu, listed.memory_mb]).toEqual([hardware?.numCPU, hardware?.memoryMB]);
      }
    },
    fails: missing('folder'),
    denied: { args: {} },
  },
  get_vm_info: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const config = vm.get('config')!;
      expect(await stage.run('get_vm_info', { name: vm.id })).toMatchObject({
        ...refOf(vm),
        power_state: 'poweredOn',
        cpu: config.hardware.numCPU,
        memory_mb: config.hardware.memoryMB,
        uuid: config.uuid,
        instance_uuid: config.instanceUuid,
        guest_id: config.guestId,
        ip_address: vm.get('guest')?.ipAddress,
        host: stage.world.objects.get(vm.get('runtime').host!, 'HostSystem').get('name'),
      });
    },
    fails: missing('name'),
    denied: { args: (stage) => ({ name: stage.vm('poweredOn').id }) },
  },
  list_templates: {
    async works(stage) {
      const { templates } = await stage.run('list_templates');
      const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).sort();
      expect(templates.length).toBeGreaterThan(0);
      expect(ids(templates)).toEqual(ids(vmsOf(stage, true)));
    },
    fails: BAD_CURSOR,
    denied: { args: {} },
  },
  create_vm: {
    async works(stage) {
      const args = newVm(stage, 'made-by-tool');
      const { vm, datastore } = await stage.run('create_vm', { ...args, cpu: 3, memory_mb: 2048, disk_gb: 7 });
      const [there] = named(stage, 'made-by-tool');
      expect(there?.id).toBe(vm.id);
      expect(there?.get('config')?.hardware).toMatchObject({ numCPU: 3, memoryMB: 2048 });
      const devices: readonly VirtualDevice[] = there?.get('config')?.hardware.device ?? [];
      expect(devices).toContainEqual(expect.objectContaining({ $type: 'VirtualDisk', capacityInKB: 7 * 1024 * 1024 }));
      expect(there?.get('config')?.files.vmPathName).toContain(`[${datastore}]`);
    },
    fails: {
      // A folder beside which the VM would lie is called so.
      args: (stage) => newVm(stage, 'prod'),
      code: 'INVALID_STATE',
      says: /taken/,
    },
    denied: { args: (stage) => newVm(stage, 'never-made'), without: `${INVENTORY}.Create` },
  },
  clone_vm: {
    async works(stage) {
      const template = templateOf(stage);
      const { vm, source } = await stage.run('clone_vm', { template_name: template.id, new_name: 'cloned-by-tool' });
      expect(source).toMatchObject(refOf(template));
      const [there] = named(stage, 'cloned-by-tool');
      expect(there?.id).toBe(vm.id);
      expect(there?.get('config')).toMatchObject({ template: false, guestId: template.get('config')?.guestId });
      expect(there?.get('config')?.uuid).not.toBe(template.get('config')?.uuid);
    },
    fails: missing('template_name', { new_name: 'never-cloned' }),
    denied: {
      args: (stage) => ({ template_name: templateOf(stage).id, new_name: 'never-cloned' }),
      without: 'VirtualMachine.Provisioning.DeployTemplate',
    },
  },
  delete_vm: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const path = vm.get('config')!.files.vmPathName!;
      expect(await stage.run('delete_vm', { name: vm.id })).toMatchObject({ deleted: true, powered_off_first: true });
      expect(stage.world.objects.find(vm.ref)).toBeUndefined();
      const [, datastore, file] = /^\[(.*?)\] (.*)$/.exec(path)!;
      const holder = stage.first('Datastore', (each) => each.get('name') === datastore);
      expect(stage.world.files.of(holder).stat(file!)).toBeUndefined();
    },
    fails: missing('name'),
    denied: { args: changed({}), without: `${INVENTORY}.Delete` },
  },
  reconfigure_vm: {
    async works(stage) {
      const vm = stage.vm('poweredOff');
      await stage.run('reconfigure_vm', { name: vm.id, cpu: 4, memory_mb: 3072, annotation: 'as asked' });
      expect(vm.get('config')).toMatchObject({
        annotation: 'as asked',
        hardware: expect.objectContaining({ numCPU: 4, memoryMB: 3072 }),
      });
    },
    // Memory cannot be taken from a machine that runs.
    fails: { args: (stage) => ({ name: stage.vm('poweredOn').id, memory_mb: 4 }), code: 'INVALID_STATE' },
    denied: { args: changed({ cpu: 2 }), without: 'VirtualMachine.Config.CPUCount' },
  },
  rename_vm: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      await stage.run('rename_vm', { name: vm.id, new_name: 'a/b renamed' });
      expect(vm.get('name')).toBe('a%2fb renamed');
      expect((await stage.run('get_vm_info', { name: vm.id })).name).toBe('a/b renamed');
    },
    fails: {
      args(stage) {
        const [one, other] = [stage.vm('poweredOff'), stage.vm('poweredOff')];
        other.set({ parent: one.get('parent') });
        return { name: one.id, new_name: String(other.get('name')) };
      },
      code: 'INVALID_STATE',
      says: /taken/,
    },
    denied: { args: changed({ new_name: 'never-renamed' }), without: 'VirtualMachine.Config.Rename' },
  },
};
