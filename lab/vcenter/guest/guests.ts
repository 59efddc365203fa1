/** The guests of all VMs, each made when it is first asked for. */
import type { Clock } from '../../../src/lib/clock.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { Vm } from '../vm/subject.ts';
import { createGuest, type Guest } from './guest.ts';
import { createTransfers, type Transfers } from './transfers.ts';

export interface Guests {
  of(vm: Vm): Guest;
  /** Files on their way between clients and guests. */
  readonly transfers: Transfers;
  /** Everything that runs in any of them ends. */
  stop(): void;
}

export function createGuests({ clock, objects }: { clock: Clock; objects: ObjectStore }): Guests {
  const guests = new Map<string, Guest>();
  const transfers = createTransfers(clock);
  objects.watch((object, kind) => {
    const guest = guests.get(object.id);
    if (!guest) return;
    if (kind === 'leave') {
      guest.stop();
      guests.delete(object.id);
      transfers.forget(object.id);
      return;
    }
    guest.powerChanged();
    // FileTransferInformation.url: no transfer outlives its VM's power.
    if (object.as('VirtualMachine')?.get('runtime').powerState !== 'poweredOn') transfers.forget(object.id);
  });
  return {
    of(vm) {
      const known = guests.get(vm.id);
      if (known) return known;
      const guest = createGuest(vm, clock);
      guests.set(vm.id, guest);
      guest.powerChanged();
      return guest;
    },
    transfers,
    stop() {
      for (const guest of guests.values()) guest.stop();
    },
  };
}
