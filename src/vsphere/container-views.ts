/** The container views that a session keeps, so that a list costs one round trip the second time. */
import type { CallMethod } from './reader.ts';
import { type ManagedObjectReference, sameRef } from './references.ts';

export interface ContainerViews {
  /** The view of every object of these types below the root, made once per session. */
  ofRoot(types: readonly string[]): Promise<ManagedObjectReference>;
  /** Drops a view that the server no longer knows. */
  forget(view: ManagedObjectReference): void;
}

interface Options {
  /** Not bound to any one call: a view is shared by all that ask for it at once. */
  readonly call: CallMethod;
  readonly viewManager: ManagedObjectReference;
  readonly root: ManagedObjectReference;
  /** Grows with each login: views die with their session. */
  readonly generation: () => number;
}

interface Kept {
  readonly generation: number;
  readonly making: Promise<ManagedObjectReference>;
  ref?: ManagedObjectReference;
}

export function createContainerViews({ call, viewManager, root, generation }: Options): ContainerViews {
  const kept = new Map<string, Kept>();

  return {
    ofRoot(types) {
      const key = types.join();
      const known = kept.get(key);
      if (known !== undefined && known.generation === generation()) return known.making;
      const making = createView(call, viewManager, root, types);
      const entry: Kept = { generation: generation(), making };
      kept.set(key, entry);
      making.then(
        (ref) => {
          entry.ref = ref;
        },
        () => {
          if (kept.get(key) === entry) kept.delete(key);
        },
      );
      return making;
    },
    forget(view) {
      for (const [key, { ref }] of kept) {
        if (sameRef(ref, view)) kept.delete(key);
      }
    },
  };
}

export function createView(
  call: CallMethod,
  viewManager: ManagedObjectReference,
  container: ManagedObjectReference,
  types: readonly string[],
): Promise<ManagedObjectReference> {
  return call('CreateContainerView', { _this: viewManager, container, type: [...types], recursive: true });
}
