/**
 * Groups change at the provider, and no client tells: so the gateway reads them again itself once they are too old,
 * with the refresh token that the provider gave it. One request asks and the others wait for it, on all replicas,
 * since many providers take a refresh token once and see theft in the second time.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { GroupsUnavailableError, UpstreamError } from './errors.ts';
import type { GrantRecords, StoredGrant } from './grant-records.ts';
import type { Grant, GrantLimits, Grants } from './grants.ts';
import type { Recorder } from './recorder.ts';
import type { Sealing } from './sealing.ts';
import { LockHeldError, type Store } from './store.ts';
import type { Upstream, UpstreamLogin } from './upstream.ts';
import { openUpstreamToken, sealUpstreamToken } from './upstream-token.ts';

/** A provider that is down is not asked for every request. */
const REST_MS = 15_000;

interface GroupRefreshOptions extends GrantLimits {
  readonly records: GrantRecords;
  readonly end: Grants['end'];
  readonly store: Pick<Store, 'withLock'>;
  readonly sealing: Sealing;
  readonly upstream: Pick<Upstream, 'refresh'>;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface GroupRefresh {
  /**
   * The grant with groups that may be gone by; undefined where it is over.
   *
   * @throws GroupsUnavailableError, StoreUnavailableError
   */
  fresh(grant: Grant): Promise<Grant | undefined>;
}

export function createGroupRefresh(options: GroupRefreshOptions): GroupRefresh {
  const { records, store, sealing, upstream, recorder, clock, logger } = options;
  const inFlight = new Map<string, Promise<Grant | undefined>>();
  const restUntil = new Map<string, number>();

  function isYoungerThan(seconds: number, { groupsReadAt }: Grant): boolean {
    return clock.now() - groupsReadAt < seconds * 1000;
  }

  function stale(grant: Grant, cause?: unknown): Grant {
    if (isYoungerThan(options.groupsMaxStaleSeconds, grant)) return grant;
    throw new GroupsUnavailableError({ cause });
  }

  async function renew(grant: Grant): Promise<Grant | undefined> {
    if (clock.monotonic() < (restUntil.get(grant.id) ?? 0)) return stale(grant);
    restUntil.delete(grant.id);
    try {
      return await store.withLock(`groups:${grant.id}`, () => renewAlone(grant.id));
    } catch (error) {
      // Whoever holds the lock for so long waits for the provider, too.
      if (!(error instanceof UpstreamError || error instanceof LockHeldError)) throw error;
      rest(grant.id);
      logger.warn({ err: error, sid: grant.id, sub: grant.sub }, 'the groups of a session cannot be read again');
      // It may have ended, or been renewed by another, in all that time.
      const left = await records.read(grant.id);
      return left && stale(left.grant, error);
    }
  }

  async function renewAlone(id: string): Promise<Grant | undefined> {
    const found = await records.read(id);
    // Whoever held the lock before us has done it.
    if (found === undefined || isYoungerThan(options.groupsMaxAgeSeconds, found.grant)) return found?.grant;
    const asked = clock.now();
    const answer = await askUpstream(found.grant).catch(async (error: unknown) => {
      await keepRenewedToken(found, error);
      throw error;
    });
    if (typeof answer === 'string') return endQuietly(id, answer);
    return write(found, await withGroups(found.grant, answer, asked));
  }

  /** The person anew, or why the session is over. */
  async function askUpstream(grant: Grant): Promise<UpstreamLogin | string> {
    const token = await openUpstreamToken(sealing, grant.id, grant.upstreamRefresh);
    if (token === undefined) return 'upstream_token_unreadable';
    try {
      const login = await upstream.refresh(token, { sub: grant.sub, iss: grant.iss });
      if (login === 'ended') return 'upstream_ended';
      return login.sub === grant.sub && login.iss === grant.iss ? login : 'upstream_other_person';
    } catch (error) {
      if (error instanceof UpstreamError && error.reason !== 'unavailable') return `upstream_${error.reason}`;
      throw error;
    }
  }

  /** The provider has replaced the token before it failed: the old one would look like theft the next time. */
  async function keepRenewedToken(found: StoredGrant, error: unknown): Promise<void> {
    const token = error instanceof UpstreamError ? error.renewedRefreshToken : undefined;
    if (token === undefined) return;
    const { grant } = found;
    const upstreamRefresh = await sealUpstreamToken(sealing, grant.id, token, options.sessionMaxSeconds);
    await records.replace(found, { ...grant, upstreamRefresh });
  }

  async function withGroups(grant: Grant, login: UpstreamLogin, asked: number): Promise<Grant> {
    const { groupsProblem: _, ...rest } = grant;
    const { groups, groupsProblem, refreshToken } = login;
    return {
      ...rest,
      groups,
      ...(groupsProblem === undefined ? {} : { groupsProblem }),
      groupsReadAt: asked,
      ...(refreshToken === undefined
        ? {}
        : { upstreamRefresh: await sealUpstreamToken(sealing, grant.id, refreshToken, options.sessionMaxSeconds) }),
    };
  }

  async function write(old: StoredGrant, grant: Grant): Promise<Grant | undefined> {
    if (!(await records.replace(old, grant))) return (await records.read(grant.id))?.grant;
    const listed = ({ groups }: Grant) => [...groups].sort().join('\n');
    const changed = listed(old.grant) !== listed(grant) || old.grant.groupsProblem !== grant.groupsProblem;
    if (changed) await recordChange(grant);
    return grant;
  }

  /** After the fact: a right that was taken away does not wait for its record. */
  async function recordChange({ id, user, sub, iss, client, groupsProblem }: Grant): Promise<void> {
    await recorder
      .record({
        event: 'TOKEN_REFRESH',
        user,
        sub,
        iss,
        client_id: client.id,
        sid: id,
        result: 'success',
        reason: groupsProblem ?? 'groups_changed',
      })
      .catch((err: unknown) => logger.error({ err, sid: id }, 'a change of groups is not on the record'));
  }

  async function endQuietly(id: string, reason: string): Promise<undefined> {
    await options
      .end(id, reason)
      .catch((err: unknown) => logger.error({ err, sid: id }, 'the end of a session is not on the record'));
  }

  function rest(id: string): void {
    const now = clock.monotonic();
    for (const [other, until] of restUntil) if (until <= now) restUntil.delete(other);
    restUntil.set(id, now + REST_MS);
  }

  return {
    async fresh(grant) {
      if (grant.upstreamRefresh === undefined || isYoungerThan(options.groupsMaxAgeSeconds, grant)) return grant;
      let renewal = inFlight.get(grant.id);
      if (renewal === undefined) {
        renewal = renew(grant).finally(() => inFlight.delete(grant.id));
        inFlight.set(grant.id, renewal);
      }
      return renewal;
    },
  };
}
