/**
 * Reads that live through a dropped connection: repeated once, on another one.
 *
 * A change never is: the server may have made it before the connection broke. Reads that move a cursor on the
 * server (pages, collectors, waits) are not repeated either: the second would skip what the first one lost.
 */
import { TransportError } from './errors.ts';
import type { Send } from './soap-channel.ts';

const REPEATABLE = /^(?:Retrieve|Query|Find|Fetch|Has|CurrentTime$)/;

export function isRepeatableRead(method: string): boolean {
  return REPEATABLE.test(method);
}

export function withReplay(send: Send): Send {
  return async (call) => {
    const { stream } = call;
    let delivered = false;
    const counted = stream && {
      ...call,
      stream: {
        ...stream,
        each(item: unknown) {
          delivered = true;
          stream.each(item);
        },
      },
    };
    try {
      return await send(counted ?? call);
    } catch (error) {
      const dropped = error instanceof TransportError && error.failure === 'dropped';
      if (!dropped || delivered || !isRepeatableRead(call.method) || call.signal?.aborted) throw error;
      return send(call);
    }
  };
}
