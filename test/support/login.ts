/** The gateway with its login on, the lab's provider behind it and a simulated vCenter: what the login's tests share. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Behaviour } from '../../lab/identity-provider/behaviour.ts';
import { type IdentityProvider, startIdentityProvider } from '../../lab/identity-provider/identity-provider.ts';
import { startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { readLocalFile } from '../../src/config/files.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { auditRecords, type Recorded } from './audit-file.ts';
import { AUDIT_KEY, BASE_URL, vcenterEnv } from './gateway.ts';
import { type McpAnswer, post } from './mcp.ts';
import { createUserAgent, type Page, type UserAgent } from './user-agent.ts';
import type { Vcsim } from './vcsim.ts';

export { BASE_URL };
export const RESOURCE = `${BASE_URL}/mcp`;
const CLIENT_SECRET = 'the secret of the gateway at the provider';
export const UPSTREAM_CLIENT = 'mcvsphere';
const CALLBACK = `${BASE_URL}/auth/callback`;
/** Where the tests' own clients would listen; nothing is there, since the address itself is the answer. */
export const REDIRECT_URI = 'http://127.0.0.1:41999/callback';

/** Runs on as time does, and can be moved ahead. */
export interface MovableClock extends Clock {
  advance(ms: number): void;
}

function movableClock(): MovableClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
    advance(ms) {
      ahead += ms;
    },
  };
}

