/** The gateway with its own login, in front of the lab's provider; vCenter is not needed for any of it. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Behaviour } from '../../lab/identity-provider/behaviour.ts';
import { type IdentityProvider, startIdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { PASSWORD } from '../../lab/identity-provider/people.ts';
import { BASE_URL, startGateway, type TestGateway } from '../support/gateway.ts';
import { createUserAgent, type Page, type UserAgent } from '../support/user-agent.ts';

export { BASE_URL };
export const RESOURCE = `${BASE_URL}/mcp`;
export const CALLBACK = 'http://127.0.0.1:53682/callback';

export interface LoginGateway extends TestGateway {
  readonly provider: IdentityProvider;
  /** Where it listens. */
  readonly origin: string;
  browser(): UserAgent;
  register(metadata?: Record<string, unknown>): Promise<string>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  form(path: string, values: Record<string, string> | [string, string][]): Promise<Response>;
  stop(): Promise<void>;
}

const CLIENT = { client_id: 'mcvsphere', client_secret: 'the secret of the gateway at the provider' };

export async function startLoginGateway(
  env: Record<string, string> = {},
  behaviour: Partial<Behaviour> = {},
): Promise<LoginGateway> {
  const stateDir = await mkdtemp(join(tmpdir(), 'mcvsphere-state-'));
  const provider = await startIdentityProvider({
    clients: [{ ...CLIENT, redirect_uris: [`${env.OAUTH_BASE_URL ?? BASE_URL}/auth/callback`] }],
    behaviour,
  });
  const gateway = await startGateway(
    { url: 'http://127.0.0.1:1/sdk', user: 'nobody', password: 'nothing' },
    {
      OAUTH_ENABLED: 'true',
      OAUTH_ISSUER_URL: provider.issuer,
      OAUTH_BASE_URL: BASE_URL,
      OAUTH_ALLOW_INSECURE: 'true',
      OAUTH_CLIENT_ID: CLIENT.client_id,
      OAUTH_CLIENT_SECRET: CLIENT.client_secret,
      OAUTH_SIGNING_KEY: randomBytes(32).toString('hex'),
      OAUTH_STATE_DIR: stateDir,
      OAUTH_RATE_LIMIT: '0',
      ...env,
    },
  );
  const { origin } = new URL(gateway.url);
  const send = (path: string, init: RequestInit = {}) => fetch(`${origin}${path}`, { redirect: 'manual', ...init });

  return {
    ...gateway,
    provider,
    origin,
    browser: () => createUserAgent({ resolve: { [env.OAUTH_BASE_URL ?? BASE_URL]: origin } }),
    fetch: send,
    form: (path, values) => send(path, { method: 'POST', body: new URLSearchParams(values) }),
    async register(metadata = {}) {
      const answer = await send('/register', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ client_name: 'Test Client', redirect_uris: [CALLBACK], ...metadata }),
      });
      const { client_id } = (await answer.json()) as { client_id: string };
      return client_id;
    },
    async stop() {
      await gateway.close();
      await provider.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

export const VERIFIER = 'a'.repeat(43);

/** A good request for a code; `undefined` takes a parameter away. */
export function authorizeUrl(clientId: string, more: Record<string, string | undefined> = {}): string {
  const all = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: CALLBACK,
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'the state of the client',
    resource: RESOURCE,
    ...more,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${BASE_URL}/authorize?${new URLSearchParams(given)}`;
}

/** Stops in front of the client, where nobody listens. */
export const untilClient = { until: ({ host }: URL) => host === '127.0.0.1:53682' };

/** Allows, logs in, and comes back as far as the redirect to the client. */
export async function logIn(browser: UserAgent, url: string, name = 'reader'): Promise<Page> {
  const allowed = await browser.submit(await browser.open(url), {}, { button: 'allow' });
  const login = await browser.follow(allowed, untilClient);
  return browser.follow(
    await browser.submit(login, { username: name, password: PASSWORD }, { form: 'password' }),
    untilClient,
  );
}

export function parametersOf(page: Page): Record<string, string> {
  if (page.next === undefined) throw new Error(`no redirect from ${page.url.href} (${page.status}): ${page.text}`);
  return Object.fromEntries(page.next.searchParams);
}
