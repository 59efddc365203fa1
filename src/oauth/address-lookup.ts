/**
 * The addresses of a host whose name a stranger chose, asked from the name servers of this machine directly. The
 * system's own look-up (getaddrinfo) runs on a few threads that the whole process shares and cannot be called off: a
 * handful of names whose servers never answer would hold up everybody else's. It reads /etc/hosts, too, where
 * the names of the company's own machines stand; a public document is on none of them.
 *
 * Which addresses are good is not judged here.
 */
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Of one question; the second time it waits twice as long. */
const TIMEOUT_MS = 1_000;
const TRIES = 2;
/** More than any public host has; each would be another machine to knock at. */
const MOST_ADDRESSES = 32;
/** Answers that say that there is nothing of this family, and not that somebody failed to say. */
const NONE = new Set(['ENODATA', 'ENOTFOUND']);

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Settles soon after the signal does; rejects where there is no address. */
export type LookUp = (host: string, signal: AbortSignal) => Promise<readonly HostAddress[]>;

/** @param servers `address:port`, instead of those that the system names */
export function createAddressLookup(servers?: readonly string[]): LookUp {
  return async (host, signal) => {
    signal.throwIfAborted();
    // Neither a name of this network nor this computer: no resolver is asked, that would tell them on.
    if (!host.includes('.') || /(^|\.)localhost\.?$/.test(host))
      throw new Error('the host has no name of the internet');
    // One for each look-up: it is called off as a whole.
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    if (servers !== undefined) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      signal.throwIfAborted();
      return found(v4, v6);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

/** One family is enough: there are resolvers that never answer for the other. */
function found(...answers: readonly PromiseSettledResult<string[]>[]): readonly HostAddress[] {
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (addresses.length > MOST_ADDRESSES) throw new Error(`the host has more than ${MOST_ADDRESSES} addresses`);
  if (addresses.length > 0) return addresses.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []));
  const worst = failures.find((error) => !NONE.has(String((error as NodeJS.ErrnoException).code)));
  throw new Error('the host has no address', { cause: worst ?? failures[0] });
}
