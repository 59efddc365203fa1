/** What lives on the server only as long as one call needs it: views and collectors, a directory in a guest. */
import { abortable } from '../lib/abortable.ts';
import { abortError } from '../lib/errors.ts';
import type { CallMethod } from './reader.ts';

/** After that the session's end must do it. */
const DESTROY_WITHIN_MS = 5_000;

export interface TemporaryOptions {
  /** Bound to no caller: whoever has gone must still be tidied up after. */
  readonly call: (signal?: AbortSignal) => CallMethod;
  readonly signal: AbortSignal;
}

/**
 * Makes an object, gives it to `use`, and destroys it: also when the caller has gone in between, while it was being
 * made even. Rejects with what `make` or `use` rejects with; a failure to destroy is nobody's concern.
 */
export async function temporary<O, R>(
  { call, signal }: TemporaryOptions,
  make: (call: CallMethod) => Promise<O>,
  destroy: (call: CallMethod, object: O) => Promise<unknown>,
  use: (object: O) => Promise<R>,
): Promise<R> {
  if (signal.aborted) throw abortError(signal);
  const making = make(call());
  const tidyUp = () =>
    making
      .then((object) => destroy(call(AbortSignal.timeout(DESTROY_WITHIN_MS)), object))
      .then(
        () => {},
        () => {},
      );
  try {
    return await use(await abortable(making, signal));
  } finally {
    const done = tidyUp();
    // A caller who has gone, or has no object, waits for nothing.
    if (!signal.aborted) await done;
  }
}
