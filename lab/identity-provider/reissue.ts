/**
 * What oidc-provider answers → what the provider that is played here would have answered.
 *
 * oidc-provider decides whether there is an answer at all; every check of it stays on. Only then are its tokens
 * signed again: with the times of the lab's clock, the groups in the shape that was asked for, and the faults.
 */
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Behaviour, ClaimsPlace } from './behaviour.ts';
import { groupClaims } from './group-shapes.ts';
import type { SigningKeys } from './keys.ts';
import type { People } from './people.ts';

export interface ReissueOptions {
  readonly issuer: string;
  readonly behaviour: Behaviour;
  readonly people: People;
  readonly keys: SigningKeys;
  readonly aheadSeconds: () => number;
  /** A JWT stands for an opaque access token from now on. */
  readonly alias: (jwt: string, opaque: string) => void;
}

const TIMES = ['iat', 'exp', 'nbf', 'auth_time'] as const;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
type Claims = Record<string, unknown>;

export interface Reissue {
  /** Koa middleware around the whole provider. */
  middleware(context: KoaContextWithOIDC, next: () => Promise<void>): Promise<void>;
  /** A token of the provider with the times of the lab's clock. */
  onLabTime(token: string): Promise<string>;
}

export function createReissue(options: ReissueOptions): Reissue {
  const { issuer, behaviour, people, keys, aheadSeconds } = options;

  function groupsFor(sub: unknown, place: ClaimsPlace): Claims {
    const person = typeof sub === 'string' ? people.bySub(sub) : undefined;
    if (person === undefined || !behaviour.groupsIn.includes(place)) return {};
    return groupClaims(person.shape ?? behaviour.groups, person.groups, person.sub);
  }

  function moved(claims: Claims): Claims {
    const seconds = aheadSeconds() + behaviour.skewSeconds;
    const times = TIMES.filter((name) => typeof claims[name] === 'number');
    return { ...claims, ...Object.fromEntries(times.map((name) => [name, (claims[name] as number) + seconds])) };
  }

  async function sign(claims: Claims, typ: string | undefined): Promise<string> {
    return keys.sign(claims, {
      alg: behaviour.signingAlg,
      header: typ === undefined ? {} : { typ },
      unpublished: behaviour.signWith === 'unpublished',
    });
  }

  async function reissueJwt(token: string, added: Claims = {}): Promise<string> {
    return sign({ ...moved(decodeJwt(token)), ...added }, decodeProtectedHeader(token).typ);
  }

  async function accessToken(context: KoaContextWithOIDC, token: string): Promise<string> {
    const { accountId, clientId, scope } = context.oidc.entities.AccessToken ?? {};
    const added = { ...groupsFor(accountId, 'access_token'), ...behaviour.accessTokenClaims };
    if (token.split('.').length === 3) return reissueJwt(token, added);
    if (behaviour.accessTokens === 'opaque') return token;
    const iat = Math.floor(Date.now() / 1000);
    const own = { iss: issuer, sub: accountId, aud: 'account', azp: clientId, scope, jti: crypto.randomUUID() };
    const times = moved({ iat, exp: iat + behaviour.accessTokenSeconds });
    const jwt = await sign({ ...own, ...times, ...added }, 'at+jwt');
    options.alias(jwt, token);
    return jwt;
  }

  async function tokenAnswer(context: KoaContextWithOIDC): Promise<void> {
    const body = context.body as { access_token: string; id_token?: string };
    const refreshed = context.oidc.params?.grant_type === 'refresh_token';
    if (body.id_token !== undefined) {
      if (refreshed && !behaviour.idTokenOnRefresh) delete body.id_token;
      else {
        const groups = groupsFor(decodeJwt(body.id_token).sub, 'id_token');
        body.id_token = await reissueJwt(body.id_token, { ...groups, ...behaviour.idTokenClaims });
      }
    }
    body.access_token = await accessToken(context, body.access_token);
  }

  function authorizationAnswer(context: KoaContextWithOIDC): void {
    const location = context.response.get('location');
    if (!REDIRECTS.has(context.status) || behaviour.issParameter === 'right') return;
    const url = new URL(location, issuer);
    if (url.origin === issuer) return;
    if (behaviour.issParameter === 'absent') url.searchParams.delete('iss');
    else url.searchParams.set('iss', 'https://another.example');
    context.set('location', url.href);
  }

  return {
    onLabTime: (token) => reissueJwt(token),
    async middleware(context, next) {
      const { path } = context;
      if (path === '/auth') askForOfflineAccess(context, behaviour);
      if (behaviour.basicCredentials === 'raw') encodeBasic(context);
      await next();
      const body = context.body;
      if (path.startsWith('/auth')) authorizationAnswer(context);
      if (typeof body !== 'object' || body === null || context.status !== 200) return;
      const claims = body as Claims;
      if (path === '/token') await tokenAnswer(context);
      else if (path === '/me') Object.assign(claims, groupsFor(claims.sub, 'userinfo'), behaviour.userinfoClaims);
      else if (path === '/token/introspection' && claims.active === true) {
        context.body = moved({ ...claims, ...groupsFor(claims.sub, 'introspection') });
      } else if (path === '/.well-known/openid-configuration' && behaviour.issParameter === 'absent') {
        delete claims.authorization_response_iss_parameter_supported;
      }
    },
  };
}

/** oidc-provider drops the scope unless consent is asked for as well (OpenID Connect Core §11); others do not. */
function askForOfflineAccess(context: KoaContextWithOIDC, behaviour: Behaviour): void {
  const url = new URL(context.url, 'http://lab.invalid');
  const scopes = url.searchParams.get('scope')?.split(' ') ?? [];
  if (behaviour.refreshTokens !== 'with_offline_access' || !scopes.includes('offline_access')) return;
  if (url.searchParams.has('prompt')) return;
  url.searchParams.set('prompt', 'consent');
  context.url = `${url.pathname}${url.search}`;
}

/** oidc-provider decodes both parts; encoded first, they come out as they went in. */
function encodeBasic(context: KoaContextWithOIDC): void {
  const encoded = /^Basic (.+)$/i.exec(context.get('authorization'))?.[1];
  if (encoded === undefined) return;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret.join(':'))}`;
  context.req.headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
}
