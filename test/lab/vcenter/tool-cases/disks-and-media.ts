import { expect } from 'vitest';
import type {
  VirtualCdrom,
  VirtualDisk,
  VirtualDiskFlatVer2BackingInfo,
} from '../../../../src/vim25/generated/types.ts';
import type { Args, Stage, ToolCases, Vm } from './case.ts';

const CONFIG = 'VirtualMachine.Config';
const GIB_IN_KB = 1024 * 1024;

function devicesOf<T>(vm: Vm, $type: string): T[] {
  return (vm.get('config')?.hardware.device ?? []).filter((device) => device.$type === $type) as T[];
}
const disksOf = (vm: Vm) => devicesOf<VirtualDisk>(vm, 'VirtualDisk');
const drivesOf = (vm: Vm) => devicesOf<VirtualCdrom>(vm, 'VirtualCdrom');
const fileOf = (disk: VirtualDisk | undefined) => (disk!.backing as VirtualDiskFlatVer2BackingInfo).fileName;

/** What lies at a datastore path. */
function fileAt({ world }: Stage, path: string) {
  const [, name, file] = /^\[(.*?)\] (.*)$/.exec(path)!;
  const datastores = [...world.objects.all('Datastore')].filter((each) => each.get('name') === name);
  return datastores.map((each) => world.files.of(each).stat(file!)).find((entry) => entry !== undefined);
}

/** An image on the datastore where the VM is. */
function imageFor({ world }: Stage, vm: Vm, name: string): string {
  const datastore = world.objects.get(vm.get('datastore')[0]!, 'Datastore');
  const files = world.files.of(datastore);
  if (!files.stat('iso')) files.makeFolder('iso');
  files.write(`iso/${name}`, { size: 1024 });
  return `[${datastore.get('name')}] iso/${name}`;
}

/** A VM that is off, with an empty CD drive. */
async function withDrive(stage: Stage): Promise<Vm> {
  const vm = stage.vm('poweredOff');
  await stage.run('add_cdrom', { vm_name: vm.id });
  return vm;
}

const off =
  (more: Args) =>
  (stage: Stage): Args => ({ vm_name: stage.vm('poweredOff').id, ...more });

