/**
 * A token that this gateway gave → the person, as their grant stands now. The signature of a token does not change and
 * is checked once; the grant is looked up on every request, and with it go revocation, the end of the session and the
 * groups.
 */
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { TokenError, type TokenSubject } from '../identity/errors.ts';
import type { TokenVerifier } from '../identity/jwt-verifier.ts';
import { type Principal, principal } from '../identity/principal.ts';
import type { Clock } from '../lib/clock.ts';
import type { AccessTokenClaims, AccessTokens } from './access-token.ts';
import type { Grant, Grants } from './grants.ts';

const MOST_KNOWN = 1_000;
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const LARGEST = 16 * 1024;

interface GatewayVerifierOptions {
  readonly accessTokens: AccessTokens;
  readonly grants: Pick<Grants, 'current'>;
  /** The one that tokens for this gateway have, letter for letter. */
  readonly audience: string;
  readonly clock: Clock;
}

export function createGatewayVerifier(options: GatewayVerifierOptions): TokenVerifier {
  const { accessTokens, grants, audience, clock } = options;
  /** By the token's hash; what was used longest ago comes first. */
  const known = new Map<string, AccessTokenClaims>();

  async function claimsOf(token: string): Promise<AccessTokenClaims> {
    const key = createHash('sha256').update(token).digest('base64');
    const claims = known.get(key) ?? (await accessTokens.verify(token));
    known.delete(key);
    if (clock.now() >= claims.expiresAt * 1000) throw new TokenError('expired', { about: subjectOf(claims) });
    if (claims.audience !== audience) throw new TokenError('audience', { about: subjectOf(claims) });
    known.set(key, claims);
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value!);
    return claims;
  }

  return {
    async verify(token) {
      if (token.length > LARGEST || !SHAPE.test(token)) throw new TokenError('malformed');
      const claims = await claimsOf(token);
      const grant = await grants.current(claims.sid).catch((cause: unknown) => {
        throw new TokenError('session_unavailable', { cause, about: subjectOf(claims) });
      });
      if (grant === undefined) throw new TokenError('session_ended', { about: subjectOf(claims) });
      if (grant.sub !== claims.sub || grant.client.id !== claims.clientId) throw new TokenError('malformed');
      return principalOf(grant, claims);
    },
    // They came with the start. Whether sessions can be looked up is asked for by itself.
    ready: async () => true,
  };
}

function subjectOf({ sub, sid, clientId }: AccessTokenClaims): TokenSubject {
  return { sub, sid, clientId };
}

interface Verifiers {
  /** What the gateway's own tokens carry as `iss`. */
  readonly issuer: string;
  readonly own: TokenVerifier;
  /** For tokens that the company's provider made for this gateway; absent where none are taken. */
  readonly direct?: TokenVerifier;
}

/** The issuer that a token claims decides only who checks it; the one who does asks for it again, signed. */
export function chooseVerifier({ issuer, own, direct }: Verifiers): TokenVerifier {
  if (direct === undefined) return own;
  return {
    verify: (token) => (issuerOf(token) === issuer ? own : direct).verify(token),
    async ready() {
      const [first, second] = await Promise.all([own.ready(), direct.ready()]);
      return first && second;
    },
  };
}

function issuerOf(token: string): string | undefined {
  if (token.length > LARGEST) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function principalOf(grant: Grant, { expiresAt }: AccessTokenClaims): Principal {
  const { id, user, sub, iss, groups, groupsProblem, client } = grant;
  return principal({
    user,
    sub,
    iss,
    groups,
    clientId: client.id,
    sid: id,
    expiresAt,
    ...(groupsProblem === undefined ? {} : { groupsProblem }),
  });
}
