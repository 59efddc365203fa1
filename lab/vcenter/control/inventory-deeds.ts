/** What happens to datastores and hosts without anybody asking for it. */
import { z } from 'zod';
import type { ManagedObject, ManagedType } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { findHostAgain, loseHost } from '../hosts/connection.ts';
import { ControlError, type DeedTable, deed } from './deed.ts';

const FILLER = 'filled-by-the-control-api.bin';
const name = z.string().min(1).max(256);

export const inventoryDeeds: DeedTable = {
  'fill-datastore': deed(
    z.strictObject({ name, leave_bytes: z.int().min(0).default(0) }),
    ({ world }, { name: wanted, leave_bytes }) => {
      const files = world.files.of(named(world, 'Datastore', wanted));
      const filled = files.freeBytes() + (files.stat(FILLER)?.size ?? 0) - leave_bytes;
      if (filled > 0) files.write(FILLER, { size: filled });
      return { free_bytes: files.freeBytes() };
    },
  ),
  'empty-datastore': deed(z.strictObject({ name }), ({ world }, { name: wanted }) => {
    const files = world.files.of(named(world, 'Datastore', wanted));
    if (files.stat(FILLER)) files.remove(FILLER);
    return { free_bytes: files.freeBytes() };
  }),
  'disconnect-host': deed(z.strictObject({ name }), ({ world }, { name: wanted }) => {
    loseHost({ world }, named(world, 'HostSystem', wanted));
    return undefined;
  }),
  'reconnect-host': deed(z.strictObject({ name }), ({ world }, { name: wanted }) => {
    findHostAgain({ world }, named(world, 'HostSystem', wanted));
    return undefined;
  }),
};

/** By name or id. */
function named<T extends ManagedType>({ objects }: World, type: T, wanted: string): ManagedObject<T> {
  const all = [...objects.all(type)];
  const found = all.find((object) => object.id === wanted || object.read('name') === wanted);
  if (found) return found;
  const names = all.slice(0, 20).map((object) => String(object.read('name')));
  throw new ControlError(`There is no ${type} ${wanted}. There are: ${names.join(', ')}`);
}
