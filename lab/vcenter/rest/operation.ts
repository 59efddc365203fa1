/** An operation of the REST API as the lab carries it out. */
import type { z } from 'zod';
import type { Session } from '../core/sessions.ts';
import type { World } from '../core/world.ts';

export interface RestCall<I> {
  readonly world: World;
  readonly session: Session;
  /** What the path names; an operation that is of one object is not found without it. */
  readonly id: string;
  readonly input: I;
}

export interface Operation<I = unknown> {
  readonly input: z.ZodType<I>;
  /** Throws a `RestError`. What it returns is answered as JSON; nothing as an empty answer. */
  readonly run: (call: RestCall<I>) => unknown;
  readonly privilege?: string | undefined;
  /** The field around the input in the older form of the API. */
  readonly wrapper?: string | undefined;
}

export interface RestAnswer {
  readonly status: number;
  /** Undefined: an empty answer. */
  readonly value?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The operations by how they are asked for: `GET cis/tagging/tag/{id}`, `POST cis/tagging/tag?an-action`. Adding one is
 * adding a row.
 */
export type OperationTable = Readonly<Record<string, Operation<never>>>;

export function operation<I>(
  input: z.ZodType<I>,
  run: Operation<I>['run'],
  { privilege, wrapper }: Pick<Operation, 'privilege' | 'wrapper'> = {},
): Operation<never> {
  return { input, run, privilege, wrapper } as Operation<I> as unknown as Operation<never>;
}
