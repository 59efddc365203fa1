/** Typed calls and bulk property reads: what everything that vSphere means is built on. */
import type {
  AboutInfo,
  ManagedObjects,
  Methods,
  PropertyFilterSpec,
  ServiceContent,
} from '../vim25/generated/types.ts';
import type { PropertyAt, PropertyPath } from '../vim25/property-path.ts';
import type { ManagedObjectReference } from './references.ts';

export type ManagedObjectType = keyof ManagedObjects & string;
type PathOf<T extends ManagedObjectType> = PropertyPath<ManagedObjects[T]>;

/** What one object answered. A property that is unset, or that the account may not read, is absent. */
export interface ObjectProperties<T extends ManagedObjectType = ManagedObjectType, P extends string = string> {
  readonly ref: ManagedObjectReference;
  readonly props: { readonly [K in P]?: PropertyAt<ManagedObjects[T], K> };
  /** The properties that could not be read, each with the class of its fault (`NoPermission`). */
  readonly missing: ReadonlyMap<string, string>;
}

/** One vim25 method, as it is on the wire. */
export type CallMethod = <M extends keyof Methods>(
  method: M,
  request: Methods[M]['request'],
) => Promise<Methods[M]['response']>;

export interface Reader {
  /** The managed server's name. */
  readonly server: string;
  readonly isVcenter: boolean;
  readonly about: AboutInfo;
  readonly content: ServiceContent;
  readonly signal: AbortSignal;
  readonly call: CallMethod;
  /** All that the filters select, through all pages; what most callers want is `read` or `readAll`. */
  retrieve(filters: readonly PropertyFilterSpec[]): Promise<ObjectProperties[]>;
  /** The kept view of every object of these types. A view that is gone is made anew and `use` called once more. */
  withView<R>(types: readonly string[], use: (view: ManagedObjectReference) => Promise<R>): Promise<R>;
  /** Makes an object on the server for as long as `use` takes; it is destroyed also when the caller has gone. */
  withTemporary<O, R>(
    make: (call: CallMethod) => Promise<O>,
    destroy: (call: CallMethod, object: O) => Promise<unknown>,
    use: (object: O) => Promise<R>,
  ): Promise<R>;
  /**
   * The given objects' properties in one retrieve; objects that are gone are left out. Those that the account may not
   * read are there: see `isUnreadable`.
   */
  read<T extends ManagedObjectType, const P extends PathOf<T>>(
    type: T,
    refs: readonly ManagedObjectReference[],
    paths: readonly P[],
  ): Promise<ObjectProperties<T, P>[]>;
  /** One object's properties; NOT_FOUND when it is gone, PERMISSION_DENIED where the account may not read one of them. */
  readOne<T extends ManagedObjectType, const P extends PathOf<T>>(
    type: T,
    ref: ManagedObjectReference,
    paths: readonly P[],
  ): Promise<ObjectProperties<T, P>>;
  /** Every object of a type (and its subtypes), below the root or below `within`. */
  readAll<T extends ManagedObjectType, const P extends PathOf<T>>(
    type: T,
    paths: readonly P[],
    options?: { readonly within?: ManagedObjectReference },
  ): Promise<ObjectProperties<T, P>[]>;
}
