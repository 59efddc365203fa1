import type { ManagedObjectReference } from '../vsphere/references.ts';
import type { VsphereCall } from '../vsphere/vsphere.ts';
import { toObjectRef } from './fields.ts';
import { page, unreadableOf } from './page.ts';

interface Summary {
  readonly ref: ManagedObjectReference;
  readonly id: string;
  readonly name: string;
  readonly unreadable: boolean;
}

type ObjectRef = ReturnType<typeof toObjectRef>;

interface ObjectPage<R> {
  readonly items: R[];
  readonly total: number;
  readonly next_cursor?: string;
  readonly unreadable?: number;
}

/**
 * One page of objects, sorted by name. Only the page's objects are asked where they are, in one round trip; what
 * is gone by then is left out.
 *
 * @param list what is listed, as `page` wants it
 * @param toItem what the list shows of an object, given its name, path and id
 */
export async function objectPage<S extends Summary, R>(
  list: string,
  vsphere: VsphereCall,
  summaries: readonly S[],
  given: { readonly limit: number; readonly cursor?: string | undefined },
  toItem: (summary: S, ref: ObjectRef) => R,
): Promise<ObjectPage<R>> {
  const { items, ...rest } = page(list, summaries, ({ name, id }) => `${name}\0${id}`, given);
  const places = await vsphere.inventory.describeAll(items.map(({ ref }) => ref));
  return {
    items: items.flatMap((summary) => {
      const object = places.get(summary.id);
      return object === undefined ? [] : [toItem(summary, toObjectRef(object))];
    }),
    ...rest,
    ...unreadableOf(summaries),
  };
}
