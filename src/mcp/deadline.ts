import type { Call, Stage } from './call.ts';

/**
 * Bounds the call in time. A reading call also ends when its caller goes away; a change does not: what vSphere
 * has begun is followed to its end, for the record.
 */
export const deadline: Stage = async (call, next) => {
  call.until = once(() => signalOf(call));
  return next();
};

function signalOf(call: Call): AbortSignal {
  const passed = AbortSignal.timeout(call.tool.deadlineSeconds * 1000);
  return call.tool.effect === 'read' ? AbortSignal.any([call.signal, passed]) : passed;
}

/** Signals are dear, as things go in a call that asks nothing of vSphere, and such a call never looks at its own. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
