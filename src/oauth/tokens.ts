/**
 * What a client gets and brings back: codes, access tokens, refresh tokens. Each belongs to a grant, and none is worth
 * more than it: once the grant is gone, they are words.
 */
import type { Clock } from '../lib/clock.ts';
import type { AccessTokens } from './access-token.ts';
import { findCode, invalid, issueCode, mismatch } from './code.ts';
import type { Grant, Grants } from './grants.ts';
import { createLogouts } from './logouts.ts';
import { OAuthError } from './oauth-error.ts';
import type { LoginEntry, Origin, Recorder } from './recorder.ts';
import { isOfFamily, newFamily, parseRefreshToken, type RefreshFamily, rotate, standingOf } from './refresh-family.ts';
import type { Store } from './store.ts';

export interface CodeBinding {
  readonly grantId: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** S256 (RFC 7636 §4.2). */
  readonly codeChallenge: string;
  readonly resource: string;
}

export interface CodeRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  readonly resource?: string;
  readonly origin?: Origin;
}

export interface RefreshRequest {
  readonly clientId: string;
  readonly resource?: string;
  readonly scope?: string;
  readonly origin?: Origin;
}

/** RFC 6749 §5.1 */
export interface TokenSet {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly scope: string;
}

/** All reject with OAuthError for what the client did, and with a GatewayError `UNAVAILABLE` for what it did not. */
export interface Tokens {
  /** Opaque, good for 60 seconds and one use. */
  issueCode(binding: CodeBinding): Promise<string>;
  /** Whoever comes second ends the grant. */
  redeemCode(code: string, request: CodeRequest): Promise<TokenSet>;
  /** Rotates. The same token again gives the same successor for 10 seconds, and later ends the grant. */
  refresh(refreshToken: string, request: RefreshRequest): Promise<TokenSet>;
  /** RFC 7009: ends the grant of an access or refresh token of this client; silent for anything else. */
  revoke(token: string, clientId: string, origin?: Origin): Promise<void>;
}

/** There is one; what a person may do is decided by groups. */
export const SCOPE = 'mcp';

interface TokensOptions {
  readonly store: Store;
  readonly grants: Grants;
  readonly accessTokens: AccessTokens;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly tokenTtlSeconds: number;
}

