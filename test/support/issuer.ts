/**
 * A real OpenID provider on loopback. Its access tokens are made and signed by the provider itself; what no
 * provider would issue (an unsigned token, one without an audience) is made with the provider's own keys.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWK } from 'jose';
import { Provider } from 'oidc-provider';

export interface MintOptions {
  readonly sub?: string;
  readonly groups?: unknown;
  readonly audience?: string;
  /** Seconds; negative for a token that has expired. */
  readonly expiresIn?: number;
  /** Further claims, which win over all others; `undefined` takes a claim away. */
  readonly claims?: Record<string, unknown>;
  /** Further header parameters. */
  readonly header?: Record<string, unknown>;
  readonly alg?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
  readonly kid?: string;
}

export interface Issuer {
  readonly issuer: string;
  readonly jwksUri: string;
  mint(options?: MintOptions): Promise<string>;
  /** Signs any claims, with any header, with the private key of the provider for `alg`. */
  sign(claims: unknown, header?: Record<string, unknown> & { alg?: string }): Promise<string>;
  /** A token as a service gets it: over HTTP, by its client credentials. */
  clientCredentials(audience: string): Promise<string>;
  /** The public key for RS256 as PEM, which everybody may know. */
  publicKey(): Promise<string>;
  /** New keys from now on; the old ones are no longer published. */
  rotateKeys(): Promise<void>;
  /** How often the key set was asked for. */
  jwksRequests(): number;
  /** Answers everything with this status until told otherwise. */
  answerWith(status: number | undefined): void;
  stop(): Promise<void>;
}

const CLIENT = { client_id: 'service', client_secret: 'a secret of the service' };
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

type AccessToken = InstanceType<Provider['AccessToken']>;
type Overrides = Pick<MintOptions, 'claims' | 'header'>;

export async function startIssuer({
  groups = ['vsphere-readers'],
}: {
  groups?: readonly string[];
} = {}): Promise<Issuer> {
  const overrides = new WeakMap<object, Overrides>();
  let provider: Provider;
  let keys: JWK[];
  let jwksRequests = 0;
  let outage: number | undefined;

  const server = createServer((request, response) => {
    if (request.url === '/jwks') jwksRequests += 1;
    if (outage !== undefined) response.writeHead(outage).end();
    else void provider.callback()(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function rotateKeys(): Promise<void> {
    keys = await generateKeys();
    provider = createProvider(issuer, keys, overrides, groups);
  }
  await rotateKeys();

  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    rotateKeys,
    jwksRequests: () => jwksRequests,
    answerWith(status) {
      outage = status;
    },

    async mint({
      sub = 'alice',
      groups: own = groups,
      audience = 'https://mcp.example.com/mcp',
      alg = 'RS256',
      ...more
    } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const client = await provider.Client.find(CLIENT.client_id);
      const token = new provider.AccessToken({
        client,
        accountId: sub,
        gty: 'authorization_code',
        resourceServer: resourceServer(provider, audience, alg),
        expiresIn: 3600,
      } as unknown as ConstructorParameters<Provider['AccessToken']>[0]);
      overrides.set(token, {
        claims: { groups: own, exp: now + (more.expiresIn ?? 3600), ...more.claims },
        header: { ...(more.kid === undefined ? {} : { kid: more.kid }), ...more.header },
      });
      return (token as AccessToken).save();
    },

    async sign(claims, header = {}) {
      const alg = header.alg ?? 'RS256';
      const jwk = keys.find((key) => key.alg === alg)!;
      return new CompactSign(Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)))
        .setProtectedHeader({ kid: jwk.kid!, ...header, alg })
        .sign(await importJWK(jwk, alg), {
          crit: Object.fromEntries(((header.crit as string[] | undefined) ?? []).map((name) => [name, true])),
        });
    },

    async clientCredentials(audience) {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa(`${CLIENT.client_id}:${encodeURIComponent(CLIENT.client_secret)}`)}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope: 'vsphere' }),
      });
      const body = (await answer.json()) as { access_token?: string };
      if (!body.access_token) throw new Error(`the issuer answered ${answer.status}: ${JSON.stringify(body)}`);
      return body.access_token;
    },

    async publicKey() {
      const { d, p, q, dp, dq, qi, ...open } = keys.find(({ alg }) => alg === 'RS256')!;
      return exportSPKI((await importJWK(open, 'RS256', { extractable: true })) as Parameters<typeof exportSPKI>[0]);
    },

    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function generateKeys(): Promise<JWK[]> {
  return Promise.all(
    ALGORITHMS.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: crypto.randomUUID() };
    }),
  );
}

function createProvider(
  issuer: string,
  keys: JWK[],
  overrides: WeakMap<object, Overrides>,
  groups: readonly string[],
): Provider {
  const provider: Provider = new Provider(issuer, {
    clients: [{ ...CLIENT, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
    jwks: { keys: keys as never },
    scopes: ['openid', 'vsphere'],
    enabledJWA: { idTokenSigningAlgValues: [...ALGORITHMS] },
    cookies: { keys: [crypto.randomUUID()] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'vsphere',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: () => ({ groups }),
    formats: {
      customizers: {
        jwt(_context, token, parts) {
          const { claims, header } = overrides.get(token) ?? {};
          Object.assign(parts.payload, claims);
          if (header !== undefined) parts.header = header;
        },
      },
    },
  });
  return provider;
}

function resourceServer(provider: Provider, audience: string, alg: string) {
  const { ResourceServer } = provider as unknown as {
    ResourceServer: new (identifier: string, data: object) => object;
  };
  return new ResourceServer(audience, { audience, scope: '', accessTokenFormat: 'jwt', jwt: { sign: { alg } } });
}
