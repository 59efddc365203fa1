/**
 * Keeps one person from taking vSphere away from the others: so many calls of a person are carried out at once,
 * some wait their turn, and the rest are refused.
 */
import type { Principal } from '../identity/principal.ts';
import { abortError, GatewayError } from '../lib/errors.ts';

export interface FairShare {
  /** Runs `work` when it is this person's turn; rejects with the signal's reason when it is aborted before. */
  run<T>(person: Pick<Principal, 'iss' | 'sub'>, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

interface Share {
  running: number;
  readonly waiting: (() => void)[];
}

export function createFairShare({ atOnce = 8, waiting: mostWaiting = 200 } = {}): FairShare {
  const shares = new Map<string, Share>();

  async function turn(share: Share, signal: AbortSignal): Promise<void> {
    if (share.running < atOnce) {
      share.running += 1;
      return;
    }
    if (share.waiting.length >= mostWaiting) {
      throw new GatewayError(
        'UNAVAILABLE',
        'You have too many calls under way. Wait for some of them, then try again.',
      );
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        share.waiting.splice(share.waiting.indexOf(go), 1);
        reject(abortError(signal));
      };
      share.waiting.push(go);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  return {
    async run({ iss, sub }, signal, work) {
      const person = JSON.stringify([iss, sub]);
      const share = shares.get(person) ?? { running: 0, waiting: [] };
      shares.set(person, share);
      await turn(share, signal);
      try {
        return await work();
      } finally {
        // The turn goes to who waits longest; the count stays as it is.
        const next = share.waiting.shift();
        if (next !== undefined) next();
        else share.running -= 1;
        if (share.running === 0) shares.delete(person);
      }
    },
  };
}
