import type { GroupsProblem } from '../identity/claims.ts';
import type { Origin } from './recorder.ts';
import type { UpstreamLogin } from './upstream.ts';

/** One login of one person through one client. What the gateway knows of it, whatever its tokens say. */
export interface Grant {
  /** The `sid` of its tokens: random, and no secret. */
  readonly id: string;
  readonly client: { readonly id: string; readonly name: string };
  readonly user: string;
  readonly sub: string;
  readonly iss: string;
  /** The session at the provider, which its back-channel logout names. */
  readonly upstreamSid?: string;
  readonly groups: readonly string[];
  readonly groupsProblem?: GroupsProblem;
  /** Milliseconds since the epoch, as the others. */
  readonly groupsReadAt: number;
  readonly createdAt: number;
  /** The session ends here whatever happens. */
  readonly endsAt: number;
  /** Sealed. Without it the groups cannot be read again, and `endsAt` is that of the upstream token. */
  readonly upstreamRefresh?: string;
}

export interface GrantFilter {
  readonly user?: string;
  readonly iss?: string;
  readonly sub?: string;
  readonly upstreamSid?: string;
}

export interface Grants {
  create(login: UpstreamLogin, client: Grant['client']): Promise<Grant>;
  /**
   * The grant with groups no older than they may be; undefined when it was revoked, has ended or never was.
   *
   * @throws StoreUnavailableError, or GroupsUnavailableError where the provider cannot be asked for too long
   */
  current(id: string): Promise<Grant | undefined>;
  /** Effective for the next request, on every replica. Whether there was such a grant. */
  end(id: string, reason: string, origin?: Origin): Promise<boolean>;
  /** Ends the grants that agree with all that is given; `{}` ends all. How many there were. */
  endWhere(filter: GrantFilter, reason: string, origin?: Origin): Promise<number>;
  list(): AsyncIterable<Grant>;
}