export interface LoginLab {
  /** On loopback, another one after a restart; whatever names BASE_URL is reached there. */
  readonly origin: string;
  readonly mcp: string;
  readonly provider: IdentityProvider;
  readonly clock: MovableClock;
  /** Tokens, codes, cookies and secrets that a test has held, for the search in records and logs. */
  readonly seen: Set<string>;
  browser(): UserAgent;
  readonly auditFile: string;
  records(): Recorded[];
  log(): string;
  /** Stops the gateway and starts it again over the same files, with other options where some are given. */
  restart(env?: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
}

type Server = Pick<Vcsim, 'url' | 'user' | 'password'>;

/** An address where nothing listens: for tests that never get as far as vCenter. */
export const NO_VCENTER: Server = { url: 'https://127.0.0.1:9/sdk', user: 'user', password: 'pass' };

export interface LoginLabOptions {
  readonly vcenter?: Server;
  readonly env?: Record<string, string>;
  readonly behaviour?: Partial<Behaviour>;
}

export async function startLoginLab({ vcenter = NO_VCENTER, env, behaviour }: LoginLabOptions = {}): Promise<LoginLab> {
  const clock = movableClock();
  const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-login-'));
  const provider = await startIdentityProvider({
    clock,
    ...(behaviour === undefined ? {} : { behaviour }),
    clients: [
      {
        client_id: UPSTREAM_CLIENT,
        client_secret: CLIENT_SECRET,
        redirect_uris: [CALLBACK],
        backchannel_logout_uri: `${BASE_URL}/auth/backchannel-logout`,
      },
    ],
  });
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const auditFile = join(folder, 'audit.jsonl');

  async function start(changes?: Record<string, string>) {
    const environment = {
      ...vcenterEnv(vcenter),
      MCP_TRANSPORT: 'streamable-http',
      MCP_PORT: '0',
      OAUTH_ENABLED: 'true',
      OAUTH_ISSUER_URL: provider.issuer,
      OAUTH_BASE_URL: BASE_URL,
      OAUTH_ALLOW_INSECURE: 'true',
      OAUTH_CLIENT_ID: UPSTREAM_CLIENT,
      OAUTH_CLIENT_SECRET: CLIENT_SECRET,
      OAUTH_STATE_DIR: folder,
      OAUTH_RATE_LIMIT: '0',
      AUDIT_FILE: auditFile,
      AUDIT_KEY,
      ...env,
      ...changes,
    };
    const loaded = loadConfig(environment, readLocalFile);
    if (!loaded.ok) throw new Error(`bad test configuration: ${JSON.stringify(loaded.problems)}`);
    const app = await startApp({ config: loaded.config, logger, clock });
    const mcp = app.url ?? '';
    const { origin } = new URL(mcp);
    provider.resolve(BASE_URL, origin);
    return { mcp, origin, app };
  }

  let running = await start();
  const seen = new Set<string>([CLIENT_SECRET]);
  return {
    get origin() {
      return running.origin;
    },
    get mcp() {
      return running.mcp;
    },
    provider,
    clock,
    seen,
    // By the machine's clock: a browser that keeps its cookies for too long is the harder case.
    browser: () => createUserAgent({ resolve: { [BASE_URL]: running.origin } }),
    auditFile,
    records: () => auditRecords(auditFile),
    log: () => lines.join(''),
    async restart(changes) {
      await running.app.close();
      running = await start(changes);
    },
    async stop() {
      await running.app.close();
      await provider.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Records of the login alone. */
export function loginRecords(lab: LoginLab): Recorded[] {
  const events = ['LOGIN', 'CONSENT', 'TOKEN_REFRESH', 'TOKEN_REUSE', 'REVOKED'];
  return lab.records().filter(({ event }) => events.includes(event));
}

export interface OAuthAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface TokenSet {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

/** What a client sends; a list sends a parameter more than once, `undefined` leaves it out. */
export type Parameters = Record<string, string | readonly string[] | undefined>;

/** A request for a code that is under way: what the client keeps meanwhile. */
export interface Begun {
  readonly url: string;
  readonly verifier: string;
  readonly state: string;
}

/** A public MCP client, as far as a test wants to send something odd. */
export interface Client {
  readonly id: string;
  readonly redirectUri: string;
  begin(changes?: Parameters): Begun;
  /** For the address that the browser was sent to. */
  redeem(redirect: string | URL, begun: Begun, changes?: Parameters): Promise<OAuthAnswer>;
  refresh(refreshToken: string, changes?: Parameters): Promise<OAuthAnswer>;
  revoke(token: string): Promise<OAuthAnswer>;
}

export async function register(lab: LoginLab, metadata: Record<string, unknown> = {}): Promise<OAuthAnswer> {
  return answerOf(
    await fetch(`${lab.origin}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'A test client', redirect_uris: [REDIRECT_URI], ...metadata }),
    }),
  );
}

export async function newClient(lab: LoginLab, metadata: Record<string, unknown> = {}): Promise<Client> {
  const { status, body } = await register(lab, metadata);
  if (status !== 201) throw new Error(`the registration was refused: ${JSON.stringify(body)}`);
  return clientOf(lab, String(body.client_id), (body.redirect_uris as string[])[0]!);
}

export function clientOf(lab: LoginLab, id: string, redirectUri = REDIRECT_URI): Client {
  const send = (path: string, parameters: Parameters) => postForm(lab, path, parameters);
  return {
    id,
    redirectUri,
    begin(changes) {
      const verifier = randomBytes(32).toString('base64url');
      const state = randomBytes(16).toString('base64url');
      const query = formOf({
        response_type: 'code',
        client_id: id,
        redirect_uri: redirectUri,
        code_challenge: challengeOf(verifier),
        code_challenge_method: 'S256',
        resource: RESOURCE,
        state,
        ...changes,
      });
      lab.seen.add(verifier);
      return { url: `${BASE_URL}/authorize?${query}`, verifier, state };
    },
    redeem(redirect, { verifier }, changes) {
      const code = new URL(redirect).searchParams.get('code') ?? undefined;
      if (code !== undefined) lab.seen.add(code);
      return send('/token', {
        grant_type: 'authorization_code',
        client_id: id,
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
        resource: RESOURCE,
        ...changes,
      });
    },
    refresh: (refresh_token, changes) =>
      send('/token', { grant_type: 'refresh_token', client_id: id, refresh_token, resource: RESOURCE, ...changes }),
    revoke: (token) => send('/revoke', { token, client_id: id }),
  };
}

export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

export async function postForm(lab: LoginLab, path: string, parameters: Parameters): Promise<OAuthAnswer> {
  const answer = await answerOf(await fetch(`${lab.origin}${path}`, { method: 'POST', body: formOf(parameters) }));
  for (const name of ['access_token', 'refresh_token']) {
    const token = answer.body[name];
    if (typeof token === 'string') lab.seen.add(token);
  }
  return answer;
}

function formOf(parameters: Parameters): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of values === undefined ? [] : [values].flat()) form.append(name, value as string);
  }
  return form;
}

async function answerOf(response: Response): Promise<OAuthAnswer> {
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : {} };
}

/** Whether an address is one of the client's: the gateway and the provider are the only other places. */
export function isOutside(lab: LoginLab) {
  return ({ origin }: URL): boolean => origin !== BASE_URL && origin !== lab.provider.issuer;
}

/** From the consent page on: allows the access, and stops at the provider's login page, or further where it knows him. */
export async function allow(lab: LoginLab, browser: UserAgent, consent: Page): Promise<Page> {
  return browser.follow(await browser.submit(consent, {}, { button: 'allow' }), { until: isOutside(lab) });
}

/** Fills in the provider's login page where that is what `page` is, and follows on. */
export async function enterPassword(lab: LoginLab, browser: UserAgent, page: Page, username: string): Promise<Page> {
  if (!page.forms.some(({ fields }) => fields.some(({ name }) => name === 'password'))) return page;
  const sent = await browser.submit(page, { username, password: 'lab' }, { form: 'password', button: 'login' });
  return browser.follow(sent, { until: isOutside(lab) });
}

/** From a request for a code to where the browser ends: on a page, or before an address of the client (`next`). */
export async function walk(lab: LoginLab, browser: UserAgent, url: string | URL, username: string): Promise<Page> {
  return enterPassword(lab, browser, await allow(lab, browser, await browser.open(url)), username);
}

/** The same without the last step: `next` is the gateway's callback. */
export async function walkToCallback(browser: UserAgent, url: string, username: string): Promise<Page> {
  const until = (next: URL) => next.pathname === '/auth/callback';
  const page = await browser.follow(await browser.submit(await browser.open(url), {}, { button: 'allow' }), { until });
  if (page.next !== undefined) return page;
  const sent = await browser.submit(page, { username, password: 'lab' }, { form: 'password', button: 'login' });
  return browser.follow(sent, { until });
}

export interface LoggedIn {
  readonly client: Client;
  readonly browser: UserAgent;
  readonly tokens: TokenSet;
}

export async function logIn(
  lab: LoginLab,
  user: string,
  { client, browser = lab.browser() }: { client?: Client; browser?: UserAgent } = {},
): Promise<LoggedIn> {
  const as = client ?? (await newClient(lab));
  const begun = as.begin();
  const end = await walk(lab, browser, begun.url, user);
  if (end.next === undefined) throw new Error(`the login ended at ${end.status} ${end.url.href}: ${end.text}`);
  const { status, body } = await as.redeem(end.next, begun);
  if (status !== 200) throw new Error(`the code was refused: ${JSON.stringify(body)}`);
  return { client: as, browser, tokens: body as unknown as TokenSet };
}

/** The names of the tools that a token opens, or the status that refuses it. */
export async function toolsOf(lab: LoginLab, token: string): Promise<readonly string[] | number> {
  const answer = await askForTools(lab, token);
  if (answer.status !== 200) return answer.status;
  const { tools = [] } = (answer.messages[0]?.result ?? {}) as { tools?: { name: string }[] };
  return tools.map(({ name }) => name);
}

export function askForTools(lab: LoginLab, token: string): Promise<McpAnswer> {
  return post(lab.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
}

/** The claims of a JWT, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/** The number that a page tells its reader. */
export function requestIdOf({ text }: Page): string {
  const id = /Request ([0-9a-f-]{36})/.exec(text)?.[1];
  if (id === undefined) throw new Error(`the page names no request: ${text}`);
  return id;
}
