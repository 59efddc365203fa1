/**
 * Calls that live through the loss of their session.
 *
 * Only a NotAuthenticated fault makes a call repeat, once: the server says by it that it has done nothing. A broken
 * connection says no such thing, and is none of this decorator's business.
 */

import type { CookieJar } from './cookie-jar.ts';
import type { ItemStream } from './decode.ts';
import { isSoapFault, SoapFault } from './faults.ts';
import type { ManagedObjectReference } from './managed-object-reference.ts';
import type { Session, SessionState } from './session.ts';
import type { Send, SendWith, SoapCall } from './soap-channel.ts';

interface Options {
  readonly send: SendWith;
  readonly session: Session<CookieJar>;
  /** Whether the server still knows the session. */
  readonly isAlive: (state: SessionState<CookieJar>, signal?: AbortSignal) => Promise<boolean>;
}

export function withRelogin({ send, session, isAlive }: Options): Send {
  return async (call) => {
    for (let attempt = 0; ; attempt++) {
      const state = await session.current(call.signal);
      let delivered = false;
      try {
        return await sendChecked(call, state, () => {
          delivered = true;
        });
      } catch (error) {
        if (isSoapFault(error, 'NotAuthenticated')) {
          session.lost(state.generation);
          if (attempt === 0 && !delivered) continue;
        } else if (isLostSessionObject(error) && session.peek() === state) {
          await reviveIfLost(state, call.signal);
        }
        throw error;
      }
    }
  };

  async function sendChecked(call: SoapCall, state: SessionState<CookieJar>, onItem: () => void): Promise<unknown> {
    const { stream } = call;
    if (!stream) {
      const result = await send(call, state.credential);
      for (const object of objectsOf(result)) refuseUnauthenticated(object);
      return result;
    }
    const each: ItemStream['each'] = (item) => {
      refuseUnauthenticated(item);
      onItem();
      stream.each(item);
    };
    return send({ ...call, stream: { ...stream, each } }, state.credential);
  }

  /** The caller gets the fault all the same: only it can rebuild the object, and sees by the generation that it must. */
  async function reviveIfLost(state: SessionState<CookieJar>, signal: AbortSignal | undefined): Promise<void> {
    if (await isAlive(state, signal).catch(() => true)) return;
    session.lost(state.generation);
    await session.current(signal).catch(() => undefined);
  }
}

/** A view or collector that is gone is what the loss of a session looks like where the object is looked up first. */
function isLostSessionObject(error: unknown): boolean {
  if (!isSoapFault(error, 'ManagedObjectNotFound')) return false;
  const { obj } = (error.detail ?? {}) as { obj?: ManagedObjectReference };
  return obj !== undefined && /View$|^PropertyCollector$|^PropertyFilter$|HistoryCollector$/.test(obj.type);
}

interface Retrieved {
  readonly missingSet?: readonly { readonly fault?: { readonly fault?: { readonly $type?: string } } }[];
}

function objectsOf(result: unknown): readonly unknown[] {
  const { $type, objects } = (result ?? {}) as { $type?: string; objects?: readonly unknown[] };
  return $type === 'RetrieveResult' ? (objects ?? []) : [];
}

/** A property read without a session succeeds, with every property missing for that reason. */
function refuseUnauthenticated(object: unknown): void {
  const { missingSet } = object as Retrieved;
  if (missingSet?.[0]?.fault?.fault?.$type === 'NotAuthenticated') {
    throw new SoapFault('NotAuthenticated', '', missingSet[0].fault.fault);
  }
}
