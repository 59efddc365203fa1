/** Property paths as the PropertyCollector reads them (`config.hardware.numCPU`), with the type of what they name. */
import type { ManagedObjectReference } from './managed-object-reference.ts';

type Scalar = string | number | boolean | bigint | Uint8Array | ManagedObjectReference | readonly unknown[];

/** The nested objects that a path may enter; it does not enter arrays. */
type Depth = readonly [never, 0, 1, 2, 3];

/** Every path of a managed object's interface, up to four names long. */
export type PropertyPath<T, D extends Depth[number] | 4 = 4> = [D] extends [0]
  ? never
  : {
      [K in keyof T & string]: K extends '$type' ? never : K | Nested<K, NonNullable<T[K]>, D>;
    }[keyof T & string];

type Nested<K extends string, V, D extends Depth[number] | 4> = V extends Scalar
  ? never
  : unknown extends V
    ? never
    : `${K}.${PropertyPath<V, Depth[D]>}`;

/** What reading `Path` of a `T` gives; undefined where the server left it out. */
export type PropertyAt<T, Path extends string> = Path extends keyof T
  ? NonNullable<T[Path]> | undefined
  : Path extends `${infer Head}.${infer Rest}`
    ? Head extends keyof T
      ? PropertyAt<NonNullable<T[Head]>, Rest>
      : unknown
    : unknown;
