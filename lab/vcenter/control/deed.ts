/** Something that the control API has the lab do. */
import type { z } from 'zod';
import type { World } from '../core/world.ts';

export interface Stage {
  readonly world: World;
  /** The same inventory on the same port, every session and connection gone. */
  restart(): Promise<void>;
}

export interface Deed<I = unknown> {
  readonly input: z.ZodType<I>;
  /** What it returns is answered as JSON. Errors: `ControlError`. */
  readonly run: (stage: Stage, input: I) => object | undefined;
}

/** By the last part of its path. Adding one is adding a row. */
export type DeedTable = Readonly<Record<string, Deed<never>>>;

/** What was asked for cannot be done; the message is for who asked. */
export class ControlError extends Error {}

export function deed<I>(input: z.ZodType<I>, run: Deed<I>['run']): Deed<never> {
  return { input, run } as Deed<I> as unknown as Deed<never>;
}
