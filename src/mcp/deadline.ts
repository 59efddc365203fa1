import { abortError, GatewayError } from '../lib/errors.ts';
import type { Call, Stage } from './call.ts';

/**
 * Bounds the call in time. A reading call also ends when its caller goes away, and so does a transfer; a change of
 * another kind does not: what vSphere has begun is followed to its end, for the record.
 */
export const deadline: Stage = async (call, next) => {
  const bound = createBound(call);
  call.until = bound.signal;
  try {
    return await next();
  } finally {
    if (call.background === undefined) bound.release();
    else call.background.then(bound.release, bound.release);
  }
};

/** Its signal is made when something first looks at it: a call that asks nothing of vSphere never does. */
function createBound({ tool, signal: caller }: Call) {
  let controller: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  const gone = () => controller?.abort(abortError(caller));

  return {
    signal(): AbortSignal {
      if (controller !== undefined) return controller.signal;
      const made = new AbortController();
      const late = new GatewayError('DEADLINE_EXCEEDED', `This call has ${tool.deadlineSeconds} s, and took longer.`);
      timer = setTimeout(() => made.abort(late), tool.deadlineSeconds * 1000).unref();
      controller = made;
      if (tool.effect === 'read' || tool.endsWithCaller) {
        if (caller.aborted) gone();
        else caller.addEventListener('abort', gone, { once: true });
      }
      return made.signal;
    },
    release(): void {
      clearTimeout(timer);
      caller.removeEventListener('abort', gone);
    },
  };
}
