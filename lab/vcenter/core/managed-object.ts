/** A managed object of the lab: a type, an id and properties, of which every change is told. */
import type { ManagedObjects } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { isManagedSubtype } from './type-tables.ts';

export type ManagedType = keyof ManagedObjects;

/** Works a property out from others each time it is read. */
export type Derived = (object: AnyObject) => unknown;

/** What an object needs of the place that holds it. */
export interface Holder {
  derived(type: string, property: string): Derived | undefined;
  changed(object: AnyObject): void;
}

/** A managed object of whatever type. */
export interface AnyObject {
  readonly ref: ManagedObjectReference;
  /** `vm-42` */
  readonly id: string;
  /** A property's value, for a name that came from a client. */
  read(property: string): unknown;
  /** Tells that a derived property may read differently now. */
  touch(): void;
  /** The same object, its properties known to the compiler; undefined where it is not of that type or derived from it. */
  as<U extends ManagedType>(type: U): ManagedObject<U> | undefined;
}

export class ManagedObject<T extends ManagedType> implements AnyObject {
  readonly ref: ManagedObjectReference;
  readonly #holder: Holder;
  #values: Record<string, unknown>;

  constructor(holder: Holder, ref: ManagedObjectReference, values: object) {
    this.#holder = holder;
    this.ref = ref;
    this.#values = values as Record<string, unknown>;
  }

  get id(): string {
    return this.ref.value;
  }

  /** A property's value: never to be changed in place, `set` takes a new one. */
  get<P extends string & keyof ManagedObjects[T]>(property: P): ManagedObjects[T][P] {
    return this.read(property) as ManagedObjects[T][P];
  }

  read(property: string): unknown {
    const value = this.#values[property];
    return value === undefined ? this.#holder.derived(this.ref.type, property)?.(this) : value;
  }

  set(changes: Partial<{ -readonly [P in keyof ManagedObjects[T]]: ManagedObjects[T][P] | undefined }>): void {
    this.#values = { ...this.#values, ...changes };
    this.touch();
  }

  touch(): void {
    this.#holder.changed(this);
  }

  as<U extends ManagedType>(type: U): ManagedObject<U> | undefined {
    return isManagedSubtype(this.ref.type, type) ? (this as unknown as ManagedObject<U>) : undefined;
  }
}
