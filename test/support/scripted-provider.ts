/**
 * An OpenID provider that answers what a test tells it to, wrong, late and hostile things included, which no real
 * provider can be brought to do. It keeps the parameters of every request.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { Clock } from '../../src/lib/clock.ts';

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Sent as JSON, unless it is a text. */
  readonly body?: unknown;
  /** Never answered at all. */
  readonly hangs?: true;
}

export type Endpoint = 'metadata' | 'jwks' | 'token' | 'userinfo' | 'introspection';

export interface ProviderRequest {
  readonly endpoint: Endpoint;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

export interface ScriptedProvider {
  readonly issuer: string;
  readonly requests: ProviderRequest[];
  /** Added to the metadata. */
  readonly metadata: Record<string, unknown>;
  /** What an endpoint answers from now on. */
  answer(endpoint: Endpoint, with_: Answer | ((request: ProviderRequest) => Answer | Promise<Answer>)): void;
  /** Signed with the provider's key; `undefined` takes a claim away. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown> & { alg?: string }): Promise<string>;
  /** New keys; the old ones are no longer published. */
  rotateKeys(): Promise<void>;
  count(endpoint: Endpoint): number;
  stop(): Promise<void>;
}

export const CLIENT_ID = 'mcvsphere';
const ENDPOINTS = new Map<string, Endpoint>([
  ['/.well-known/openid-configuration', 'metadata'],
  ['/jwks', 'jwks'],
  ['/token', 'token'],
  ['/userinfo', 'userinfo'],
  ['/introspection', 'introspection'],
]);

export async function startScriptedProvider(clock: Pick<Clock, 'now'> = Date): Promise<ScriptedProvider> {
  const answers = new Map<Endpoint, Parameters<ScriptedProvider['answer']>[1]>();
  const requests: ProviderRequest[] = [];
  const metadata: Record<string, unknown> = {};
  let keys = await firstKeys;

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  answers.set('metadata', () => ({
    body: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      ...metadata,
    },
  }));
  answers.set('jwks', () => ({ body: { keys: keys.map(({ publicJwk }) => publicJwk) } }));

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const endpoint = ENDPOINTS.get(request.url ?? '');
    let text = '';
    for await (const chunk of request) text += chunk;
    if (endpoint === undefined) return void response.writeHead(404).end();
    const { authorization } = request.headers;
    const received = { endpoint, form: new URLSearchParams(text), authorization };
    requests.push(received);
    const answer = answers.get(endpoint);
    const {
      status = 200,
      headers,
      body = '',
      hangs,
    } = typeof answer === 'function' ? await answer(received) : (answer ?? { status: 404 });
    if (hangs) return;
    const json = typeof body !== 'string';
    response.writeHead(status, { 'content-type': json ? 'application/json' : 'text/html', ...headers });
    response.end(json ? JSON.stringify(body) : body);
  }

  return {
    issuer,
    requests,
    metadata,
    answer: (endpoint, with_) => void answers.set(endpoint, with_),
    async sign(claims, { alg = 'RS256', ...header } = {}) {
      const now = Math.floor(clock.now() / 1000);
      const { privateKey, publicJwk } = keys.find((key) => key.publicJwk.alg === alg)!;
      return new SignJWT({ iss: issuer, aud: CLIENT_ID, sub: 'alice-id', iat: now, exp: now + 300, ...claims })
        .setProtectedHeader({ alg, kid: publicJwk.kid!, ...header })
        .sign(privateKey);
    },
    async rotateKeys() {
      keys = await generateKeys();
    },
    count: (endpoint) => requests.filter((request) => request.endpoint === endpoint).length,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Made once, since that takes longer than most tests. */
const firstKeys = generateKeys();

async function generateKeys() {
  return Promise.all(
    ['RS256', 'ES256'].map(async (alg) => {
      const { privateKey, publicKey } = await generateKeyPair(alg);
      const publicJwk: JWK = { ...(await exportJWK(publicKey)), alg, use: 'sig', kid: crypto.randomUUID() };
      return { privateKey, publicJwk };
    }),
  );
}