export function createTokens({ store, grants, accessTokens, recorder, clock, tokenTtlSeconds }: TokensOptions): Tokens {
  const logouts = createLogouts(store, clock);

  /** Once more than at its creation: of a logout that could not end it, or not yet. */
  async function grantOfCode(id: string, origin: Origin | undefined): Promise<Grant | undefined> {
    const grant = await grants.current(id);
    if (grant === undefined) return undefined;
    const { iss, sub, upstreamSid: sid, createdAt } = grant;
    const login = { iss, sub, ...(sid === undefined ? {} : { sid }) };
    if (!(await logouts.haveEnded(login, createdAt))) return grant;
    await grants.end(id, 'logout_at_provider', origin);
    return undefined;
  }

  async function tokenSet(grant: Grant, resource: string, refreshToken?: string): Promise<TokenSet> {
    const now = Math.floor(clock.now() / 1000);
    const expiresAt = Math.min(now + tokenTtlSeconds, Math.floor(grant.endsAt / 1000));
    return {
      access_token: await accessTokens.sign({ grant, resource, scope: SCOPE, expiresAt }),
      token_type: 'Bearer',
      expires_in: expiresAt - now,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      scope: SCOPE,
    };
  }

  /** The grant is ended first: that must not wait for a record. */
  async function endForReuse(grantId: string, reason: string, origin: Origin | undefined): Promise<void> {
    const ended = await grants.end(grantId, reason, origin);
    if (ended !== undefined) await recorder.record({ event: 'TOKEN_REUSE', ...entryOf(ended, origin), reason });
  }

  async function startFamily(grant: Grant, { clientId, resource }: CodeBinding): Promise<string | undefined> {
    // Its access token lives as long as the grant does: there is nothing to refresh.
    if (grant.upstreamRefresh === undefined) return undefined;
    const { token, familyKey, family } = newFamily({ grantId: grant.id, clientId, resource });
    await store.set(familyKey, JSON.stringify(family), secondsLeft(grant));
    return token;
  }

  function secondsLeft({ endsAt }: Grant): number {
    return Math.max(1, (endsAt - clock.now()) / 1000);
  }

  async function grantOf({ grantId, clientId }: RefreshFamily, familyKey: string, origin?: Origin): Promise<Grant> {
    const grant = await grants.current(grantId);
    if (grant !== undefined) return grant;
    await store.delete(familyKey);
    await recorder.record({
      event: 'TOKEN_REFRESH',
      sid: grantId,
      client_id: clientId,
      ...causeOf(origin),
      error: 'The session has ended.',
      error_code: 'invalid_grant',
      reason: 'session_ended',
    });
    throw invalid('session_ended');
  }

  return {
    issueCode: (binding) => issueCode(store, clock, binding),

    async redeemCode(code, request) {
      const found = await findCode(store, clock, code);
      if (found === undefined) throw invalid('unknown_code');
      const { grantId } = found.code.binding;
      // Ahead of the use: those who lose the race for the code end the grant, and the winner is answered all the same.
      const grant = found.code.used ? undefined : await grantOfCode(grantId, request.origin);
      if (found.code.used || !(await found.use(grant === undefined ? 1 : secondsLeft(grant)))) {
        await endForReuse(grantId, 'code_reused', request.origin);
        throw invalid('code_reused');
      }
      if (grant === undefined) throw invalid('session_ended', grantId);
      const { binding } = found.code;
      const wrong = mismatch(binding, request);
      if (wrong !== undefined) {
        // The code is used up and nobody will have tokens of this grant.
        await grants.end(grantId, wrong.reason, request.origin);
        throw wrong;
      }
      return tokenSet(grant, binding.resource, await startFamily(grant, binding));
    },

    async refresh(refreshToken, request) {
      const presented = parseRefreshToken(refreshToken);
      // Again where a parallel refresh was faster: then the token is no longer the current one.
      for (let round = 0; presented !== undefined && round < 3; round += 1) {
        const text = await store.get(presented.familyKey);
        if (text === undefined) break;
        const family = JSON.parse(text) as RefreshFamily;
        checkRequest(family, request);
        const now = clock.now();
        const standing = standingOf(presented, family, now);
        if (standing === 'reused') {
          await endForReuse(family.grantId, 'refresh_token_reused', request.origin);
          await store.delete(presented.familyKey);
          throw invalid('refresh_token_reused');
        }
        const grant = await grantOf(family, presented.familyKey, request.origin);
        const success = { event: 'TOKEN_REFRESH', ...entryOf(grant, request.origin), result: 'success' } as const;
        if (standing !== 'current') {
          await recorder.record({ ...success, reason: 'parallel_refresh' });
          return tokenSet(grant, family.resource, standing.successor);
        }
        // What cannot be recorded does not happen.
        if (round === 0) await recorder.record(success);
        const next = rotate(presented, family, now);
        if (await store.compareAndSet(presented.familyKey, text, JSON.stringify(next.family), secondsLeft(grant))) {
          return tokenSet(grant, family.resource, next.successor);
        }
      }
      throw invalid('unknown_refresh_token');
    },

    async revoke(token, clientId, origin) {
      const presented = parseRefreshToken(token);
      if (presented !== undefined) {
        const text = await store.get(presented.familyKey);
        const family = text === undefined ? undefined : (JSON.parse(text) as RefreshFamily);
        if (family?.clientId !== clientId || !isOfFamily(presented, family)) return;
        await grants.end(family.grantId, 'client', origin);
        await store.delete(presented.familyKey);
        return;
      }
      // One that has expired, or was never ours, is as good as revoked (RFC 7009 §2.2).
      const claims = await accessTokens.verify(token).catch(() => undefined);
      if (claims?.clientId === clientId) await grants.end(claims.sid, 'client', origin);
    },
  };
}

function checkRequest(family: RefreshFamily, { clientId, resource, scope }: RefreshRequest): void {
  if (clientId !== family.clientId) throw invalid('client_mismatch', family.grantId);
  if (resource !== undefined && resource !== family.resource) {
    throw new OAuthError('invalid_target', 'The refresh token was not given for this resource.', {
      reason: 'resource',
      sid: family.grantId,
    });
  }
  if (scope?.split(' ').some((one) => one !== '' && one !== SCOPE)) {
    throw new OAuthError('invalid_scope', `There is one scope here: ${SCOPE}.`, { reason: 'scope' });
  }
}

function entryOf({ id, user, sub, iss, client }: Grant, origin: Origin | undefined): Omit<LoginEntry, 'event'> {
  return { user, sub, iss, client_id: client.id, sid: id, ...causeOf(origin) };
}

function causeOf({ requestId, sourceAddress }: Origin = {}): Pick<LoginEntry, 'request_id' | 'src_ip'> {
  return {
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(sourceAddress === undefined ? {} : { src_ip: sourceAddress }),
  };
}
