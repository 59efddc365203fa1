/** Gateways as processes of their own, behind one public address, and clients that choose which of them answers. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { PASSWORD } from '../../lab/identity-provider/people.ts';
import { run } from '../login-clients/program.ts';
import { startProviderFor } from '../login-clients/stage.ts';
import { auditRecords, type Recorded } from '../support/audit-file.ts';
import { BASE_URL, vcenterEnv } from '../support/gateway.ts';
import { type GatewayProcess, MAIN, startGatewayProcess } from '../support/gateway-process.ts';
import { type McpAnswer, post } from '../support/mcp.ts';
import { createUserAgent } from '../support/user-agent.ts';

const REDIRECT_URI = 'http://127.0.0.1:41997/callback';
const RESOURCE = `${BASE_URL}/mcp`;

export interface Gateway {
  /** On loopback. */
  readonly origin: string;
  readonly env: Record<string, string>;
  readonly process: GatewayProcess;
  records(): Recorded[];
}

export interface Gateways {
  readonly provider: IdentityProvider;
  readonly all: readonly Gateway[];
  /** Everything that was logged, by all of them. */
  log(): string;
  close(): Promise<void>;
}

/** `env` is shared, `each` is added to it in turn; each has a state folder and a record of its own. */
export async function startGateways(
  count: number,
  env: Record<string, string> = {},
  each: readonly Record<string, string>[] = [],
): Promise<Gateways> {
  const folder = await mkdtemp(join(tmpdir(), 'mcvs-'));
  const { provider, env: login } = await startProviderFor(BASE_URL);
  const all = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Gateway> => {
      const own = {
        // Nobody gets as far as vCenter here.
        ...vcenterEnv({ url: 'https://127.0.0.1:9/sdk', user: 'user', password: 'pass' }),
        ...login,
        OAUTH_STATE_DIR: join(folder, `state-${index}`),
        AUDIT_FILE: join(folder, `audit-${index}.jsonl`),
        LOG_LEVEL: 'info',
        MCP_TRANSPORT: 'streamable-http',
        MCP_PORT: '0',
        ...env,
        ...each[index],
      };
      const process = await startGatewayProcess(own);
      const { origin } = new URL(process.url);
      return { origin, env: own, process, records: () => auditRecords(own.AUDIT_FILE) };
    }),
  );
  return {
    provider,
    all,
    log: () => all.map(({ process }) => process.log()).join(''),
    async close() {
      await Promise.all(all.map(({ process }) => process.end()));
      await provider.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** `mcvsphere sessions …` with the environment of a gateway. */
export function sessions({ env }: Gateway, ...args: string[]) {
  const { PATH = '' } = process.env;
  return run(process.execPath, [MAIN, 'sessions', ...args], { ...env, PATH });
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface Tokens {
  readonly clientId: string;
  readonly access: string;
  readonly refresh: string;
}

/** Which gateway answers at each step. */
export interface Steps {
  readonly register: Gateway;
  readonly ask: Gateway;
  readonly allow: Gateway;
  readonly comeBack: Gateway;
  readonly redeem: Gateway;
}

export function allAt(gateway: Gateway): Steps {
  return { register: gateway, ask: gateway, allow: gateway, comeBack: gateway, redeem: gateway };
}

export function register({ origin }: Gateway): Promise<Response> {
  return fetch(`${origin}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'A client of two gateways', redirect_uris: [REDIRECT_URI] }),
  });
}

/** @param midway while the person is at the provider */
export async function logIn(person: string, steps: Steps, midway: () => void = () => {}): Promise<Tokens> {
  const registered = await register(steps.register);
  const { client_id: clientId } = (await registered.json()) as { client_id: string };
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource: RESOURCE,
  });
  const agent = createUserAgent();
  const answering = ({ origin }: Gateway) => agent.resolve(BASE_URL, origin);
  answering(steps.ask);
  const consent = await agent.open(`${BASE_URL}/authorize?${query}`);
  answering(steps.allow);
  const login = await agent.follow(await agent.submit(consent, {}, { button: 'allow' }));
  answering(steps.comeBack);
  midway();
  const filledIn = await agent.submit(login, { username: person, password: PASSWORD }, { form: 'password' });
  const end = await agent.follow(filledIn, { until: ({ href }) => href.startsWith(REDIRECT_URI) });
  const code = end.next?.searchParams.get('code');
  if (!code) throw new Error(`the login ended at ${end.status} ${end.url}: ${end.text}`);
  const { status, body } = await postForm(steps.redeem, '/token', {
    grant_type: 'authorization_code',
    client_id: clientId,
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
    resource: RESOURCE,
  });
  if (status !== 200) throw new Error(`the code was refused: ${JSON.stringify(body)}`);
  return { clientId, access: String(body.access_token), refresh: String(body.refresh_token) };
}

export function refresh(at: Gateway, { clientId, refresh: token }: Tokens): Promise<Answer> {
  return postForm(at, '/token', {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: token,
    resource: RESOURCE,
  });
}

/** Asks for the tools; 200 for whoever is let in. */
export function enter(at: Gateway, { access }: Tokens): Promise<McpAnswer> {
  return post(`${at.origin}/mcp`, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token: access });
}

async function postForm({ origin }: Gateway, path: string, form: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${origin}${path}`, { method: 'POST', body: new URLSearchParams(form) });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : { text } };
}
