/** A method of the API as the lab carries it out. */
import type { Methods } from '../../../src/vim25/generated/types.ts';
import type { AnyObject } from './managed-object.ts';
import type { Session } from './sessions.ts';
import type { World } from './world.ts';

export interface Call<R = object> {
  readonly world: World;
  /** Who asks. Without a login only methods marked `anonymous` are carried out. */
  readonly session: Session;
  /** What `_this` names. */
  readonly self: AnyObject;
  readonly request: R;
  /** From the request's SOAP header; stays on the tasks that the call starts. */
  readonly operationId: string | undefined;
  /** Aborted when the client has gone away. */
  readonly signal: AbortSignal;
}

type Answer<M extends keyof Methods> = Methods[M]['response'];

/** Carries a method out. Throws a `VimFault` to answer with it. */
export type Method<M extends keyof Methods> = (call: Call<Methods[M]['request']>) => Answer<M> | Promise<Answer<M>>;

/** The methods of a managed object type, by their names. */
export type MethodTable = { readonly [M in keyof Methods]?: Method<M> };

/** As the endpoint keeps them. */
export type AnyMethod = (call: Call<never>) => unknown;

interface Rules {
  readonly privilege?: string;
  readonly anonymous?: boolean;
}

const rules = new WeakMap<object, Rules>();

/** The method needs a privilege on the object (`VirtualMachine.Interact.PowerOn`). Others need only a login. */
export function requires<F extends object>(privilege: string, method: F): F {
  rules.set(method, { privilege });
  return method;
}

/** The method is carried out before a login, too. */
export function anonymous<F extends object>(method: F): F {
  rules.set(method, { anonymous: true });
  return method;
}

export function rulesOf(method: object): Rules {
  return rules.get(method) ?? {};
}
