/** The guests of all VMs, each made when it is first asked for. */
import type { Clock } from '../../../src/lib/clock.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { Vm } from '../vm/subject.ts';
import type { FileSystemImage } from './files/file-system.ts';
import { createGuest, type Guest } from './guest.ts';
import { createTransfers, type Transfers } from './transfers.ts';

export interface Guests {
  of(vm: Vm): Guest;
  /** Its files are again what they were when the snapshot was taken. */
  revert(vm: Vm, snapshot: ManagedObjectReference): void;
  /** A new VM's files are those of another, or of one of its snapshots. */
  copy(from: Vm, to: Vm, snapshot?: ManagedObjectReference): void;
  /** Files on their way between clients and guests. */
  readonly transfers: Transfers;
  /** Everything that runs in any of them ends. */
  stop(): void;
}

export function createGuests({ clock, objects }: { clock: Clock; objects: ObjectStore }): Guests {
  const guests = new Map<string, Guest>();
  /** Files at the time of a snapshot; none where nobody had touched them until then. */
  const images = new Map<string, FileSystemImage>();
  const transfers = createTransfers(clock);

  const drop = (id: string) => {
    guests.get(id)?.stop();
    guests.delete(id);
    transfers.forget(id);
  };
  const snapshotTaken = (object: AnyObject) => {
    const vm = object.as('VirtualMachineSnapshot')?.get('vm');
    const guest = vm && guests.get(vm.value);
    if (guest) images.set(object.id, guest.system.fileSystem.image());
  };
  objects.watch((object, kind) => {
    if (object.ref.type === 'VirtualMachineSnapshot') {
      if (kind === 'enter') snapshotTaken(object);
      if (kind === 'leave') images.delete(object.id);
      return;
    }
    const guest = guests.get(object.id);
    if (!guest) return;
    if (kind === 'leave') {
      drop(object.id);
      return;
    }
    guest.powerChanged();
    // FileTransferInformation.url: no transfer outlives its VM's power.
    if (object.as('VirtualMachine')?.get('runtime').powerState !== 'poweredOn') transfers.forget(object.id);
  });

  const of = (vm: Vm): Guest => {
    const known = guests.get(vm.id);
    if (known) return known;
    const guest = createGuest(vm, clock);
    guests.set(vm.id, guest);
    guest.powerChanged();
    return guest;
  };
  return {
    of,
    revert(vm, snapshot) {
      drop(vm.id);
      const image = images.get(snapshot.value);
      if (image) of(vm).system.fileSystem.restore(image);
    },
    copy(from, to, snapshot) {
      const image = snapshot ? images.get(snapshot.value) : guests.get(from.id)?.system.fileSystem.image();
      if (image) of(to).system.fileSystem.restore(image);
    },
    transfers,
    stop() {
      for (const guest of guests.values()) guest.stop();
    },
  };
}
