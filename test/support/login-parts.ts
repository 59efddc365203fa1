import { createHash, randomBytes } from 'node:crypto';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { createAccessTokens } from '../../src/oauth/access-token.ts';
import { createGatewayVerifier } from '../../src/oauth/gateway-verifier.ts';
import { createGrants } from '../../src/oauth/grants.ts';
import { deriveOAuthKeys } from '../../src/oauth/keys.ts';
import { openMemoryStore } from '../../src/oauth/memory-store.ts';
import type { LoginEntry } from '../../src/oauth/recorder.ts';
import { createRefusals } from '../../src/oauth/refusals.ts';
import { createSealing } from '../../src/oauth/sealing.ts';
import type { Store } from '../../src/oauth/store.ts';
import { createTokens } from '../../src/oauth/tokens.ts';
import type { Upstream, UpstreamLogin } from '../../src/oauth/upstream.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

const ISSUER = 'https://mcp.example.com';
export const RESOURCE = 'https://mcp.example.com/mcp';
export const CLIENT = { id: 'client-1', name: 'Test client' };
const REDIRECT_URI = 'http://127.0.0.1/callback';
export const SIGNING_KEY = new Secret('0f8fad5bd9cb469fa16570867728950e0f8fad5bd9cb469fa16570867728950e');

export function alice(more: Partial<UpstreamLogin> = {}): UpstreamLogin {
  return {
    user: 'alice',
    sub: 'a-1',
    iss: 'https://login.example.com',
    sid: 'upstream-session',
    groups: ['vsphere-readers'],
    refreshToken: new Secret('upstream-refresh-0'),
    ...more,
  };
}

interface Options {
  readonly clock?: ManualClock;
  readonly store?: Store;
  readonly keys?: Secret;
  readonly refresh?: Upstream['refresh'];
}

/** Grants and tokens as the gateway wires them, with the provider's answer to a refresh in the test's hand. */
export async function loginParts(options: Options = {}) {
  const clock = options.clock ?? manualClock();
  const logger = createLogger('silent');
  const keys = deriveOAuthKeys(options.keys ?? SIGNING_KEY);
  const store = options.store ?? (await openMemoryStore({ clock, logger }));
  const entries: LoginEntry[] = [];
  const upstream = { refresh: options.refresh ?? (async () => alice()) };
  const recorder = {
    failing: false,
    async record(entry: LoginEntry) {
      if (this.failing) throw new Error('the audit file is full');
      entries.push(entry);
    },
  };
  const refusals = createRefusals({ recorder, clock, logger });
  const limits = {
    groupsMaxAgeSeconds: 300,
    groupsMaxStaleSeconds: 900,
    sessionMaxSeconds: 43_200,
    tokenTtlSeconds: 3_600,
  };
  const sealing = createSealing({ keys: keys.sealing, clock });
  const grants = createGrants({ ...limits, store, sealing, upstream, recorder, clock, logger });
  const accessTokens = createAccessTokens({ issuer: ISSUER, keys, clock });
  const tokens = createTokens({ store, grants, accessTokens, recorder, clock, tokenTtlSeconds: 3_600 });
  const verifier = createGatewayVerifier({ accessTokens, grants, audience: RESOURCE, clock });

  /** A person logged in: their grant, and a code with what redeems it. */
  async function login(who: UpstreamLogin = alice()) {
    const grant = await grants.create(who, CLIENT);
    const codeVerifier = randomBytes(32).toString('base64url');
    const code = await tokens.issueCode({
      grantId: grant.id,
      clientId: CLIENT.id,
      redirectUri: REDIRECT_URI,
      codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url'),
      resource: RESOURCE,
    });
    return { grant, code, request: { clientId: CLIENT.id, redirectUri: REDIRECT_URI, codeVerifier } };
  }

  /** The same, with tokens. */
  async function session(who?: UpstreamLogin) {
    const { grant, code, request } = await login(who);
    return { grant, code, request, set: await tokens.redeemCode(code, request) };
  }

  return {
    clock,
    logger,
    keys,
    store,
    sealing,
    entries,
    recorder,
    refusals,
    upstream,
    grants,
    accessTokens,
    tokens,
    verifier,
    login,
    session,
  };
}

/** What became of it, for tests that count. */
export async function outcomes<T>(attempts: readonly Promise<T>[]) {
  const settled = await Promise.allSettled(attempts);
  return {
    won: settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    reasons: settled.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.reason)] : [])),
  };
}
