/** The order in which a VM tries its devices when it starts. */
import type { VirtualDevice, VirtualMachineBootOptionsBootableDevice } from '../vim25/generated/types.ts';
import { cdDrivesOf } from './cdrom.ts';
import { disksOf, nicsOf } from './devices.ts';
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { VmHardware } from './vm-hardware.ts';

export type BootKind = 'cdrom' | 'disk' | 'ethernet' | 'floppy';
type Bootable = VirtualMachineBootOptionsBootableDevice & { readonly $type: string };

const PREFIX = 'VirtualMachineBootOptionsBootable';
const KINDS: Readonly<Record<string, BootKind>> = {
  [`${PREFIX}CdromDevice`]: 'cdrom',
  [`${PREFIX}DiskDevice`]: 'disk',
  [`${PREFIX}EthernetDevice`]: 'ethernet',
  [`${PREFIX}FloppyDevice`]: 'floppy',
};

/**
 * The kinds as vSphere wants them: each disk and each network card by itself, in the order of their keys. What is
 * not listed is tried after the list is exhausted (VirtualMachineBootOptions.bootOrder).
 *
 * Errors: INVALID_STATE for a kind that the VM has none of.
 */
export function bootOrderOf(
  vm: InventoryObject,
  { devices }: VmHardware,
  kinds: readonly BootKind[],
): VirtualMachineBootOptionsBootableDevice[] {
  return kinds.flatMap((kind) => {
    const entries = bootable(kind, devices);
    if (entries.length > 0) return entries;
    const advice = kind === 'cdrom' ? 'add_cdrom adds one.' : 'leave it out of the order.';
    throw new InvalidStateError(`${quoted(vm.name)} has no ${kind} to start from: ${advice}`);
  });
}

function bootable(kind: BootKind, devices: readonly VirtualDevice[]): Bootable[] {
  switch (kind) {
    case 'cdrom':
      return cdDrivesOf(devices).length > 0 ? [{ $type: `${PREFIX}CdromDevice` }] : [];
    case 'floppy': {
      const drives = (devices as readonly { readonly $type?: string }[]).filter((d) => d.$type === 'VirtualFloppy');
      return drives.length > 0 ? [{ $type: `${PREFIX}FloppyDevice` }] : [];
    }
    case 'disk':
      return byKey(disksOf(devices)).map((deviceKey) => withKey('Disk', deviceKey));
    case 'ethernet':
      return byKey(nicsOf(devices)).map((deviceKey) => withKey('Ethernet', deviceKey));
  }
}

function withKey(kind: 'Disk' | 'Ethernet', deviceKey: number): Bootable {
  return { $type: `${PREFIX}${kind}Device`, deviceKey } as Bootable;
}

function byKey(devices: readonly { readonly key: number }[]): number[] {
  return devices.map(({ key }) => key).sort((a, b) => a - b);
}

/** The CD first, then what came before it. */
export function cdromFirst({ bootOrder }: VmHardware): VirtualMachineBootOptionsBootableDevice[] {
  const cdrom: Bootable = { $type: `${PREFIX}CdromDevice` };
  return [cdrom, ...bootOrder.filter((entry) => kindOf(entry) !== 'cdrom')];
}

/** Each kind where it comes first; several disks count once. */
export function bootKinds({ bootOrder }: VmHardware): string[] {
  return [...new Set(bootOrder.map((entry) => kindOf(entry) ?? 'other'))];
}

function kindOf(entry: VirtualMachineBootOptionsBootableDevice): BootKind | undefined {
  return KINDS[(entry as { readonly $type?: string }).$type ?? ''];
}
