import type { GroupShape } from './group-shapes.ts';
import type { SigningAlg } from './keys.ts';

export type ClaimsPlace = 'id_token' | 'userinfo' | 'access_token' | 'introspection';

/** What this provider does, where real ones differ. Set its fields at any time; the next answer follows them. */
export interface Behaviour {
  /** How everybody's groups are written; a person may have a shape of their own. */
  groups: GroupShape;
  /** Where groups are written at all. */
  groupsIn: readonly ClaimsPlace[];
  /** Where no `resource` was asked for. A JWT is good at userinfo too; only an opaque one can be introspected. */
  accessTokens: 'jwt' | 'opaque';
  accessTokenSeconds: number;
  /** `with_offline_access`: only where that scope was asked for. */
  refreshTokens: 'always' | 'with_offline_access' | 'never';
  /** A refresh gives a new refresh token, and the old one, when it is used again, ends them all. */
  rotateRefreshTokens: boolean;
  idTokenOnRefresh: boolean;
  /** Added to every time in a token: positive for a provider whose clock is ahead. */
  skewSeconds: number;
  signingAlg: SigningAlg;
  /** `unpublished`: with a key that is not in the key set, under the `kid` of one that is. */
  signWith: 'published' | 'unpublished';
  /** Win over all other claims; `undefined` takes a claim away. `{ aud: 'another' }` is a wrong audience. */
  idTokenClaims: Record<string, unknown>;
  accessTokenClaims: Record<string, unknown>;
  userinfoClaims: Record<string, unknown>;
  /** The `iss` parameter of authorization responses (RFC 9207); `absent` is not advertised either. */
  issParameter: 'right' | 'absent' | 'wrong';
  /** `raw`: an id and secret in `Authorization: Basic` are taken as they stand, against RFC 6749 §2.3.1. */
  basicCredentials: 'decoded' | 'raw';
}

export function plainBehaviour(): Behaviour {
  return {
    groups: 'array',
    groupsIn: ['id_token', 'userinfo', 'access_token', 'introspection'],
    accessTokens: 'jwt',
    accessTokenSeconds: 3600,
    refreshTokens: 'always',
    rotateRefreshTokens: true,
    idTokenOnRefresh: true,
    skewSeconds: 0,
    signingAlg: 'RS256',
    signWith: 'published',
    idTokenClaims: {},
    accessTokenClaims: {},
    userinfoClaims: {},
    issParameter: 'right',
    basicCredentials: 'decoded',
  };
}
