/**
 * The grants: who is logged in, through which client, with which groups, until when. A token only names its grant;
 * whether it opens anything is decided here, on every request, so that a grant that is gone fails the next one.
 */
import { randomBytes } from 'node:crypto';
import type { GroupsProblem } from '../identity/claims.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { LoggedOutError } from './errors.ts';
import { createGrantEnding } from './grant-ending.ts';
import { createGrantRecords } from './grant-records.ts';
import { createGroupRefresh } from './group-refresh.ts';
import { createLogouts } from './logouts.ts';
import type { Origin, Recorder } from './recorder.ts';
import type { Sealing } from './sealing.ts';
import type { Store } from './store.ts';
import type { Upstream, UpstreamLogin } from './upstream.ts';
import { sealUpstreamToken } from './upstream-token.ts';

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
  /** Beside those of `upstreamSid` also those that have none. */
  readonly orWithoutSid?: boolean;
}

export interface Grants {
  /**
   * @param begunAt when the provider was asked about this login; a logout since then ends it. Absent: now
   * @throws LoggedOutError
   */
  create(login: UpstreamLogin, client: Grant['client'], begunAt?: number): Promise<Grant>;
  /**
   * The grant with groups no older than they may be; undefined when it was revoked, has ended or never was.
   *
   * @throws StoreUnavailableError, or GroupsUnavailableError where the provider cannot be asked for too long
   */
  current(id: string): Promise<Grant | undefined>;
  /**
   * Effective for the next request, on every replica, also where the record of it fails.
   *
   * @returns the grant that was ended; of many who end it at once one gets it
   */
  end(id: string, reason: string, origin?: Origin): Promise<Grant | undefined>;
  /** Ends the grants that agree with all that is given; `{}` ends all. How many there were. */
  endWhere(filter: GrantFilter, reason: string, origin?: Origin): Promise<number>;
  list(): AsyncIterable<Grant>;
}

export interface GrantLimits {
  /** How old groups may be before the provider is asked again. */
  readonly groupsMaxAgeSeconds: number;
  /** How old they may be while it cannot be asked. */
  readonly groupsMaxStaleSeconds: number;
  readonly sessionMaxSeconds: number;
  /** The life of a grant whose provider gives neither a refresh token nor an end. */
  readonly tokenTtlSeconds: number;
}

interface GrantsOptions extends GrantLimits {
  readonly store: Store;
  readonly sealing: Sealing;
  readonly upstream: Pick<Upstream, 'refresh'>;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createGrants(options: GrantsOptions): Grants {
  const { store, sealing, clock } = options;
  const records = createGrantRecords(store, clock);
  const ending = createGrantEnding({ ...options, records });
  const groups = createGroupRefresh({ ...options, records, end: ending.end });
  const logouts = createLogouts(store, clock);

  return {
    async create(login, client, begunAt = clock.now()) {
      const now = clock.now();
      const id = randomBytes(18).toString('base64url');
      const { user, sub, iss, sid, groups, groupsProblem, refreshToken } = login;
      const grant: Grant = {
        id,
        client: { id: client.id, name: client.name },
        user,
        sub,
        iss,
        groups,
        ...(sid === undefined ? {} : { upstreamSid: sid }),
        ...(groupsProblem === undefined ? {} : { groupsProblem }),
        groupsReadAt: now,
        createdAt: now,
        endsAt: endOf(login, now, options),
        ...(refreshToken === undefined
          ? {}
          : { upstreamRefresh: await sealUpstreamToken(sealing, id, refreshToken, options.sessionMaxSeconds) }),
      };
      await records.add(grant);
      try {
        if (await logouts.haveEnded(login, begunAt)) throw new LoggedOutError();
      } catch (error) {
        // Nobody holds a code of it yet, also where it cannot be removed.
        await records.remove(id).catch(() => {});
        throw error;
      }
      return grant;
    },
    async current(id) {
      const found = await records.read(id);
      return found && groups.fresh(found.grant);
    },
    ...ending,
  };
}

/** Without an upstream refresh token nothing can be asked again, so it lives no longer than the upstream token. */
function endOf(login: UpstreamLogin, now: number, { sessionMaxSeconds, tokenTtlSeconds }: GrantLimits): number {
  const cap = now + sessionMaxSeconds * 1000;
  if (login.refreshToken !== undefined) return cap;
  const { accessTokenExpiresAt: expires } = login;
  return Math.min(cap, expires === undefined ? now + tokenTtlSeconds * 1000 : expires * 1000);
}