export const diskAndMediaCases: ToolCases = {
  add_disk: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const before = disksOf(vm);
      const said = await stage.run('add_disk', { vm_name: vm.id, size_gb: 3 });
      const made = disksOf(vm).find(({ key }) => key === said.device_key);
      expect(disksOf(vm)).toHaveLength(before.length + 1);
      expect(before.map(({ key }) => key)).not.toContain(said.device_key);
      expect(made).toMatchObject({ capacityInKB: 3 * GIB_IN_KB, unitNumber: said.unit_number });
      expect(said).toMatchObject({
        action: 'add',
        disk_label: made?.deviceInfo?.label,
        size_gb: 3,
        thin_provisioned: true,
        file: fileOf(made),
      });
      expect(fileAt(stage, said.file)?.disk).toMatchObject({ capacityKb: 3 * GIB_IN_KB, thin: true });
    },
    fails: { args: off({ size_gb: 1, datastore: 'no-such-thing' }), code: 'NOT_FOUND', says: /no-such-thing/ },
    denied: { args: off({ size_gb: 1 }), without: `${CONFIG}.AddNewDisk` },
  },
  remove_disk: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const [disk] = disksOf(vm);
      const file = fileOf(disk);
      const said = await stage.run('remove_disk', { vm_name: vm.id, disk_label: disk?.deviceInfo?.label });
      expect(said).toMatchObject({ removed: true, file_deleted: false, disk_path: file });
      expect(disksOf(vm)).not.toContainEqual(expect.objectContaining({ key: disk?.key }));
      expect(fileAt(stage, file)).toBeDefined();
    },
    fails: { args: off({ disk_label: 'Hard disk 99' }), code: 'NOT_FOUND', says: /Hard disk 1/ },
    denied: { args: off({ disk_label: 'Hard disk 1' }), without: `${CONFIG}.RemoveDisk` },
  },
  extend_disk: {
    async works(stage) {
      const vm = stage.vm('poweredOff');
      const said = await stage.run('extend_disk', { vm_name: vm.id, disk_label: 'hard disk 1', new_size_gb: 4 });
      expect(said).toMatchObject({ disk_label: 'Hard disk 1', old_size_gb: 1, new_size_gb: 4 });
      const [disk] = disksOf(vm);
      expect(disk?.capacityInKB).toBe(4 * GIB_IN_KB);
      expect(fileAt(stage, fileOf(disk))?.disk?.capacityKb).toBe(4 * GIB_IN_KB);
    },
    fails: { args: off({ disk_label: 'Hard disk 1', new_size_gb: 1 }), code: 'INVALID_STATE', says: /only grows/ },
    denied: { args: off({ disk_label: 'Hard disk 1', new_size_gb: 2 }), without: `${CONFIG}.DiskExtend` },
  },
  attach_iso: {
    async works(stage) {
      const vm = await withDrive(stage);
      const iso = imageFor(stage, vm, 'attached.iso');
      const said = await stage.run('attach_iso', { vm_name: vm.id, iso_path: iso });
      const [drive] = drivesOf(vm);
      expect(said).toMatchObject({ iso_path: iso, cdrom: drive?.deviceInfo?.label, connected: false });
      expect(drive).toMatchObject({ backing: { fileName: iso }, connectable: { startConnected: true } });
    },
    fails: {
      args: async (stage) => ({ vm_name: (await withDrive(stage)).id, iso_path: 'iso/nowhere.iso' }),
      code: 'NOT_FOUND',
      says: /nowhere\.iso.*browse_datastore/,
    },
    denied: {
      async args(stage) {
        const vm = await withDrive(stage);
        return { vm_name: vm.id, iso_path: imageFor(stage, vm, 'denied.iso') };
      },
      without: `${CONFIG}.EditDevice`,
    },
  },
  detach_iso: {
    async works(stage) {
      const vm = await withDrive(stage);
      const iso = imageFor(stage, vm, 'detached.iso');
      await stage.run('attach_iso', { vm_name: vm.id, iso_path: iso });
      const said = await stage.run('detach_iso', { vm_name: vm.id });
      expect(said).toMatchObject({ ejected: [{ previous_iso: iso }], still_attached: 0 });
      const [drive] = drivesOf(vm);
      expect(drive).toMatchObject({
        backing: { $type: 'VirtualCdromRemotePassthroughBackingInfo' },
        connectable: { startConnected: false, connected: false },
      });
      expect(fileAt(stage, iso)).toBeDefined();
    },
    fails: { args: off({}), code: 'INVALID_STATE', says: /nothing to detach/ },
    denied: {
      async args(stage) {
        const vm = await withDrive(stage);
        await stage.run('attach_iso', { vm_name: vm.id, iso_path: imageFor(stage, vm, 'kept.iso') });
        return { vm_name: vm.id };
      },
      without: `${CONFIG}.EditDevice`,
    },
  },
  add_cdrom: {
    async works(stage) {
      const vm = stage.vm('poweredOff');
      const iso = imageFor(stage, vm, 'boot.iso');
      const before = drivesOf(vm).length;
      const said = await stage.run('add_cdrom', { vm_name: vm.id, iso_path: 'iso/boot.iso', boot_from_iso: true });
      expect(said).toMatchObject({ iso, boot_from_iso: true });
      expect(drivesOf(vm)).toHaveLength(before + 1);
      expect(drivesOf(vm).find(({ key }) => key === said.device_key)?.backing).toMatchObject({ fileName: iso });
      expect(vm.get('config')?.bootOptions?.bootOrder?.[0]?.$type).toBe('VirtualMachineBootOptionsBootableCdromDevice');
    },
    fails: { args: off({ iso_path: 'iso/nowhere.iso' }), code: 'NOT_FOUND', says: /nowhere\.iso/ },
    denied: { args: off({}), without: `${CONFIG}.AddRemoveDevice` },
  },
  set_boot_order: {
    async works(stage) {
      const vm = stage.vm('poweredOff');
      const said = await stage.run('set_boot_order', { name: vm.id, order: ['pxe', 'disk'] });
      expect(said.boot_order).toEqual(['ethernet', 'disk']);
      const [disk] = disksOf(vm);
      const order = vm.get('config')?.bootOptions?.bootOrder as readonly { deviceKey: number }[];
      expect(order).toHaveLength(2);
      expect(order[1]?.deviceKey).toBe(disk?.key);
    },
    fails: {
      args: (stage) => ({ name: stage.vm('poweredOff').id, order: ['floppy'] }),
      code: 'INVALID_STATE',
      says: /no floppy/,
    },
    denied: {
      args: (stage) => ({ name: stage.vm('poweredOff').id, order: ['disk'] }),
      without: `${CONFIG}.Settings`,
    },
  },
};
