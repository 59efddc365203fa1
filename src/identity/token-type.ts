/**
 * Is this JWT an access token that a bearer may use? A provider signs other things with the same key, for the
 * same person, and some of them with our audience: an ID token is shown to clients, a refresh token lives for
 * months, a logout token names a person who has just left. Taking one for another is the mistake that RFC 8725
 * §2.8 and §3.11 warn of. `typ: at+jwt` (RFC 9068) would settle it, but most providers do not send it yet. So a
 * token must show in some way that it is an access token; to show no sign of anything else is not enough, since
 * a plain ID token (OpenID Connect Core §2) shows none.
 */
export interface JwtParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

const HEADER_TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

export function isBearerAccessToken({ header, claims }: JwtParts): boolean {
  const headerType = header.typ === undefined ? undefined : String(header.typ).toLowerCase();
  if (headerType !== undefined && !HEADER_TYPES.has(headerType)) return false;

  // Bound to a key that the sender must prove to hold (RFC 8705, RFC 9449): of no use to a bearer.
  if (claims.cnf !== undefined) return false;
  // OpenID Connect Back-Channel Logout §2.4, and security events (RFC 8417).
  if (claims.events !== undefined) return false;
  // Keycloak: Bearer, ID, Refresh, Offline, Logout, …
  const declared = claims.typ;
  if (declared !== undefined && !isOneOf(declared, ['bearer', 'at+jwt', 'jwt'])) return false;
  // Amazon Cognito and others: access, id, refresh.
  if (claims.token_use !== undefined && claims.token_use !== 'access') return false;
  // Hashes of what an ID token was sent with (OpenID Connect Core §3.1.3.6, §3.3.2.11).
  if (claims.at_hash !== undefined || claims.c_hash !== undefined || claims.s_hash !== undefined) return false;

  if (headerType?.endsWith('at+jwt') || isOneOf(declared, ['bearer', 'at+jwt']) || claims.token_use === 'access') {
    return true;
  }
  return saysWhatItIsFor(claims) && !looksLikeIdToken(claims);
}

/**
 * Claims of access tokens that no ID token has: what may be done (RFC 8693 §4.2; `scp` of Entra and Okta), and
 * which client holds the token (RFC 8693 §4.3; `cid` of Okta, `appid` and `azpacr` of Entra). `azp` is none of
 * them, since ID tokens have it too. Entra puts `roles` into both: they count where another client than the
 * audience holds the token, as a service does that has roles and no scope.
 */
const ACCESS_CLAIMS = ['scope', 'scp', 'client_id', 'cid', 'appid', 'azpacr', 'appidacr'] as const;

function saysWhatItIsFor(claims: JwtParts['claims']): boolean {
  if (ACCESS_CLAIMS.some((name) => claims[name] !== undefined)) return true;
  return claims.roles !== undefined && claims.azp !== undefined && !audiencesOf(claims).includes(claims.azp);
}

/** `nonce`, or nobody but the client that it was made for as audience, and nothing that it would be a key to. */
function looksLikeIdToken(claims: JwtParts['claims']): boolean {
  const { nonce, azp, scope, scp, azpacr } = claims;
  if (nonce !== undefined) return true;
  const nothingToOpen = scope === undefined && scp === undefined && azpacr === undefined;
  return azp !== undefined && nothingToOpen && audiencesOf(claims).every((one) => one === azp);
}

function audiencesOf({ aud }: JwtParts['claims']): readonly unknown[] {
  return Array.isArray(aud) ? aud : [aud];
}

function isOneOf(value: unknown, words: readonly string[]): boolean {
  return typeof value === 'string' && words.includes(value.toLowerCase());
}
