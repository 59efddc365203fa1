/** Copies of a VM's disks, and disks on another datastore. */
import type {
  VirtualDevice,
  VirtualDisk,
  VirtualMachineConfigInfo,
  VirtualMachineRelocateSpec,
} from '../../../src/vim25/generated/types.ts';
import { invalidArgument } from '../core/faults.ts';
import type { World } from '../core/world.ts';
import { is } from './devices.ts';
import { type Datastore, datastoreOf, type Host, requireAccessible } from './placement.ts';
import { backingOf, type DiskBacking, type FilePlace, placeOf } from './vm-disks.ts';
import type { Effect } from './workbench.ts';

/** A disk's datastore, after what a request says: for it alone, for all, or none. */
export type Destination = (disk: VirtualDevice) => Datastore | undefined;

/** Errors: InvalidArgument for a disk that the VM has not, or what is no datastore. */
export function destinationsOf(
  world: World,
  spec: VirtualMachineRelocateSpec,
  devices: readonly VirtualDevice[],
): Destination {
  const whole = spec.datastore && datastoreOf(world, spec.datastore, 'spec.datastore');
  if (whole) requireAccessible(whole);
  const single = new Map<number, Datastore>();
  for (const { diskId, datastore } of spec.disk ?? []) {
    if (!devices.some((device) => device.key === diskId && is(device, 'VirtualDisk'))) {
      throw invalidArgument('spec.disk.diskId');
    }
    const target = datastoreOf(world, datastore, 'spec.disk.datastore');
    requireAccessible(target);
    single.set(diskId, target);
  }
  return ({ key }) => single.get(key) ?? whole;
}

/** `sparse`: thin; `flat`: thick. Undefined: as it is. */
export function thinAfter(spec: VirtualMachineRelocateSpec): boolean | undefined {
  return spec.transform === undefined ? undefined : spec.transform === 'sparse';
}

const KIB = 1024;

/** What a disk's file takes as thin or thick. */
export function contentAs(at: FilePlace, capacityKb: number, thin: boolean) {
  const file = at.tree.stat(at.path);
  const capacity = capacityKb * KIB;
  const used = file?.size ?? 0;
  const size = thin ? (file?.disk?.thin === false ? Math.floor(capacity * 0.4) : used) : capacity;
  const uuid = file?.disk?.uuid;
  return { size, disk: { capacityKb, thin, ...(uuid !== undefined && { uuid }) } };
}

/** One disk as a new whole one: its chain, if it has any, in one file. */
export function copyOfDisk(
  world: World,
  disk: VirtualDisk,
  plan: { readonly from: Host; readonly to: Datastore; readonly fileName: string; readonly thin: boolean | undefined },
): { device: VirtualDisk; effect: Effect } {
  const source = backingOf(disk);
  const { parent: _, deltaDiskFormat: __, ...flat } = source ?? { fileName: '', diskMode: 'persistent' };
  const from = placeOf(world, plan.from.ref, source?.fileName ?? '');
  const root = rootOf(source);
  const thin = plan.thin ?? root?.thinProvisioned === true;
  const tree = world.files.of(plan.to);
  const path = plan.fileName.replace(/^\[.*?\] ?/, '');
  const uuid = `6000c29${world.random.uuid().slice(7)}`;
  const base = root && placeOf(world, plan.from.ref, root.fileName);
  const { size, disk: described } = contentAs(base ?? from, disk.capacityInKB, thin);
  const backing: DiskBacking = {
    ...flat,
    $type: 'VirtualDiskFlatVer2BackingInfo',
    fileName: plan.fileName,
    datastore: plan.to.ref,
    thinProvisioned: thin,
    uuid,
    contentId: uuid.replaceAll('-', ''),
  };
  return {
    device: { ...disk, backing },
    effect: {
      apply: () => {
        const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
        if (folder !== '' && !tree.stat(folder)) tree.makeFolder(folder, { parents: true });
        tree.write(path, { size, disk: { ...described, uuid } });
      },
      undo: () => tree.remove(path),
    },
  };
}

/** A disk that lies on another VM's, and holds only what is written to it. */
export function deltaOver(
  world: World,
  disk: VirtualDisk,
  { to, fileName }: { readonly to: Datastore; readonly fileName: string },
): { device: VirtualDisk; effect: Effect } {
  const parent = backingOf(disk)!;
  const backing: DiskBacking = {
    ...parent,
    fileName,
    datastore: to.ref,
    parent,
    thinProvisioned: true,
    deltaDiskFormat: 'seSparseFormat',
  };
  const tree = world.files.of(to);
  const path = fileName.replace(/^\[.*?\] ?/, '');
  return {
    device: { ...disk, backing },
    effect: {
      apply: () => {
        const folder = path.slice(0, path.lastIndexOf('/'));
        if (!tree.stat(folder)) tree.makeFolder(folder, { parents: true });
        tree.write(path, {
          size: 16 * KIB * KIB,
          disk: { capacityKb: disk.capacityInKB, thin: true, extent: 'sesparse' },
        });
      },
      undo: () => tree.remove(path),
    },
  };
}

function rootOf(backing: DiskBacking | undefined): DiskBacking | undefined {
  let at = backing;
  while (at?.parent) at = at.parent;
  return at;
}

/** The same configuration with files renamed, chains included. */
export function withRenamedFiles(
  config: VirtualMachineConfigInfo,
  renamed: ReadonlyMap<string, { readonly fileName: string; readonly datastore: Datastore; readonly thin?: boolean }>,
): VirtualMachineConfigInfo {
  const rename = (backing: DiskBacking): DiskBacking => {
    const to = renamed.get(backing.fileName);
    return {
      ...backing,
      ...(to && { fileName: to.fileName, datastore: to.datastore.ref }),
      ...(to?.thin !== undefined && !backing.parent && { thinProvisioned: to.thin }),
      ...(backing.parent && { parent: rename(backing.parent) }),
    };
  };
  const device = (config.hardware.device ?? []).map((each) => {
    const backing = is(each, 'VirtualDisk') ? backingOf(each) : undefined;
    return backing ? { ...each, backing: rename(backing) } : each;
  });
  return { ...config, hardware: { ...config.hardware, device } };
}
